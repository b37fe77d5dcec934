//! Tensors that lie, plain and packed.

use crate::attack::{Pickle, archive, read};
use crate::{checkpoint, fixture, one_tensor, refused, refuses, says};
use cpu1::checkpoint::{Encoding, Error, Reader};

#[test]
fn a_storage_shorter_than_its_tensor() {
    // The archive has 64 bytes, 16 floats.
    assert!(read(&one_tensor("FloatStorage", 16, 0, &[4, 4], &[4, 1])).is_ok());
    assert!(read(&one_tensor("FloatStorage", 16, 12, &[4], &[1])).is_ok());
    let short = |need| Error::StorageShort { tensor: "w".into(), key: "0".into(), have: 64, need };
    refuses(&one_tensor("FloatStorage", 17, 0, &[4], &[1]), short(68));
    refuses(&one_tensor("DoubleStorage", 16, 0, &[4], &[1]), short(128));
    let huge = one_tensor("FloatStorage", i64::MAX, 0, &[4], &[1]);
    refuses(&huge, short(u64::MAX));

    let outside = Error::OutsideStorage { tensor: "w".into(), have: 16 };
    for (offset, shape, strides) in [
        (0, &[17][..], &[1][..]),
        (13, &[4], &[1]),
        (16, &[1, 2], &[1, 1]),
        (i64::MAX, &[2], &[1]),
        (0, &[4, 4], &[5, 1]),
        (0, &[2], &[16]),
        (0, &[1 << 40], &[1]),
        (0, &[1 << 40, 1 << 40], &[1 << 40, 1]),
        (0, &[2], &[i64::MAX]),
        (0, &[3, 3], &[i64::MAX, i64::MAX]),
    ] {
        let file = one_tensor("FloatStorage", 16, offset, shape, strides);
        assert_eq!(read(&file).unwrap_err(), outside, "{offset} {shape:?} {strides:?}");
    }
    // Announced shorter than it is: what was announced counts.
    let file = one_tensor("FloatStorage", 3, 0, &[4], &[1]);
    assert_eq!(read(&file).unwrap_err(), Error::OutsideStorage { tensor: "w".into(), have: 3 });
}

#[test]
fn a_storage_that_is_not_there() {
    let pickle = Pickle::one_vector().op(b".");
    let file = archive(&[("m/data.pkl", &pickle.0), ("m/data/1", &[0; 64])]);
    let missing = Error::MissingStorage { tensor: "w".into(), key: "0".into() };
    refuses(&file, missing.clone());
    let elsewhere = archive(&[("m/data.pkl", &pickle.0), ("n/data/0", &[0; 64])]);
    refuses(&elsewhere, missing);
}

#[test]
fn stride_tricks() {
    for (shape, strides) in [
        (&[1000][..], &[0][..]),
        (&[4, 4], &[0, 1]),
        (&[4, 4], &[1, 1]),
        (&[3, 3], &[2, 1]),
        (&[2, 2, 2], &[1, 2, 3]),
        (&[1 << 20, 1 << 20], &[0, 0]),
    ] {
        let file = one_tensor("FloatStorage", 16, 0, shape, strides);
        let error = read(&file).unwrap_err();
        assert_eq!(error, Error::OverlappingStrides("w".into()), "{shape:?} {strides:?}");
    }
    for name in ["expanded", "windows"] {
        refuses(&fixture(name), Error::OverlappingStrides("w".into()));
    }
    // Strides of single elements mean nothing, and neither do those of no elements.
    assert!(read(&one_tensor("FloatStorage", 16, 0, &[1, 2], &[i64::MAX, 1])).is_ok());
    let pickle = Pickle::one_vector().text("empty");
    let pickle = pickle.tensor("FloatStorage", 16, 99, &[0, 9], &[i64::MAX, i64::MAX]).op(b"s");
    assert_eq!(read(&checkpoint(&pickle)).unwrap().1.len(), 2);
}

#[test]
fn shapes_that_are_none() {
    for (shape, strides) in
        [(&[-1][..], &[1][..]), (&[4], &[-1]), (&[4], &[1, 1]), (&[1; 9], &[1; 9])]
    {
        let file = one_tensor("FloatStorage", 16, 0, shape, strides);
        says(&file, "was expected");
    }
    for (len, offset) in [(-1, 0), (16, -1)] {
        let file = one_tensor("FloatStorage", len, offset, &[4], &[1]);
        says(&file, "was expected");
    }
}

#[test]
fn one_storage_behind_many_tensors() {
    let mut pickle = Pickle::new().op(b"}(");
    for index in 0..1000 {
        pickle = pickle.text(&format!("w{index}")).op(b"h\x00");
        if index == 0 {
            pickle.0.truncate(pickle.0.len() - 2);
            pickle = pickle.tensor("FloatStorage", 250_000, 0, &[500, 500], &[500, 1]).op(b"q\x00");
        }
    }
    let bytes = pickle.op(b"u.").0;
    let file = archive(&[("m/data.pkl", &bytes), ("m/data/0", &vec![0; 1_000_000])]);
    refuses(&file, Error::SharedTooOften);
    // Two are tied weights.
    assert_eq!(read(&fixture("tied")).unwrap().1.len(), 2);
}

#[test]
fn names_that_would_take_over_a_terminal() {
    let pickle = Pickle::new().op(b"}").text("w\u{1b}[2J").vector().op(b"s");
    let shown = Error::NameUnprintable("w\\u{1b}[2J".into());
    refuses(&checkpoint(&pickle), shown);
}

#[test]
fn tensors_of_the_same_name() {
    let pickle = Pickle::new().op(b"}(").text("w").vector().text("w").vector().op(b"u");
    refuses(&checkpoint(&pickle), Error::DuplicateTensor("w".into()));
}

#[test]
fn element_types_that_are_not_read() {
    let file = fixture("quantized");
    let mut reader = Reader::new(file.len() as u64).unwrap();
    reader.feed_all(&file).unwrap();
    let contents = reader.contents().unwrap();
    assert_eq!(contents.tensors[1].encoding, Encoding::Other("_rebuild_qtensor".into()));
    let unreadable = Error::Unreadable { tensor: "w".into(), encoding: "_rebuild_qtensor".into() };
    assert_eq!(reader.select(&[0, 1]), Err(unreadable));
    assert_eq!(reader.select(&[0, 0]), Err(Error::NoSuchTensor(0)));
    assert_eq!(reader.select(&[2]), Err(Error::NoSuchTensor(2)));
    assert_eq!(reader.select(&[0]), Ok(()));
    assert_eq!(reader.select(&[0]), Err(Error::NotSelectable));
}

#[test]
fn code_3() {
    refuses(&fixture("code_3"), Error::TernaryCode { tensor: "w".into(), index: 0, code: 3 });
}

#[test]
fn scales_that_are_no_numbers() {
    for name in ["scale_nan", "scale_inf", "scale_negative"] {
        assert!(matches!(read(&fixture(name)).unwrap_err(), Error::Scale { .. }), "{name}");
    }
    refused!(&fixture("scale_many"), Error::Group { .. });
}

#[test]
fn packed_groups_that_do_not_fit_together() {
    for name in ["group_short", "group_no_scale"] {
        assert!(matches!(read(&fixture(name)).unwrap_err(), Error::Group { .. }), "{name}");
    }
    let group = |shape: &[i64]| {
        let pickle = Pickle::new().op(b"}").text("state").op(b"}").text("w").op(b"}(");
        let pickle = pickle.text("packed").tensor("ByteStorage", 64, 0, &[64], &[1]);
        let pickle = pickle.text("scale").op(b"G\x3f\xe0\0\0\0\0\0\0").text("shape");
        read(&checkpoint(&pickle.tuple(shape).op(b"uss")))
    };
    assert!(group(&[256]).is_ok() && group(&[16, 16]).is_ok() && group(&[2, 127]).is_ok());
    for shape in [&[257][..], &[252], &[], &[0], &[-4], &[1 << 62, 4], &[1 << 62, 1 << 62], &[1; 9]]
    {
        assert!(matches!(group(shape).unwrap_err(), Error::Group { .. }), "{shape:?}");
    }
}

#[test]
fn one_table_of_codes_behind_many_models() {
    // Looking through the shapes at each of their places would take 10^9 steps.
    let mut pickle = Pickle::new().tensor("ByteStorage", 64, 0, &[64], &[1]).op(b"q\x000");
    let (codes, scale, shape) = (b"h\x00", b"G\x3f\xe0\0\0\0\0\0\0", b"K\x10K\x10\x86");
    let tables = [(1, &codes[..]), (1, scale), (30_000, shape)];
    for ((items, value), table) in tables.into_iter().zip(1..) {
        pickle = pickle.op(b"}(");
        for index in 0..items {
            pickle = pickle.text(&index.to_string()).op(value);
        }
        pickle = pickle.op(b"u").op(&[b'q', table, b'0']);
    }
    pickle = pickle.op(b"}(");
    for index in 0..30_000 {
        pickle = pickle.text(&format!("model{index}")).op(b"}(");
        pickle = pickle.text("packed").op(b"h\x01");
        pickle = pickle.text("scales").op(b"h\x02");
        pickle = pickle.text("shapes").op(b"h\x03u");
    }
    refuses(&checkpoint(&pickle.op(b"u")), Error::TooMuchSharing);
}
