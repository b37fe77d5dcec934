//! Damage on the way, and readers that are used wrongly.

use crate::attack::{Pickle, Random, drop_checksums, read};
use crate::{checkpoint, fixture};
use cpu1::checkpoint::{Error, Foreign, Reader};

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
        drop_checksums(&mut file);
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
    for size in (1..200).chain([511, 512, 513, 65_535, 65_536, 65_537, 65_633, 65_634, 200_000]) {
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
        let error = Error::WrongLength { wanted: file.len() as u64, got: wrong as u64 };
        assert_eq!(reader.feed(&file[..wrong]), Err(error));
        assert_eq!(reader.wants(), Some(wanted.clone()));
    }
    reader.feed(&file).unwrap();
    assert!(reader.contents().is_none());
    assert_eq!(reader.select(&[0]), Err(Error::NotSelectable));
}

#[test]
fn after_an_error_nothing_is_wanted() {
    let file = b"GGUF\x03\0\0\0";
    let mut reader = Reader::new(file.len() as u64).unwrap();
    assert_eq!(reader.feed(file), Err(Error::Foreign(Foreign::Gguf)));
    assert_eq!(reader.wants(), None);
    assert_eq!(reader.feed(file), Err(Error::NothingWanted));
    assert!(reader.contents().is_none() && !reader.done());
}
