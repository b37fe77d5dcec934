//! Other files, and archives that lie.

use crate::attack::{Pickle, archive, read};
use crate::{end_record, fixture, header, local_header, one_tensor, refused, refuses};
use cpu1::checkpoint::{Error, Foreign};

/// How each format begins, `checkpoint::foreign` asserts; where the end of a long file says nothing, its
/// beginning is looked at.
#[test]
fn other_formats_are_named() {
    for (begins, foreign) in [("<!DOCTYPE html>", Foreign::Html), ("{\"error\":", Foreign::Json)] {
        let mut file = begins.as_bytes().to_vec();
        file.resize(300_000, b' ');
        refuses(&file, Error::Foreign(foreign));
    }
}

#[test]
fn other_archives_are_named() {
    refuses(&archive(&[("weights.npy", b"x")]), Error::Foreign(Foreign::Numpy));
    refuses(&archive(&[("model.pt", b"x")]), Error::Inside("model.pt".into()));
    refuses(&archive(&[("weights.csv", b"x")]), Error::NoPickle);
    refuses(&archive(&[]), Error::NoPickle);
    refuses(&fixture("torchscript"), Error::TorchScript);
    let twice = archive(&[("a/data.pkl", b"N."), ("b/data.pkl", b"N.")]);
    refuses(&twice, Error::TwoPickles);
    refuses(&fixture("only_settings"), Error::NoTensors);
}

#[test]
fn big_endian_and_unknown_byte_orders() {
    let pickle = Pickle::one_vector().op(b".");
    let file = |order: &[u8]| {
        archive(&[("m/data.pkl", &pickle.0), ("m/byteorder", order), ("m/data/0", &[0; 64])])
    };
    assert!(read(&file(b"little")).is_ok());
    refuses(&file(b"big"), Error::BigEndian);
    refused!(&file(b"middle\x1b[2J\xff"), Error::ByteOrder(_));
    assert!(matches!(read(&file(&[b'x'; 5000])).unwrap_err(), Error::ByteOrder(_)));
}

#[test]
fn compressed_entries() {
    let mut file = fixture("unpacked");
    let at = header(&file, "unpacked/data/1");
    file[at + 10] = 8;
    refuses(&file, Error::Compressed("unpacked/data/1".into()));
    // Only the header in front of the data says so.
    let mut file = one_tensor("FloatStorage", 16, 0, &[4], &[1]);
    let local = local_header(&file, "m/data/0");
    file[local + 8] = 8;
    refuses(&file, Error::Compressed("m/data/0".into()));
}

#[test]
fn encrypted_entries() {
    let mut file = fixture("unpacked");
    let at = header(&file, "unpacked/data/0");
    file[at + 8] |= 1;
    refuses(&file, Error::Encrypted("unpacked/data/0".into()));
}

#[test]
fn overlapping_entries() {
    let good = archive(&[("m/data.pkl", b"N."), ("m/data/0", &[0; 64]), ("m/data/1", &[0; 64])]);
    let (first, second) = (header(&good, "m/data/0"), header(&good, "m/data/1"));
    // Both at the same place.
    let mut file = good.clone();
    file.copy_within(first + 42..first + 46, second + 42);
    refused!(&file, Error::Overlap(..));
    // The first reaches into the second.
    let mut file = good;
    file[first + 20] += 1;
    file[first + 24] += 1;
    refuses(&file, Error::Overlap("m/data/0".into(), "m/data/1".into()));
}

#[test]
fn a_local_header_that_pushes_the_data_into_the_next_entry() {
    let mut file = one_tensor("FloatStorage", 16, 0, &[4], &[1]);
    let local = local_header(&file, "m/data/0");
    file[local + 28] = 1;
    refused!(&file, Error::LocalHeader { .. });
}

#[test]
fn duplicate_entries() {
    let file = archive(&[("m/data.pkl", b"N."), ("m/data/0", b"a"), ("m/data/0", b"b")]);
    refuses(&file, Error::DuplicateEntry("m/data/0".into()));
}

#[test]
fn counts_that_the_directory_cannot_hold() {
    let good = one_tensor("FloatStorage", 16, 0, &[4], &[1]);
    for (count, found) in [(0, 2), (1, 2), (3, 2), (0xffff, 2)] {
        let mut file = good.clone();
        let end = end_record(&file);
        file[end + 8..end + 10].copy_from_slice(&(count as u16).to_le_bytes());
        file[end + 10..end + 12].copy_from_slice(&(count as u16).to_le_bytes());
        refuses(&file, Error::EntryCount { claimed: count, found });
    }
}

#[test]
fn a_directory_that_is_somewhere_else() {
    let good = one_tensor("FloatStorage", 16, 0, &[4], &[1]);
    for field in [12, 16] {
        for value in [0, 1, 1000, 0x7fff_ffff, 0xffff_ffff_u32] {
            let mut file = good.clone();
            let end = end_record(&file);
            file[end + field..end + field + 4].copy_from_slice(&value.to_le_bytes());
            refused!(&file, Error::EndRecord(_));
        }
    }
    let mut prefixed = b"#!/bin/sh\n".to_vec();
    prefixed.extend(&good);
    refused!(&prefixed, Error::EndRecord(_));
    // A few bytes behind the archive are passed over.
    let mut followed = good.clone();
    followed.extend([b'\n'; 65_535]);
    assert_eq!(read(&followed), read(&good));
    followed.push(b'\n');
    refused!(&followed, Error::CutOff { .. });
}

#[test]
fn zip64_lies() {
    // torch always writes the zip64 records: 56 bytes, their locator of 20, the plain record.
    let good = fixture("unpacked");
    let end64 = good.len() - 22 - 20 - 56;
    assert!(good[end64..].starts_with(b"PK\x06\x06"));
    let fields = [(4, "size"), (24, "count"), (32, "total"), (40, "length"), (48, "offset")];
    for (at, what) in fields.into_iter().chain([(56 + 8, "locator")]) {
        for value in [0, 1, u64::from(u32::MAX), 1 << 40, u64::MAX - 11, u64::MAX] {
            let mut file = good.clone();
            file[end64 + at..end64 + at + 8].copy_from_slice(&value.to_le_bytes());
            let lies = (what, value);
            refused!(&file, Error::Zip64(_) | Error::MultiDisk | Error::EndRecord(_), lies);
        }
    }
    // The plain record defers to a zip64 record that claims more entries than there is room for.
    let mut file = good.clone();
    let end = end_record(&file);
    file[end + 8..end + 12].fill(0xff);
    for at in [24, 32] {
        file[end64 + at..end64 + at + 8].copy_from_slice(&(u64::MAX / 46).to_le_bytes());
    }
    refused!(&file, Error::EntryCount { .. });
    // An entry that defers to a zip64 field it does not have.
    for field in [20, 24, 42] {
        let mut file = good.clone();
        let at = header(&file, "unpacked/data/0") + field;
        file[at..at + 4].fill(0xff);
        refused!(&file, Error::DirectoryEntry { index: 4, .. });
    }
}

#[test]
fn zip64_entries_that_claim_the_world() {
    // The entry of the storage, with its sizes and its place moved to a zip64 field.
    let good = one_tensor("FloatStorage", 16, 0, &[4], &[1]);
    let at = header(&good, "m/data/0");
    let place = local_header(&good, "m/data/0") as u64;
    let moved = |fields: &[u64]| {
        let mut file = good.clone();
        for field in [20, 24, 42] {
            file[at + field..at + field + 4].fill(0xff);
        }
        let mut extra = vec![1, 0];
        extra.extend((8 * fields.len() as u16).to_le_bytes());
        extra.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
        file[at + 30..at + 32].copy_from_slice(&(extra.len() as u16).to_le_bytes());
        let end = end_record(&file);
        let size = (end - header(&file, "m/data.pkl") + extra.len()) as u32;
        file[end + 12..end + 16].copy_from_slice(&size.to_le_bytes());
        let behind_name = at + 46 + "m/data/0".len();
        file.splice(behind_name..behind_name, extra);
        file
    };
    assert!(read(&moved(&[64, 64, place])).is_ok());
    for lie in [65, 1 << 20, 1 << 40, u64::MAX - 30, u64::MAX] {
        for fields in [[lie, lie, place], [64, 64, lie], [lie, lie, lie], [lie, 64, place]] {
            let file = moved(&fields);
            refused!(&file, Error::DirectoryEntry { index: 1, .. } | Error::Overlap(..), fields);
        }
    }
    refused!(&moved(&[64, 64]), Error::DirectoryEntry { index: 1, .. });
}

#[test]
fn entries_beyond_the_file() {
    for (field, value) in [(20, 0x7fff_ffff_u32), (24, 0x7fff_ffff), (42, 0x7fff_ffff)] {
        let mut file = fixture("unpacked");
        let at = header(&file, "unpacked/data/0") + field;
        file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        refused!(&file, Error::DirectoryEntry { index: 4, .. });
    }
}

#[test]
fn wrong_checksums() {
    let mut file = fixture("unpacked");
    let at = header(&file, "unpacked/data/0");
    file[at + 16] ^= 1;
    refuses(&file, Error::Checksum("unpacked/data/0".into()));
    assert!(read(&fixture("no_checksums")).is_ok());
}

#[test]
fn sixty_thousand_empty_entries() {
    let names: Vec<String> = (0..60_000).map(|index| format!("m/data/{index}")).collect();
    let mut entries: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &b""[..])).collect();
    let pickle =
        Pickle::new().op(b"}").text("w").tensor("FloatStorage", 0, 0, &[0], &[1]).op(b"s.");
    entries.push(("m/data.pkl", &pickle.0));
    refuses(&archive(&entries), Error::NoTensors);
}

#[test]
fn the_old_format_that_lies() {
    let good = fixture("legacy");
    let (contents, tensors) = read(&good).unwrap();
    assert_eq!((contents.tensors.len(), tensors.len()), (2, 2));
    // Cut anywhere, it is cut off or no longer recognised.
    for len in 1..good.len() {
        refused!(
            &good[..len],
            Error::CutOff { .. } | Error::Foreign(Foreign::Unknown | Foreign::Pickle),
            len
        );
    }
    // The number of elements that a storage is said to have: twelve, behind the place, "cpu".
    let at = good.windows(3).position(|bytes| bytes == b"K\x0cN").expect("a count");
    let mut file = good.clone();
    for lie in [11, 13, 255] {
        file[at + 1] = lie;
        let error = read(&file).map(|_| ());
        assert!(error.is_err(), "{lie}");
    }
}
