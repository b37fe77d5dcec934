//! Pickles that lie.

use crate::attack::{Pickle, read};
use crate::{checkpoint, config_of, refused, refuses, says, with_config};
use cpu1::checkpoint::{Error, Value};

/// Whether a config was cut where it grew beyond measure.
fn is_cut(value: &Value) -> bool {
    match value {
        Value::List(list) => list.iter().any(is_cut),
        Value::Dict(entries) => entries.iter().any(|(key, value)| is_cut(key) || is_cut(value)),
        Value::Opaque(name) => name.starts_with("a "),
        _ => false,
    }
}

#[test]
fn unknown_globals_are_never_called() {
    let marker = std::env::temp_dir().join("cpu1-hostile-was-executed");
    let command = format!("touch {}", marker.display());
    let system = Pickle::new().op(b"cposix\nsystem\n").text(&command).op(b"\x85R");
    assert_eq!(config_of(&with_config(&system)), Ok(Value::Opaque("posix.system".into())));
    assert!(!marker.exists());
    // In a tensor's place it is no tensor; as a tensor's function neither.
    let pickle = Pickle::new().op(b"}").text("w").op(&system.0[2..]).op(b"s");
    refuses(&checkpoint(&pickle), Error::NoTensors);
    let typed = Pickle::new()
        .op(b"ctorch._tensor\n_rebuild_from_type_v2\n(cposix\nsystem\nctorch\nTensor\n")
        .text(&command)
        .op(b"\x85}tR");
    says(&with_config(&typed), "was expected");
    let evil = Pickle::new().text("os\u{1b}]0;x\u{7}").text("system").op(b"\x93");
    assert!(config_of(&with_config(&evil)).is_ok());
    // A storage of a foreign class.
    let pickle = Pickle::new().op(b"(").text("storage").op(b"cposix\nFloatStorage\n").text("0");
    let pickle = pickle.text("cpu").int(4).op(b"tQ");
    says(&checkpoint(&pickle), "a storage was expected");
}

#[test]
fn billion_laughs_by_memo() {
    // [[…], […], …] ten times over, 40 levels deep; the same with tuples and dicts.
    for (empty, close) in [(&b"]"[..], &b"e"[..]), (b"", b"t"), (b"}", b"u")] {
        for config in [true, false] {
            let mut pickle = Pickle::new().text("lol").op(b"q\x000");
            for level in 0..40_u8 {
                pickle = pickle.op(empty).op(b"(");
                for _ in 0..10 {
                    pickle = pickle.op(&[b'h', level]);
                }
                pickle = pickle.op(close).op(&[b'q', level + 1]).op(b"0");
            }
            pickle = pickle.op(b"h\x28");
            if config {
                assert!(is_cut(&config_of(&with_config(&pickle)).unwrap()));
            } else {
                let root = Pickle::one_vector().text("more");
                let root = root.op(&pickle.0[2..]).op(b"s");
                assert_eq!(read(&checkpoint(&root)).unwrap().1.len(), 1);
            }
        }
    }
}

#[test]
fn a_tensor_behind_a_billion_paths() {
    let mut pickle = Pickle::one_vector().op(b"q\x000");
    for level in 0..30_u8 {
        pickle = pickle.op(b"](").op(&[b'h', level, b'h', level]).op(b"eq").op(&[level + 1, b'0']);
    }
    let (contents, tensors) = read(&checkpoint(&pickle.op(b"h\x1e"))).unwrap();
    assert_eq!((contents.tensors.len(), tensors.len()), (1, 1));
}

#[test]
fn one_long_text_repeated() {
    let long = "x".repeat(100_000);
    let once = Pickle::new().text(&long).op(b"q\x000](");
    let refs: Vec<u8> = b"h\x00".repeat(50_000);
    assert!(is_cut(&config_of(&with_config(&once.op(&refs).op(b"e"))).unwrap()));
    // As keys of tensors and of dicts, where a name is made from it.
    let pickle = Pickle::new().text(&long).op(b"q\x000").vector().op(b"q\x010}(");
    says(&checkpoint(&pickle.op(&b"h\x00h\x01".repeat(50_000)).op(b"u")), "absurdly long name");
    let pickle = Pickle::new().text(&long).op(b"q\x000}(").text("w").vector();
    let file = checkpoint(&pickle.op(&b"h\x00]".repeat(50_000)).op(b"u"));
    assert_eq!(read(&file).unwrap().1.len(), 1);
}

#[test]
fn one_large_dict_referred_to_everywhere() {
    // Looking into it at each of its places would take 10^10 steps.
    let mut pickle = Pickle::new().op(b"}q\x00(");
    for index in 0..100_000_u32 {
        pickle = pickle.int32(index).op(b"N");
    }
    pickle = pickle.op(b"u0}(").text("w").vector();
    for index in 0..100_000_u32 {
        pickle = pickle.int32(index).op(b"h\x00");
    }
    assert_eq!(read(&checkpoint(&pickle.op(b"u"))).unwrap().1.len(), 1);
    // Making a new dict or list from it each time would take as much memory.
    for maker in ["collections\nOrderedDict", "torch\nSize", "builtins\nlist"] {
        let mut pickle = Pickle::new().op(b"](");
        pickle = pickle.op(&b"NN\x86".repeat(100_000)).op(b"e\x85q\x000");
        pickle = pickle.op(format!("c{maker}\nq\x010](").as_bytes());
        pickle = pickle.op(&b"h\x01h\x00R".repeat(100_000)).op(b"e");
        says(&with_config(&pickle), "far more values");
    }
}

#[test]
fn nesting_without_end() {
    for depth in [100, 200_000] {
        let nested = Pickle::new().op(&b"]".repeat(depth)).op(&b"a".repeat(depth - 1));
        assert!(is_cut(&config_of(&with_config(&nested)).unwrap()));
        let nested = Pickle::new().op(&b"]".repeat(depth)).vector().op(&b"a".repeat(depth));
        refuses(&checkpoint(&nested), Error::TooDeep);
    }
    // A list inside itself.
    let circle = Pickle::new().op(b"]q\x00h\x00a");
    assert!(is_cut(&config_of(&with_config(&circle)).unwrap()));
    refuses(&checkpoint(&circle), Error::NoTensors);
    // A state dict inside itself.
    let circle = Pickle::new().op(b"}q\x00").text("w").vector().op(b"s").text("me").op(b"h\x00s");
    assert_eq!(read(&checkpoint(&circle)).unwrap().1.len(), 1);
}

#[test]
fn floods_of_small_values() {
    for flood in [&b"N"[..], b"(", b"]", b"}", b")", b"K\x01", b"N\x94", b"(t", b"]h\x00a"] {
        let pickle = Pickle::new().op(b"Nq\x000").op(&flood.repeat(3_000_000 / flood.len()));
        let error = read(&checkpoint(&pickle.clone())).unwrap_err();
        assert!(
            matches!(error, Error::TooMuch(_) | Error::NoTensors | Error::Pickle { .. }),
            "{flood:?}: {error}"
        );
    }
    let mut pickle = Pickle::new().vector().op(b"q\x000}(");
    for index in 0..20_000_u32 {
        pickle = pickle.int32(index).op(b"h\x00");
    }
    says(&checkpoint(&pickle.op(b"u")), "far more tensors");
}

#[test]
fn lengths_beyond_the_pickle() {
    let floods: [&[u8]; 8] = [
        b"X\xff\xff\xff\xff",
        b"X\xff\xff\xff\x7f",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
        b"B\xff\xff\xff\x7f",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x96\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x8b\xff\xff\xff\x7f",
        b"\x8a\xff",
    ];
    for flood in floods {
        says(&checkpoint(&Pickle::new().op(flood)), "ends in the middle of a value");
    }
}

#[test]
fn instructions_without_their_operands() {
    for opcode in 0..=255_u8 {
        for before in [&b""[..], b"(", b"N", b"NN", b"NNN", b"(NNN", b"](", b"}(N", b"K\x01("] {
            let error = read(&checkpoint(&Pickle::new().op(before).op(&[opcode]))).unwrap_err();
            assert!(!error.to_string().is_empty());
        }
    }
    for (bytes, words) in [
        (&b"\x80\x06"[..], "protocol 6"),
        (b"j\xff\xff\xff\xff", "at byte 2 refers to a value that was never stored"),
        (b"X\x01\0\0\0\xff", "the text at byte 2 is not UTF-8"),
        (b"I1\n", "the instruction 0x49 at byte 2"),
    ] {
        let file = checkpoint(&Pickle::new().op(bytes));
        says(&file, words);
        refused!(&file, Error::Pickle { at: 2, .. });
    }
}
