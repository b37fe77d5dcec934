//! Files made to break the reader. Each has to end in a sentence or in tensors: never in a panic,
//! never in a hang, and never in more memory than the file's size allows. `tests/fuzz` looks for more
//! of them; what it finds belongs here.
#![cfg(not(target_arch = "wasm32"))]

#[path = "../common/attack.rs"]
mod attack;

use attack::{Allocated, Pickle, Random, archive, read};
use cpu1::checkpoint::{
    Data, Encoding, Error, Flavour, Foreign, Reader, Tensor, TensorInfo, Value, write,
};
use cpu1::weights::file_config::Hints;
use cpu1::weights::roles::{NameMap, assign};
use cpu1::weights::{self, Loader};
use std::ops::Range;

fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/checkpoint");
    std::fs::read(format!("{folder}/{name}.pt")).unwrap()
}

// Archives and pickles by hand.

/// A checkpoint of this pickle and a storage "0" of 64 bytes.
fn checkpoint(pickle: &Pickle) -> Vec<u8> {
    let mut bytes = pickle.0.clone();
    bytes.push(b'.');
    archive(&[("m/data.pkl", &bytes), ("m/data/0", &[0; 64])])
}

/// `{"state_dict": {"w": tensor}}`
fn one_tensor(class: &str, len: i64, offset: i64, shape: &[i64], strides: &[i64]) -> Vec<u8> {
    let pickle = Pickle::new().op(b"}").text("state_dict").op(b"}").text("w");
    checkpoint(&pickle.tensor(class, len, offset, shape, strides).op(b"ss"))
}

/// `{"state_dict": {"w": tensor}, "config": …}` with the pickled config.
fn with_config(config: &Pickle) -> Vec<u8> {
    let pickle = Pickle::new()
        .op(b"}")
        .text("state_dict")
        .op(b"}")
        .text("w")
        .vector()
        .op(b"ss");
    checkpoint(&pickle.text("config").op(&config.0[2..]).op(b"s"))
}

fn config_of(file: &[u8]) -> Result<Value, Error> {
    Ok(read(file)?.0.config.expect("there is a config"))
}

/// Where the directory has the header of an entry.
fn header(file: &[u8], name: &str) -> usize {
    let is_header = |at: &usize| {
        file[*at..].starts_with(b"PK\x01\x02") && file[at + 46..].starts_with(name.as_bytes())
    };
    (0..file.len() - 46)
        .find(is_header)
        .expect("the archive has the entry")
}

fn end_record(file: &[u8]) -> usize {
    file.len() - 22
}

// Damage on the way.

#[test]
fn a_file_cut_at_any_byte() {
    for name in ["unpacked", "compact", "step"] {
        let file = fixture(name);
        for len in 0..file.len() {
            let error = read(&file[..len]).expect_err("a cut file is no checkpoint");
            let expected = match len {
                0 => Error::Empty,
                1..4 => Error::Foreign(Foreign::Unknown),
                _ => Error::CutOff { len: len as u64 },
            };
            assert_eq!(error, expected, "{name} cut at {len}");
        }
    }
}

#[test]
fn any_single_flipped_bit_is_noticed_or_harmless() {
    for name in ["unpacked", "compact"] {
        let file = fixture(name);
        let good = read(&file).unwrap();
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut bad = file.clone();
                bad[at] ^= 1 << bit;
                if let Ok(loaded) = read(&bad) {
                    assert_eq!(loaded, good, "{name}, bit {bit} of byte {at}");
                }
            }
        }
    }
}

#[test]
fn random_damage_that_no_checksum_shows() {
    let mut random = Random(1);
    let files = [
        "no_checksums",
        "step",
        "compact",
        "views",
        "dtypes",
        "protocol_4",
        "module",
        "packed/columns_lines",
        "packed/code_of_weight",
        "packed/row_scales_f32",
        "packed/tables",
        "packed/suffixed_shapes",
    ];
    for name in files {
        let mut file = fixture(name);
        // Without checksums the damage reaches the pickle and the tensors.
        for at in 0..file.len().saturating_sub(46) {
            if file[at..].starts_with(b"PK\x01\x02") {
                file[at + 16..at + 20].fill(0);
            }
        }
        assert!(read(&file).is_ok());
        for _ in 0..4000 {
            let mut bad = file.clone();
            for _ in 0..=random.below(8) {
                let at = random.below(bad.len());
                match random.below(4) {
                    0 => bad[at] = random.next() as u8,
                    1 => bad[at] ^= 1 << random.below(8),
                    2 => bad[at] = [0, 0xff, b'(', b'R', b'h', b'0'][random.below(6)],
                    _ => {
                        let from = random.below(bad.len());
                        let len = random.below(16).min(bad.len() - at.max(from));
                        bad.copy_within(from..from + len, at);
                    }
                }
            }
            // Success is as good as an error here: `read` looks for panics and for memory.
            let _ = read(&bad);
        }
    }
}

#[test]
fn random_pickles_of_real_instructions() {
    let mut random = Random(2);
    let opcodes =
        b"\x88\x89N)](}tute\x85\x86\x87asq\x00q\x01h\x00h\x01K\x02RQb\x81\x93\x94\x90\x91\x8f10";
    for _ in 0..20_000 {
        let mut pickle = Pickle::new().vector().op(b"q\x00").text("w").op(b"q\x010");
        for _ in 0..random.below(60) {
            let at = random.below(opcodes.len());
            pickle = pickle.op(&opcodes[at..(at + 1 + random.below(3)).min(opcodes.len())]);
        }
        let _ = read(&checkpoint(&pickle));
    }
}

#[test]
fn noise_of_every_size() {
    let mut random = Random(3);
    for size in (1..200).chain([
        511, 512, 513, 65_535, 65_536, 65_537, 65_633, 65_634, 200_000,
    ]) {
        let noise: Vec<u8> = (0..size).map(|_| random.next() as u8).collect();
        assert!(read(&noise).is_err());
        let mut ended = noise;
        ended.extend(b"PK\x05\x06");
        ended.extend((0..16).map(|_| random.next() as u8));
        ended.extend([0, 0]);
        assert!(read(&ended).is_err());
    }
}

#[test]
fn too_few_bytes_or_too_many_are_asked_for_again() {
    let file = fixture("unpacked");
    let mut reader = Reader::new(file.len() as u64).unwrap();
    let wanted = reader.wants().unwrap();
    for wrong in [0, file.len() - 1] {
        let error = Error::WrongLength {
            wanted: file.len() as u64,
            got: wrong as u64,
        };
        assert_eq!(reader.feed(&file[..wrong]), Err(error));
        assert_eq!(reader.wants(), Some(wanted.clone()));
    }
    reader.feed(&file).unwrap();
    assert!(reader.contents().is_none());
    assert_eq!(reader.select(&[0]), Err(Error::NotSelectable));
}

#[test]
fn after_an_error_nothing_is_wanted() {
    let file = fixture("legacy");
    let mut reader = Reader::new(file.len() as u64).unwrap();
    assert_eq!(
        reader.feed(&file),
        Err(Error::Foreign(Foreign::LegacyTorch))
    );
    assert_eq!(reader.wants(), None);
    assert_eq!(reader.feed(&file), Err(Error::NothingWanted));
    assert!(reader.contents().is_none() && !reader.done());
}

// Other files.

#[test]
fn other_formats_are_named() {
    let mut page = b"<!DOCTYPE html><html><body>Not found".to_vec();
    let mut json = b"{\"error\": \"Repository not found\"".to_vec();
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n".to_vec();
    let cases = [
        (fixture("legacy"), Foreign::LegacyTorch),
        (
            b"\x30\0\0\0\0\0\0\0{\"w\":{\"dtype\":\"F32\"}}".to_vec(),
            Foreign::Safetensors,
        ),
        (b"GGUF\x03\0\0\0\0\0\0\0".to_vec(), Foreign::Gguf),
        (page.clone(), Foreign::Html),
        (json.clone(), Foreign::Json),
        (pointer, Foreign::LfsPointer),
        (b"\x1f\x8b\x08\0\0".to_vec(), Foreign::Compressed),
        (b"Entry not found".to_vec(), Foreign::Unknown),
    ];
    for (file, foreign) in cases {
        assert_eq!(read(&file).unwrap_err(), Error::Foreign(foreign));
    }
    // Where the end says nothing, the beginning is looked at.
    page.resize(300_000, b' ');
    json.resize(300_000, b' ');
    assert_eq!(read(&page).unwrap_err(), Error::Foreign(Foreign::Html));
    assert_eq!(read(&json).unwrap_err(), Error::Foreign(Foreign::Json));
}

#[test]
fn other_archives_are_named() {
    assert_eq!(
        read(&archive(&[("weights.npy", b"x")])).unwrap_err(),
        Error::NoPickle
    );
    assert_eq!(read(&archive(&[])).unwrap_err(), Error::NoPickle);
    assert_eq!(
        read(&fixture("torchscript")).unwrap_err(),
        Error::TorchScript
    );
    let twice = archive(&[("a/data.pkl", b"N."), ("b/data.pkl", b"N.")]);
    assert_eq!(read(&twice).unwrap_err(), Error::TwoPickles);
    assert_eq!(
        read(&fixture("only_settings")).unwrap_err(),
        Error::NoTensors
    );
}

#[test]
fn big_endian_and_unknown_byte_orders() {
    let pickle = Pickle::new().op(b"}").text("w").vector().op(b"s.");
    let file = |order: &[u8]| {
        archive(&[
            ("m/data.pkl", &pickle.0),
            ("m/byteorder", order),
            ("m/data/0", &[0; 64]),
        ])
    };
    assert!(read(&file(b"little")).is_ok());
    assert_eq!(read(&file(b"big")).unwrap_err(), Error::BigEndian);
    assert!(matches!(
        read(&file(b"middle\x1b[2J\xff")).unwrap_err(),
        Error::ByteOrder(_)
    ));
    assert!(matches!(
        read(&file(&[b'x'; 5000])).unwrap_err(),
        Error::ByteOrder(_)
    ));
}

// Archives that lie.

#[test]
fn compressed_entries() {
    let mut file = fixture("unpacked");
    let at = header(&file, "unpacked/data/1");
    file[at + 10] = 8;
    assert_eq!(
        read(&file).unwrap_err(),
        Error::Compressed("unpacked/data/1".into())
    );
    // Only the header in front of the data says so.
    let mut file = one_tensor("FloatStorage", 16, 0, &[4], &[1]);
    let at = header(&file, "m/data/0");
    let local = u32::from_le_bytes(file[at + 42..at + 46].try_into().unwrap()) as usize;
    file[local + 8] = 8;
    assert_eq!(
        read(&file).unwrap_err(),
        Error::Compressed("m/data/0".into())
    );
}

#[test]
fn encrypted_entries() {
    let mut file = fixture("unpacked");
    let at = header(&file, "unpacked/data/0");
    file[at + 8] |= 1;
    assert_eq!(
        read(&file).unwrap_err(),
        Error::Encrypted("unpacked/data/0".into())
    );
}

#[test]
fn overlapping_entries() {
    let good = archive(&[
        ("m/data.pkl", b"N."),
        ("m/data/0", &[0; 64]),
        ("m/data/1", &[0; 64]),
    ]);
    let (first, second) = (header(&good, "m/data/0"), header(&good, "m/data/1"));
    // Both at the same place.
    let mut file = good.clone();
    file.copy_within(first + 42..first + 46, second + 42);
    assert!(matches!(read(&file).unwrap_err(), Error::Overlap(..)));
    // The first reaches into the second.
    let mut file = good;
    file[first + 20] += 1;
    file[first + 24] += 1;
    let error = read(&file).unwrap_err();
    assert_eq!(error, Error::Overlap("m/data/0".into(), "m/data/1".into()));
}

#[test]
fn a_local_header_that_pushes_the_data_into_the_next_entry() {
    let mut file = one_tensor("FloatStorage", 16, 0, &[4], &[1]);
    let at = header(&file, "m/data/0");
    let local = u32::from_le_bytes(file[at + 42..at + 46].try_into().unwrap()) as usize;
    file[local + 28] = 1;
    assert!(matches!(
        read(&file).unwrap_err(),
        Error::LocalHeader { .. }
    ));
}

#[test]
fn duplicate_entries() {
    let file = archive(&[
        ("m/data.pkl", b"N."),
        ("m/data/0", b"a"),
        ("m/data/0", b"b"),
    ]);
    assert_eq!(
        read(&file).unwrap_err(),
        Error::DuplicateEntry("m/data/0".into())
    );
}

#[test]
fn counts_that_the_directory_cannot_hold() {
    let good = one_tensor("FloatStorage", 16, 0, &[4], &[1]);
    for (count, found) in [(0, 2), (1, 2), (3, 2), (0xffff, 2)] {
        let mut file = good.clone();
        let end = end_record(&file);
        file[end + 8..end + 10].copy_from_slice(&(count as u16).to_le_bytes());
        file[end + 10..end + 12].copy_from_slice(&(count as u16).to_le_bytes());
        assert_eq!(
            read(&file).unwrap_err(),
            Error::EntryCount {
                claimed: count,
                found
            }
        );
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
            assert!(matches!(read(&file).unwrap_err(), Error::EndRecord(_)));
        }
    }
    let mut prefixed = b"#!/bin/sh\n".to_vec();
    prefixed.extend(&good);
    assert!(matches!(read(&prefixed).unwrap_err(), Error::EndRecord(_)));
    let mut followed = good;
    followed.extend(b"more");
    assert!(matches!(read(&followed).unwrap_err(), Error::CutOff { .. }));
}

#[test]
fn zip64_lies() {
    // torch always writes the zip64 records: 56 bytes, their locator of 20, the plain record.
    let good = fixture("unpacked");
    let end64 = good.len() - 22 - 20 - 56;
    assert!(good[end64..].starts_with(b"PK\x06\x06"));
    let fields = [
        (4, "size"),
        (24, "count"),
        (32, "total"),
        (40, "length"),
        (48, "offset"),
    ];
    for (at, what) in fields.into_iter().chain([(56 + 8, "locator")]) {
        for value in [0, 1, u64::from(u32::MAX), 1 << 40, u64::MAX - 11, u64::MAX] {
            let mut file = good.clone();
            file[end64 + at..end64 + at + 8].copy_from_slice(&value.to_le_bytes());
            let error = read(&file).unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::Zip64(_) | Error::MultiDisk | Error::EndRecord(_)
                ),
                "{what} of {value}: {error}"
            );
        }
    }
    // The plain record defers to a zip64 record that claims more entries than there is room for.
    let mut file = good.clone();
    let end = end_record(&file);
    file[end + 8..end + 12].fill(0xff);
    for at in [24, 32] {
        file[end64 + at..end64 + at + 8].copy_from_slice(&(u64::MAX / 46).to_le_bytes());
    }
    assert!(matches!(read(&file).unwrap_err(), Error::EntryCount { .. }));
    // An entry that defers to a zip64 field it does not have.
    for field in [20, 24, 42] {
        let mut file = good.clone();
        let at = header(&file, "unpacked/data/0") + field;
        file[at..at + 4].fill(0xff);
        assert!(matches!(
            read(&file).unwrap_err(),
            Error::DirectoryEntry { index: 4, .. }
        ));
    }
}

#[test]
fn zip64_entries_that_claim_the_world() {
    // The entry of the storage, with its sizes and its place moved to a zip64 field.
    let good = one_tensor("FloatStorage", 16, 0, &[4], &[1]);
    let at = header(&good, "m/data/0");
    let place = u32::from_le_bytes(good[at + 42..at + 46].try_into().unwrap());
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
    let place = u64::from(place);
    assert!(read(&moved(&[64, 64, place])).is_ok());
    for lie in [65, 1 << 20, 1 << 40, u64::MAX - 30, u64::MAX] {
        for fields in [
            [lie, lie, place],
            [64, 64, lie],
            [lie, lie, lie],
            [lie, 64, place],
        ] {
            assert!(
                matches!(
                    read(&moved(&fields)).unwrap_err(),
                    Error::DirectoryEntry { index: 1, .. } | Error::Overlap(..)
                ),
                "{fields:?}"
            );
        }
    }
    let error = read(&moved(&[64, 64])).unwrap_err();
    assert!(matches!(error, Error::DirectoryEntry { index: 1, .. }));
}

#[test]
fn entries_beyond_the_file() {
    for (field, value) in [(20, 0x7fff_ffff_u32), (24, 0x7fff_ffff), (42, 0x7fff_ffff)] {
        let mut file = fixture("unpacked");
        let at = header(&file, "unpacked/data/0") + field;
        file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        assert!(matches!(
            read(&file).unwrap_err(),
            Error::DirectoryEntry { index: 4, .. }
        ));
    }
}

#[test]
fn wrong_checksums() {
    let mut file = fixture("unpacked");
    let at = header(&file, "unpacked/data/0");
    file[at + 16] ^= 1;
    assert_eq!(
        read(&file).unwrap_err(),
        Error::Checksum("unpacked/data/0".into())
    );
    assert!(read(&fixture("no_checksums")).is_ok());
}

#[test]
fn sixty_thousand_empty_entries() {
    let names: Vec<String> = (0..60_000).map(|index| format!("m/data/{index}")).collect();
    let mut entries: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &b""[..])).collect();
    let pickle = Pickle::new()
        .op(b"}")
        .text("w")
        .tensor("FloatStorage", 0, 0, &[0], &[1])
        .op(b"s.");
    entries.push(("m/data.pkl", &pickle.0));
    assert_eq!(read(&archive(&entries)).unwrap_err(), Error::NoTensors);
}

// Pickles that lie.

#[test]
fn unknown_globals_are_never_called() {
    let marker = std::env::temp_dir().join("cpu1-hostile-was-executed");
    let command = format!("touch {}", marker.display());
    let system = Pickle::new()
        .op(b"cposix\nsystem\n")
        .text(&command)
        .op(b"\x85R");
    assert_eq!(
        config_of(&with_config(&system)),
        Ok(Value::Opaque("posix.system".into()))
    );
    assert!(!marker.exists());
    // In a tensor's place it is no tensor; as a tensor's function neither.
    let pickle = Pickle::new().op(b"}").text("w").op(&system.0[2..]).op(b"s");
    assert_eq!(read(&checkpoint(&pickle)).unwrap_err(), Error::NoTensors);
    let typed = Pickle::new()
        .op(b"ctorch._tensor\n_rebuild_from_type_v2\n(cposix\nsystem\nctorch\nTensor\n")
        .text(&command)
        .op(b"\x85}tR");
    let error = config_of(&with_config(&typed)).unwrap_err();
    assert!(matches!(error, Error::PickleValue { .. }));
    let evil = Pickle::new()
        .text("os\u{1b}]0;x\u{7}")
        .text("system")
        .op(b"\x93");
    assert!(config_of(&with_config(&evil)).is_ok());
    // A storage of a foreign class.
    let pickle = Pickle::new()
        .op(b"(")
        .text("storage")
        .op(b"cposix\nFloatStorage\n")
        .text("0");
    let pickle = pickle.text("cpu").int(4).op(b"tQ");
    assert!(matches!(
        read(&checkpoint(&pickle)).unwrap_err(),
        Error::PickleValue { .. }
    ));
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
                let error = config_of(&with_config(&pickle)).unwrap_err();
                assert_eq!(error, Error::TooMuchSharing);
            } else {
                let root = Pickle::new()
                    .op(b"}")
                    .text("w")
                    .vector()
                    .op(b"s")
                    .text("more");
                let root = root.op(&pickle.0[2..]).op(b"s");
                assert_eq!(read(&checkpoint(&root)).unwrap().1.len(), 1);
            }
        }
    }
}

#[test]
fn a_tensor_behind_a_billion_paths() {
    let mut pickle = Pickle::new().op(b"}").text("w").vector().op(b"sq\x000");
    for level in 0..30_u8 {
        pickle = pickle
            .op(b"](")
            .op(&[b'h', level, b'h', level])
            .op(b"eq")
            .op(&[level + 1, b'0']);
    }
    let (contents, tensors) = read(&checkpoint(&pickle.op(b"h\x1e"))).unwrap();
    assert_eq!((contents.tensors.len(), tensors.len()), (1, 1));
}

#[test]
fn one_long_text_repeated() {
    let long = "x".repeat(100_000);
    let once = Pickle::new().text(&long).op(b"q\x000](");
    let refs: Vec<u8> = b"h\x00".repeat(50_000);
    let error = config_of(&with_config(&once.clone().op(&refs).op(b"e"))).unwrap_err();
    assert_eq!(error, Error::TooMuchSharing);
    // As keys of tensors and of dicts, where a name is made from it.
    let pickle = Pickle::new()
        .text(&long)
        .op(b"q\x000")
        .vector()
        .op(b"q\x010}(");
    let error = read(&checkpoint(
        &pickle.op(&b"h\x00h\x01".repeat(50_000)).op(b"u"),
    ))
    .unwrap_err();
    assert!(matches!(error, Error::NameTooLong(_)));
    let pickle = Pickle::new().text(&long).op(b"q\x000}(").text("w").vector();
    let file = checkpoint(&pickle.op(&b"h\x00]".repeat(50_000)).op(b"u"));
    assert_eq!(read(&file).unwrap().1.len(), 1);
}

#[test]
fn one_large_dict_referred_to_everywhere() {
    // Looking into it at each of its places would take 10^10 steps.
    let mut pickle = Pickle::new().op(b"}q\x00(");
    for index in 0..100_000_u32 {
        pickle = pickle.op(b"J").op(&index.to_le_bytes()).op(b"N");
    }
    pickle = pickle.op(b"u0}(").text("w").vector();
    for index in 0..100_000_u32 {
        pickle = pickle.op(b"J").op(&index.to_le_bytes()).op(b"h\x00");
    }
    assert_eq!(read(&checkpoint(&pickle.op(b"u"))).unwrap().1.len(), 1);
    // Making a new dict or list from it each time would take as much memory.
    for maker in ["collections\nOrderedDict", "torch\nSize", "builtins\nlist"] {
        let mut pickle = Pickle::new().op(b"](");
        pickle = pickle.op(&b"NN\x86".repeat(100_000)).op(b"e\x85q\x000");
        pickle = pickle.op(format!("c{maker}\nq\x010](").as_bytes());
        pickle = pickle.op(&b"h\x01h\x00R".repeat(100_000)).op(b"e");
        assert_eq!(
            config_of(&with_config(&pickle)).unwrap_err(),
            Error::TooManyObjects
        );
    }
}

#[test]
fn nesting_without_end() {
    for depth in [100, 200_000] {
        let nested = Pickle::new()
            .op(&b"]".repeat(depth))
            .op(&b"a".repeat(depth - 1));
        assert_eq!(
            config_of(&with_config(&nested)).unwrap_err(),
            Error::TooDeep
        );
        let nested = Pickle::new()
            .op(&b"]".repeat(depth))
            .vector()
            .op(&b"a".repeat(depth));
        assert_eq!(read(&checkpoint(&nested)).unwrap_err(), Error::TooDeep);
    }
    // A list inside itself.
    let circle = Pickle::new().op(b"]q\x00h\x00a");
    assert_eq!(
        config_of(&with_config(&circle)).unwrap_err(),
        Error::TooDeep
    );
    assert_eq!(read(&checkpoint(&circle)).unwrap_err(), Error::NoTensors);
    // A state dict inside itself.
    let circle = Pickle::new()
        .op(b"}q\x00")
        .text("w")
        .vector()
        .op(b"s")
        .text("me")
        .op(b"h\x00s");
    assert_eq!(read(&checkpoint(&circle)).unwrap().1.len(), 1);
}

#[test]
fn floods_of_small_values() {
    for flood in [
        &b"N"[..],
        b"(",
        b"]",
        b"}",
        b")",
        b"K\x01",
        b"N\x94",
        b"(t",
        b"]h\x00a",
    ] {
        let pickle = Pickle::new()
            .op(b"Nq\x000")
            .op(&flood.repeat(3_000_000 / flood.len()));
        let error = read(&checkpoint(&pickle.clone())).unwrap_err();
        assert!(
            matches!(
                error,
                Error::TooManyObjects | Error::NoTensors | Error::PickleStack { .. }
            ),
            "{flood:?}: {error}"
        );
    }
    let mut pickle = Pickle::new().vector().op(b"q\x000}(");
    for index in 0..20_000_u32 {
        pickle = pickle.op(b"J").op(&index.to_le_bytes()).op(b"h\x00");
    }
    assert_eq!(
        read(&checkpoint(&pickle.op(b"u"))).unwrap_err(),
        Error::TooManyTensors
    );
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
        assert_eq!(
            read(&checkpoint(&Pickle::new().op(flood))).unwrap_err(),
            Error::PickleCutOff
        );
    }
}

#[test]
fn instructions_without_their_operands() {
    for opcode in 0..=255_u8 {
        for before in [
            &b""[..],
            b"(",
            b"N",
            b"NN",
            b"NNN",
            b"(NNN",
            b"](",
            b"}(N",
            b"K\x01(",
        ] {
            let error = read(&checkpoint(&Pickle::new().op(before).op(&[opcode]))).unwrap_err();
            assert!(!error.to_string().is_empty());
        }
    }
    let late = Pickle::new().op(b"\x80\x06");
    assert_eq!(
        read(&checkpoint(&late)).unwrap_err(),
        Error::PickleProtocol(6)
    );
    let memo = Pickle::new().op(b"j\xff\xff\xff\xff");
    assert_eq!(
        read(&checkpoint(&memo)).unwrap_err(),
        Error::PickleMemo { at: 2 }
    );
    let text = Pickle::new().op(b"X\x01\0\0\0\xff");
    assert_eq!(
        read(&checkpoint(&text)).unwrap_err(),
        Error::PickleText { at: 2 }
    );
    let old = Pickle::new().op(b"I1\n");
    assert_eq!(
        read(&checkpoint(&old)).unwrap_err(),
        Error::PickleOpcode {
            opcode: b'I',
            at: 2
        }
    );
}

// Tensors that lie.

#[test]
fn a_storage_shorter_than_its_tensor() {
    // The archive has 64 bytes, 16 floats.
    assert!(read(&one_tensor("FloatStorage", 16, 0, &[4, 4], &[4, 1])).is_ok());
    assert!(read(&one_tensor("FloatStorage", 16, 12, &[4], &[1])).is_ok());
    let short = |need| Error::StorageShort {
        tensor: "w".into(),
        key: "0".into(),
        have: 64,
        need,
    };
    assert_eq!(
        read(&one_tensor("FloatStorage", 17, 0, &[4], &[1])).unwrap_err(),
        short(68)
    );
    assert_eq!(
        read(&one_tensor("DoubleStorage", 16, 0, &[4], &[1])).unwrap_err(),
        short(128)
    );
    let huge = one_tensor("FloatStorage", i64::MAX, 0, &[4], &[1]);
    assert_eq!(read(&huge).unwrap_err(), short(u64::MAX));

    let outside = Error::OutsideStorage {
        tensor: "w".into(),
        have: 16,
    };
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
        assert_eq!(
            read(&file).unwrap_err(),
            outside,
            "{offset} {shape:?} {strides:?}"
        );
    }
    // Announced shorter than it is: what was announced counts.
    let file = one_tensor("FloatStorage", 3, 0, &[4], &[1]);
    assert_eq!(
        read(&file).unwrap_err(),
        Error::OutsideStorage {
            tensor: "w".into(),
            have: 3
        }
    );
}

#[test]
fn a_storage_that_is_not_there() {
    let pickle = Pickle::new().op(b"}").text("w").vector().op(b"s.");
    let file = archive(&[("m/data.pkl", &pickle.0), ("m/data/1", &[0; 64])]);
    let missing = Error::MissingStorage {
        tensor: "w".into(),
        key: "0".into(),
    };
    assert_eq!(read(&file).unwrap_err(), missing);
    let elsewhere = archive(&[("m/data.pkl", &pickle.0), ("n/data/0", &[0; 64])]);
    assert_eq!(read(&elsewhere).unwrap_err(), missing);
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
        assert_eq!(
            error,
            Error::OverlappingStrides("w".into()),
            "{shape:?} {strides:?}"
        );
    }
    for name in ["expanded", "windows"] {
        let error = read(&fixture(name)).unwrap_err();
        assert_eq!(error, Error::OverlappingStrides("w".into()));
    }
    // Strides of single elements mean nothing, and neither do those of no elements.
    assert!(read(&one_tensor("FloatStorage", 16, 0, &[1, 2], &[i64::MAX, 1])).is_ok());
    let pickle = Pickle::new()
        .op(b"}")
        .text("w")
        .vector()
        .op(b"s")
        .text("empty");
    let pickle = pickle
        .tensor("FloatStorage", 16, 99, &[0, 9], &[i64::MAX, i64::MAX])
        .op(b"s");
    assert_eq!(read(&checkpoint(&pickle)).unwrap().1.len(), 2);
}

#[test]
fn shapes_that_are_none() {
    for (shape, strides) in [
        (&[-1][..], &[1][..]),
        (&[4], &[-1]),
        (&[4], &[1, 1]),
        (&[1; 9], &[1; 9]),
    ] {
        let file = one_tensor("FloatStorage", 16, 0, shape, strides);
        assert!(matches!(
            read(&file).unwrap_err(),
            Error::PickleValue { .. }
        ));
    }
    for (len, offset) in [(-1, 0), (16, -1)] {
        let file = one_tensor("FloatStorage", len, offset, &[4], &[1]);
        assert!(matches!(
            read(&file).unwrap_err(),
            Error::PickleValue { .. }
        ));
    }
}

#[test]
fn one_storage_behind_many_tensors() {
    let mut pickle = Pickle::new().op(b"}(");
    for index in 0..1000 {
        pickle = pickle.text(&format!("w{index}")).op(b"h\x00");
        if index == 0 {
            pickle.0.truncate(pickle.0.len() - 2);
            pickle = pickle
                .tensor("FloatStorage", 250_000, 0, &[500, 500], &[500, 1])
                .op(b"q\x00");
        }
    }
    let bytes = pickle.op(b"u.").0;
    let file = archive(&[("m/data.pkl", &bytes), ("m/data/0", &vec![0; 1_000_000])]);
    assert_eq!(read(&file).unwrap_err(), Error::SharedTooOften);
    // Two are tied weights.
    assert_eq!(read(&fixture("tied")).unwrap().1.len(), 2);
}

#[test]
fn names_that_would_take_over_a_terminal() {
    let pickle = Pickle::new().op(b"}").text("w\u{1b}[2J").vector().op(b"s");
    let shown = Error::NameUnprintable("w\\u{1b}[2J".into());
    assert_eq!(read(&checkpoint(&pickle)).unwrap_err(), shown);
}

#[test]
fn tensors_of_the_same_name() {
    let pickle = Pickle::new()
        .op(b"}(")
        .text("w")
        .vector()
        .text("w")
        .vector()
        .op(b"u");
    assert_eq!(
        read(&checkpoint(&pickle)).unwrap_err(),
        Error::DuplicateTensor("w".into())
    );
}

#[test]
fn element_types_that_are_not_read() {
    let file = fixture("quantized");
    let mut reader = Reader::new(file.len() as u64).unwrap();
    while let Some(range) = reader.wants() {
        reader
            .feed(&file[range.start as usize..range.end as usize])
            .unwrap();
    }
    let contents = reader.contents().unwrap();
    assert_eq!(
        contents.tensors[1].encoding,
        Encoding::Other("_rebuild_qtensor".into())
    );
    let unreadable = Error::Unreadable {
        tensor: "w".into(),
        encoding: "_rebuild_qtensor".into(),
    };
    assert_eq!(reader.select(&[0, 1]), Err(unreadable));
    assert_eq!(reader.select(&[0, 0]), Err(Error::NoSuchTensor(0)));
    assert_eq!(reader.select(&[2]), Err(Error::NoSuchTensor(2)));
    assert_eq!(reader.select(&[0]), Ok(()));
    assert_eq!(reader.select(&[0]), Err(Error::NotSelectable));
}

// Ternary tensors that lie.

#[test]
fn code_3() {
    let error = read(&fixture("code_3")).unwrap_err();
    assert_eq!(
        error,
        Error::TernaryCode {
            tensor: "w".into(),
            index: 0,
            code: 3
        }
    );
}

#[test]
fn scales_that_are_no_numbers() {
    for name in ["scale_nan", "scale_inf", "scale_negative"] {
        assert!(
            matches!(read(&fixture(name)).unwrap_err(), Error::Scale { .. }),
            "{name}"
        );
    }
    assert!(matches!(
        read(&fixture("scale_many")).unwrap_err(),
        Error::Group { .. }
    ));
}

#[test]
fn packed_groups_that_do_not_fit_together() {
    for name in ["group_short", "group_no_scale"] {
        assert!(
            matches!(read(&fixture(name)).unwrap_err(), Error::Group { .. }),
            "{name}"
        );
    }
    let group = |shape: &[i64]| {
        let pickle = Pickle::new()
            .op(b"}")
            .text("state")
            .op(b"}")
            .text("w")
            .op(b"}(");
        let pickle = pickle
            .text("packed")
            .tensor("ByteStorage", 64, 0, &[64], &[1]);
        let pickle = pickle
            .text("scale")
            .op(b"G\x3f\xe0\0\0\0\0\0\0")
            .text("shape");
        read(&checkpoint(&pickle.tuple(shape).op(b"uss")))
    };
    assert!(group(&[256]).is_ok() && group(&[16, 16]).is_ok() && group(&[2, 127]).is_ok());
    for shape in [
        &[257][..],
        &[252],
        &[],
        &[0],
        &[-4],
        &[1 << 62, 4],
        &[1 << 62, 1 << 62],
        &[1; 9],
    ] {
        assert!(
            matches!(group(shape).unwrap_err(), Error::Group { .. }),
            "{shape:?}"
        );
    }
}

#[test]
fn one_table_of_codes_behind_many_models() {
    // Looking through the shapes at each of their places would take 10^9 steps.
    let mut pickle = Pickle::new()
        .tensor("ByteStorage", 64, 0, &[64], &[1])
        .op(b"q\x000");
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
    let error = read(&checkpoint(&pickle.op(b"u"))).unwrap_err();
    assert_eq!(error, Error::TooMuchSharing);
}

// Tensors that make no model.

type Tensors = Vec<(String, Tensor)>;

/// The config and the tensors of a small model.
fn model() -> (Value, Tensors) {
    let file = std::fs::read(format!(
        "{}/tests/fixtures/run_14.compact.pt",
        env!("CARGO_MANIFEST_DIR")
    ));
    let (contents, tensors) = read(&file.unwrap()).unwrap();
    let named = tensors
        .into_iter()
        .map(|(index, tensor)| (contents.tensors[index].name.clone(), tensor));
    (contents.config.unwrap(), named.collect())
}

/// Loads a model from these tensors, within a bound on memory and on work.
fn load(config: &Value, tensors: &Tensors, names: NameMap) -> Result<Vec<u8>, weights::Error> {
    let file = write::compact(config, tensors);
    let (loaded, Allocated { peak, total }) = attack::allocated(|| {
        Loader::new(file.len() as u64)?
            .with_names(names)
            .read_all(&file)?
            .packed()
    });
    let len = file.len();
    assert!(
        peak <= (1 << 20) + 200 * len,
        "{peak} bytes at once for a file of {len}"
    );
    assert!(
        total <= (4 << 20) + 4000 * len,
        "{total} bytes in all for a file of {len}"
    );
    let packed = loaded.inspect_err(attack::is_sentence)?;
    let mut writer = packed.writer().expect("a small model");
    let pieces = std::iter::from_fn(|| packed.piece(&mut writer));
    let written = pieces.flatten().collect();
    packed.model()?;
    Ok(written)
}

#[test]
fn a_block_that_is_itself_a_tensor() {
    let (config, mut tensors) = model();
    let weight = tensors[0].1.clone();
    tensors.push(("blocks.0.weight".into(), weight));
    let error = load(&config, &tensors, NameMap::new()).unwrap_err();
    assert!(error.to_string().contains("blocks.0.weight"), "{error}");
}

#[test]
fn sides_of_length_one_around_the_blocks() {
    let (config, mut tensors) = model();
    let plain = load(&config, &tensors, NameMap::new()).unwrap();
    // In blocks, where shapes tell more, they are left to the name map.
    let loose = tensors
        .iter_mut()
        .filter(|(name, _)| !name.contains("blocks."));
    for (place, (_, tensor)) in loose.enumerate() {
        tensor.shape.insert(place % (tensor.shape.len() + 1), 1);
    }
    assert!(load(&config, &tensors, NameMap::new()).unwrap() == plain);
}

#[test]
fn two_tensors_for_one_side_path() {
    let (config, mut tensors) = model();
    let down = tensors
        .iter()
        .find(|(name, _)| name == "blocks.1.fp_residual.down.weight")
        .expect("run_14 has one");
    let again = ("blocks.1.fp_residual.other.weight".into(), down.1.clone());
    tensors.push(again);
    let error = load(&config, &tensors, NameMap::new())
        .unwrap_err()
        .to_string();
    let both = "fp_residual.down.weight [4, 24], blocks.1.fp_residual.other.weight [4, 24]";
    assert!(
        error.starts_with("More than one") && error.contains(both),
        "{error}"
    );
}

#[test]
fn names_too_long_for_a_sentence() {
    let (config, mut tensors) = model();
    let tensor = Tensor {
        shape: vec![2, 2],
        data: Data::F32(vec![0.5; 4]),
    };
    for number in 0..40 {
        let name = format!("blocks.0.{}.{number}", "long".repeat(100));
        tensors.push((name, tensor.clone()));
    }
    // `load` measures every sentence.
    let error = load(&config, &tensors, NameMap::new()).unwrap_err();
    assert!(error.to_string().contains("and 28 more"), "{error}");
    for (_, tensor) in &mut tensors {
        tensor.shape = vec![tensor.numel()];
    }
    assert!(load(&config, &tensors, NameMap::new()).is_err());
    let (config, tensors) = model();
    let names = (0..1000).map(|n| (format!("{n}\n{}", "role".repeat(100)), "norm.weight".into()));
    assert!(load(&config, &tensors, names.collect()).is_err());
    let elsewhere = [("norm.weight".into(), "\u{1b}[2J".repeat(1000))];
    assert!(load(&config, &tensors, elsewhere.into()).is_err());
}

#[test]
fn models_damaged_at_random() {
    let (config, tensors) = model();
    let mut random = Random(4);
    let words = [
        "", "0", "7", "blocks", "norm1", "weight", "bias", "qkv", "gate_up", "aligner", "decay",
    ];
    let sizes = [0, 1, 2, 8, 24, 32, 37, 256];
    for _ in 0..600 {
        let mut tensors = tensors.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(tensors.len());
            let (name, mut tensor) = tensors[at].clone();
            let mut parts: Vec<&str> = name.split('.').collect();
            let place = random.below(parts.len());
            match random.below(5) {
                0 => _ = tensors.remove(at),
                1 => {
                    parts[place] = words[random.below(words.len())];
                    tensors[at].0 = parts.join(".");
                }
                2 => {
                    parts.insert(place, words[random.below(words.len())]);
                    tensors.push((parts.join("."), tensor));
                }
                3 => {
                    let axis = random.below(tensor.shape.len() + 1);
                    tensor.shape.insert(axis, sizes[random.below(sizes.len())]);
                    tensors[at].1 = floats(tensor.shape, &mut random);
                }
                _ => {
                    let other = random.below(tensors.len());
                    let shape = tensors[other].1.shape.clone();
                    tensors[at].1 = floats(shape, &mut random);
                }
            }
        }
        // What still makes a model has to be one that is put together without a panic.
        let _ = load(&config, &tensors, NameMap::new());
    }
}

/// Floats of a shape, most often of three values.
fn floats(shape: Vec<usize>, random: &mut Random) -> Tensor {
    let len = shape.iter().product::<usize>();
    let step = [1.0, 1.0, 0.1, f32::NAN][random.below(4)];
    let values = (0..len).map(|i| (i % 3) as f32 * step - step).collect();
    Tensor {
        shape,
        data: Data::F32(values),
    }
}

#[test]
fn a_hundred_thousand_tensors() {
    // The reader refuses as many. Looking at them pair by pair would take minutes.
    const COUNT: usize = 100_000;
    let block: [(&str, &[usize]); 8] = [
        ("norm1.weight", &[24]),
        ("norm2.weight", &[24]),
        ("mixer.forget.weight", &[24, 24]),
        ("mixer.candidate.weight", &[24, 24]),
        ("mixer.gate.weight", &[24, 24]),
        ("ffn.gate.weight", &[37, 24]),
        ("ffn.up.weight", &[37, 24]),
        ("ffn.down.weight", &[24, 37]),
    ];
    let long = "shared.Prefix".repeat(8);
    let name = |case: usize, i: usize| {
        let (word, shape) = block[i % block.len()];
        let number = i / block.len();
        let whole = (format!("blocks.{number}.{word}"), shape);
        match case {
            0 => (format!("blocks.{}.{word}{number}", number % 9999), shape),
            1 => (format!("{number}.{long}.{word}"), shape),
            2 => (format!("blocks.0.{number}.{word}"), shape),
            3 => (format!("p{number}.0.{word}"), shape),
            4 if number > 0 => (format!("x{i}.weight"), &[256, 8][..]),
            5 if number > 0 => (format!("x{i}.weight"), &[40, 24][..]),
            6 if number > 0 => (format!("x{i}.bias"), &[24][..]),
            7 if number > 0 => (format!("blocks.0.lora{i}"), &[4, 24][..]),
            _ => whole,
        }
    };
    for case in 0..=8 {
        let tensor = |i| {
            let (name, shape) = name(case, i);
            TensorInfo {
                name,
                shape: shape.into(),
                encoding: Encoding::F32,
            }
        };
        let tensors: Vec<TensorInfo> = (0..COUNT).map(tensor).collect();
        let (hints, names) = (Hints::default(), NameMap::new());
        let (result, Allocated { total, .. }) =
            attack::allocated(|| assign(&hints, &tensors, &names));
        attack::is_sentence(&result.expect_err("this is no model"));
        assert!(total < COUNT * 16_000, "case {case}: {total} bytes");
    }
}

#[test]
fn a_name_map_of_a_hundred_thousand_roles() {
    let (config, tensors) = model();
    let file = write::compact(&config, &tensors);
    for target in ["norm.weight", "norm.weight[0:1]", "no such tensor"] {
        let names: NameMap = (0..100_000)
            .map(|i| (format!("blocks.{}.mixer.{i}.weight", i % 8), target.into()))
            .collect();
        let loader = Loader::new(file.len() as u64).unwrap().with_names(names);
        let Err(error) = loader.read_all(&file) else {
            panic!("the roles are unknown");
        };
        attack::is_sentence(&error);
    }
}

#[test]
fn a_config_of_a_million_entries() {
    let entry = |i: u32| Pickle::new().op(b"J").op(&i.to_le_bytes()).op(b"N").0[2..].to_vec();
    let config = |entries: u32| {
        let entries: Vec<u8> = (0..entries).flat_map(entry).collect();
        with_config(&Pickle::new().op(b"}(").op(&entries).op(b"u"))
    };
    assert_eq!(read(&config(1_000_000)).unwrap_err(), Error::TooManyObjects);
    // As many as a description may hold; the loader looks for its keys among them.
    let (config, tensors) = model();
    let Value::Dict(mut entries) = config else {
        panic!("a config is a dict");
    };
    entries.extend((0..400_000).map(|i| (Value::Int(i), Value::None)));
    assert!(load(&Value::Dict(entries), &tensors, NameMap::new()).is_ok());
}

// What is not asked for is not fetched.

#[test]
fn of_a_step_file_only_the_models_share_is_fetched() {
    // Two tensors of optimizer state behind each of the model's, which is as bad as it gets: torch
    // orders the entries by their keys' text.
    const TENSORS: i64 = 60;
    const LEN: i64 = 15_000;
    let tensor = |pickle: Pickle, key: i64| {
        pickle.tensor_in(
            &format!("{key:04}"),
            "BFloat16Storage",
            LEN,
            0,
            &[LEN / 2, 2],
            &[2, 1],
        )
    };
    let mut pickle = Pickle::new().op(b"}(").text("model_state_dict").op(b"}(");
    for index in 0..TENSORS {
        pickle = tensor(pickle.text(&format!("w{index}")), 3 * index);
    }
    pickle = pickle
        .op(b"u")
        .text("optimizer_state_dict")
        .op(b"}(")
        .text("state")
        .op(b"}(");
    for index in 0..TENSORS {
        pickle = tensor(pickle.int(index).op(b"}(").text("exp_avg"), 3 * index + 1);
        pickle = tensor(pickle.text("exp_avg_sq"), 3 * index + 2).op(b"u");
    }
    let bytes = pickle.op(b"u").text("param_groups").op(b"]uu.").0;
    let names: Vec<String> = (0..3 * TENSORS)
        .map(|key| format!("m/data/{key:04}"))
        .collect();
    let storage = vec![1; 2 * LEN as usize];
    let mut entries = vec![("m/data.pkl", &bytes[..])];
    entries.extend(names.iter().map(|name| (&**name, &storage[..])));
    let file = archive(&entries);

    let mut reader = Reader::new(file.len() as u64).unwrap();
    let mut fetched = 0;
    let mut fetch = |reader: &mut Reader, range: Range<u64>| {
        fetched += range.end - range.start;
        reader
            .feed(&file[range.start as usize..range.end as usize])
            .unwrap();
    };
    while let Some(range) = reader.wants() {
        fetch(&mut reader, range);
    }
    let contents = reader.contents().unwrap();
    assert_eq!(contents.flavour, Flavour::Step);
    let all = contents.tensors.len();
    assert_eq!(
        (all, contents.skipped_tensors),
        (TENSORS as usize, 2 * TENSORS as usize)
    );
    reader.select(&(0..all).collect::<Vec<_>>()).unwrap();
    let mut last = 0;
    while let Some(range) = reader.wants() {
        assert!(range.start >= last, "requests go forwards");
        last = range.end;
        fetch(&mut reader, range);
        while let Some((_, tensor)) = reader.take().unwrap() {
            assert!(matches!(tensor.data, Data::Bf16(_)));
        }
    }
    assert!(reader.done());
    let (fed, selected) = reader.progress();
    assert_eq!(fed, selected);
    let third = (file.len() / 3) as u64;
    assert!(
        fetched < third + (100 << 10),
        "{fetched} of {} bytes",
        file.len()
    );
}
