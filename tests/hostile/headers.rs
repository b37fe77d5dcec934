//! Headers of safetensors files that lie.

use crate::attack::read;
use crate::{refuses, says};
use cpu1::checkpoint::Error;

/// A file with this header and so many bytes of data.
fn file(header: &str, data: usize) -> Vec<u8> {
    let len = (header.len() as u64).to_le_bytes();
    [&len[..], header.as_bytes(), &vec![0; data]].concat()
}

/// A tensor of floats in a header.
fn tensor(name: &str, shape: &str, start: u64, end: u64) -> String {
    format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{start},{end}]}}"#)
}

/// A file of one tensor `w`.
fn one(shape: &str, start: u64, end: u64, data: usize) -> Vec<u8> {
    file(&format!("{{{}}}", tensor("w", shape, start, end)), data)
}

#[test]
fn a_sound_file_is_read() {
    assert_eq!(read(&one("[2,2]", 0, 16, 16)).unwrap().1[0].1.shape, [2, 2]);
    // Padded, as every writer pads.
    let padded = format!("{{{}}}    \n", tensor("w", "[2]", 0, 8));
    assert_eq!(read(&file(&padded, 8)).unwrap().1.len(), 1);
    refuses(&file("{}", 0), Error::NoTensors);
}

#[test]
fn lying_lengths_of_the_header() {
    let good = one("[2]", 0, 8, 8);
    for len in [good.len() as u64, 1 << 40, (1 << 56) - 1] {
        let mut long = good.clone();
        long[..8].copy_from_slice(&len.to_le_bytes());
        says(&long, "ends before them");
    }
    // As long as no header can be, or as eight letters say.
    for len in [1 << 63, u64::MAX, u64::from_le_bytes(*b"a text: ")] {
        let mut long = good.clone();
        long[..8].copy_from_slice(&len.to_le_bytes());
        says(&long, "not a torch checkpoint");
    }
    for len in [0, 1, 30] {
        let mut short = good.clone();
        short[0] = len;
        says(&short, "is damaged: at byte");
    }
    let mut large = file(&format!("{{{}", " ".repeat(17 << 20)), 0);
    says(&large, "far more than names and settings need");
    large.truncate(1 << 20);
    says(&large, "cut off");
}

#[test]
fn cut_off_anywhere() {
    let whole =
        file(&format!("{{{},{}}}", tensor("a", "[3]", 0, 12), tensor("b", "[1]", 12, 16)), 16);
    for len in 1..whole.len() {
        assert!(read(&whole[..len]).is_err(), "{len} bytes");
    }
    says(&whole[..whole.len() - 1], "the tensor 'b' ends at byte 16 of the data");
}

#[test]
fn places_of_tensors() {
    let two = |a: (u64, u64), b: (u64, u64), data| {
        let shape = |(start, end): (u64, u64)| format!("[{}]", end.saturating_sub(start) / 4);
        let [a, b] = [("a", a), ("b", b)].map(|(name, at)| tensor(name, &shape(at), at.0, at.1));
        file(&format!("{{{a},{b}}}"), data)
    };
    assert!(read(&two((8, 16), (0, 8), 16)).is_ok());
    // On the same bytes, with a hole between, with one at the beginning, with bytes behind.
    for (a, b, data) in
        [((0, 8), (0, 8), 8), ((0, 8), (4, 12), 12), ((0, 8), (12, 20), 20), ((4, 8), (8, 12), 12)]
    {
        says(&two(a, b, data), "made to mislead");
    }
    says(&two((0, 8), (8, 16), 17), "describes 16 bytes of data, and the file has 17");
    says(&one("[2]", 0, 1 << 63, 8), "cut off");
    says(&one("[2]", u64::MAX - 7, u64::MAX, 8), "cut off");
    says(&one("[2]", 8, 0, 8), "made to mislead");
}

#[test]
fn sizes_that_do_not_fit() {
    for shape in [
        "[3]",
        "[1]",
        "[]",
        "[0]",
        "[9223372036854775808,2]",
        "[4294967296,4294967296]",
        "[18446744073709551615]",
        "[4611686018427387904,4]",
    ] {
        says(&one(shape, 0, 8, 8), "do not fill");
    }
    // An empty tensor takes no bytes, whatever its other sides are.
    says(&one("[0,9223372036854775807]", 0, 0, 0), "reaches beyond the 0 values");
}

#[test]
fn entries_that_describe_no_tensor() {
    for entry in [
        "null",
        "[]",
        "{}",
        r#"{"dtype":"F32","shape":[2]}"#,
        r#"{"dtype":"F32","data_offsets":[0,8]}"#,
        r#"{"shape":[2],"data_offsets":[0,8]}"#,
        r#"{"dtype":1,"shape":[2],"data_offsets":[0,8]}"#,
        r#"{"dtype":"F32","shape":2,"data_offsets":[0,8]}"#,
        r#"{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}"#,
        r#"{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}"#,
        r#"{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]}"#,
        r#"{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}"#,
        r#"{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}"#,
        r#"{"dtype":"F32","shape":[2],"data_offsets":[0,1e1]}"#,
    ] {
        says(&file(&format!(r#"{{"w":{entry}}}"#), 8), "does not give the tensor 'w'");
    }
    // A type that is not read is named when it is asked for.
    let unknown = r#"{"w":{"dtype":"F4_\u001b[2J","shape":[2],"data_offsets":[0,8]}}"#;
    assert_eq!(read(&file(unknown, 8)).unwrap_err(), Error::NoTensors);
}

#[test]
fn names_that_mislead() {
    let twice = format!("{{{},{}}}", tensor("w", "[1]", 0, 4), tensor("w", "[1]", 4, 8));
    refuses(&file(&twice, 8), Error::DuplicateTensor("w".into()));
    // The same name, written in two ways.
    let twice = format!("{{{},{}}}", tensor("w", "[1]", 0, 4), tensor(r"\u0077", "[1]", 4, 8));
    refuses(&file(&twice, 8), Error::DuplicateTensor("w".into()));
    let metadata = r#"{"__metadata__":{},"__metadata__":{}}"#;
    refuses(&file(metadata, 0), Error::DuplicateTensor("__metadata__".into()));
    says(&file(&format!("{{{}}}", tensor(r"w\u001b[2J", "[2]", 0, 8)), 8), "control characters");
    let long = tensor(&"w".repeat(600), "[2]", 0, 8);
    says(&file(&format!("{{{long}}}"), 8), "absurdly long name");
}

#[test]
fn headers_that_are_no_objects_or_nested_without_end() {
    says(&file("{\"a\"", 0), "a colon was expected");
    says(&file("{]", 0), "a key in quotes was expected");
    says(&file("{\"w\u{7}\":1}", 0), "the end of a text was expected");
    let mut not_utf8 = file("{\"w\":1}", 0);
    not_utf8[10] = 0xff;
    says(&not_utf8, "UTF-8 text was expected");
    let deep = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    says(&file(&deep(100_000), 0), "less nesting was expected");
    says(&file(&deep(100), 0), "does not give the tensor 'a'");
    // In the metadata, where anything may be, what is nested deeper than any config is left out.
    let nested = |depth: usize| {
        let config = deep(depth).replace('"', "\\\"");
        file(
            &format!(r#"{{"__metadata__":{{"config":"{config}"}},{}}}"#, tensor("w", "[2]", 0, 8)),
            8,
        )
    };
    for depth in [40, 100, 100_000] {
        assert!(read(&nested(depth)).is_ok(), "{depth}");
    }
}

/// Lists of nothing are what takes the most memory for a byte of the file.
#[test]
fn values_that_are_large_in_memory() {
    let w = tensor("w", "[2]", 0, 8);
    for (one, count) in [("0", 50_000), ("[]", 50_000), ("{}", 50_000), (r#"{\"\":0}"#, 20_000)] {
        let list = format!("[{}{one}]", format!("{one},").repeat(count));
        let plain = list.replace('\\', "");
        for header in [
            format!(r#"{{"__metadata__":{{"config":"{list}"}},{w}}}"#),
            format!(r#"{{"__metadata__":{{"config":{plain}}},{w}}}"#),
            format!(r#"{{"__metadata__":{{"other":"{list}"}},{w}}}"#),
            format!(r#"{{"__metadata__":{plain},{w}}}"#),
        ] {
            let _ = read(&file(&header, 8));
        }
        let _ = read(&file(&format!(r#"{{"w":{plain}}}"#), 8));
    }
}

#[test]
fn many_tensors() {
    let tensors = |count: u64| {
        let each = (0..count).map(|i| tensor(&format!("w{i}"), "[2]", 8 * i, 8 * i + 8));
        format!("{{{}}}", each.collect::<Vec<_>>().join(","))
    };
    assert_eq!(read(&file(&tensors(5000), 40_000)).unwrap().1.len(), 5000);
    says(&file(&tensors(20_000), 160_000), "far more tensors");
}

/// The shapes of packed tensors are read as tensors, before anything else is.
#[test]
fn shapes_of_packed_tensors() {
    let packed = |shape: &str, dtype: &str, values: &[i64]| {
        let end = 16 + 8 * values.len();
        let header = format!(
            r#"{{"w.packed":{{"dtype":"U8","shape":[8],"data_offsets":[0,8]}},
            "norm":{{"dtype":"BF16","shape":[2],"data_offsets":[8,12]}},
            "w.scale":{{"dtype":"F32","shape":[1],"data_offsets":[12,16]}},
            "w.shape":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[16,{end}]}}}}"#
        );
        let mut file = file(&header, 16);
        file.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        read(&file)
    };
    assert_eq!(packed("[2]", "I64", &[4, 8]).unwrap().1[0].1.shape, [4, 8]);
    for (shape, dtype, values) in [
        ("[2]", "I64", &[4, -8][..]),
        ("[2]", "I64", &[4, 9]),
        ("[2]", "I64", &[i64::MAX, 2]),
        ("[2,1]", "I64", &[4, 8]),
        ("[9]", "I64", &[1; 9]),
        ("[2]", "F64", &[4, 8]),
    ] {
        let error = packed(shape, dtype, values).unwrap_err();
        assert!(matches!(error, Error::Group { .. }), "{error}");
    }
}
