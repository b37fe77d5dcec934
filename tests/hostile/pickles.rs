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

/// A numpy array of float32 with this shape and bytes, written as text.
fn array(pickle: Pickle, shape: &[i64], bytes: &str) -> Pickle {
    pickle
        .op(b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01")
        .tuple(shape)
        .op(b"cnumpy\ndtype\nU\x02f4\x89\x88\x87R(K\x03U\x01<tb\x89c_codecs\nencode\n")
        .text(bytes)
        .op(b"U\x06latin1\x86Rtb")
}

#[test]
fn numpy_arrays_that_lie() {
    let file = |shape: &[i64], bytes: &str| {
        checkpoint(&array(Pickle::new().op(b"}").text("w"), shape, bytes).op(b"s"))
    };
    let (_, tensors) = read(&file(&[2], "\0\0\u{80}?\0\0\0@")).unwrap();
    assert_eq!(tensors[0].1.to_f32(), [1.0, 2.0]);
    for shape in [&[3][..], &[1], &[], &[1 << 62, 4], &[1 << 32, 1 << 32], &[0]] {
        says(&file(shape, "\0\0\u{80}?\0\0\0@"), "as many as its shape says");
    }
    // What is no array of numbers is passed over: more dimensions than any tensor, no bytes.
    for (shape, bytes) in [(&[1; 9][..], "\0\0\0\0"), (&[-1], ""), (&[1], "\u{100}\0\0\0")] {
        refuses(&file(shape, bytes), Error::NoTensors);
    }
}

#[test]
fn one_long_array_behind_many_names() {
    // Each time it would be looked through, and become as many values again.
    let long = "\u{80}".repeat(100_000);
    let text = Pickle::one_vector().text("more").text(&long).op(b"q\x000](");
    let encode = b"c_codecs\nencode\nh\x00\x85R".repeat(20_000);
    says(&checkpoint(&text.op(&encode).op(b"es")), "far more values");
    let mut pickle = array(Pickle::new(), &[25_000], &long).op(b"q\x010}(");
    for index in 0..100 {
        pickle = pickle.text(&index.to_string()).op(b"h\x01");
    }
    refuses(&checkpoint(&pickle.op(b"u")), Error::SharedTooOften);
}

#[test]
fn a_history_of_200_000_dicts() {
    let history = Pickle::one_vector().text("history").op(b"](");
    let dict = b"}(U\x04stepM\x00\x01U\x04lossG\x3f\xe0\0\0\0\0\0\0u".repeat(200_000);
    assert_eq!(read(&checkpoint(&history.op(&dict).op(b"es"))).unwrap().1.len(), 1);
    // A list of lists, deeper than any model.
    let deep = Pickle::one_vector().text("deep");
    let deep = deep.op(&b"]".repeat(200_000)).op(&b"a".repeat(199_999)).op(b"s");
    assert_eq!(read(&checkpoint(&deep)).unwrap().1.len(), 1);
}

#[test]
fn buffers_outside_of_the_pickle() {
    for opcode in [b"\x97", b"\x98"] {
        says(&checkpoint(&Pickle::one_vector().op(opcode)), "outside of itself");
    }
}
