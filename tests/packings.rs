//! Compact files with other keys, orders, bits, codes and scales than ours, written with torch by
//! `tests/reference/write_compact_variants.py`: read alike where they say what they mean, refused where not.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::golden::fixture;
use common::{generate, greedy, load};
use cpu1::checkpoint::{self, Contents, Data, Error, Flavour, PackingChoice, Reader, Tensor};
use cpu1::parallel::Team;

/// Contents and tensors of a file, sorted by name.
fn read(name: &str) -> Result<(Contents, Vec<(String, Tensor)>), Error> {
    let (contents, mut tensors) =
        checkpoint::read(&fixture(&format!("checkpoint/packed/{name}.pt")))?;
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    Ok((contents, tensors))
}

/// The weights of `write_compact_variants.py`, by its formula.
fn weight(i: usize) -> f32 {
    ((i * i + i / 4) % 3) as f32 - 1.0
}

/// The tensor's values, with a scale by row.
fn values(rows: usize, columns: usize, scale: impl Fn(usize) -> f32) -> Vec<f32> {
    let value = |i: usize| weight(i) * scale(i / columns);
    (0..rows * columns).map(value).collect()
}

#[test]
fn one_model_packed_in_many_ways() {
    let files = [
        "columns",
        "columns_lines",
        "columns_untold",
        "columns_across",
        "transposed",
        "lines",
        "across",
        "high_first",
        "msb_first",
        "signed",
        "code_list",
        "code_of_weight",
        "weight_of_code",
        "offset_2",
        "row_scales",
        "row_scales_f32",
        "tables",
        "tables_below",
        "suffixed",
        "suffixed_shapes",
        "suffixed_weights",
        "unknown_keys",
    ];
    for name in files {
        let (contents, tensors) = read(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(contents.flavour, Flavour::Compact2Bit, "{name}");
        let scale = |row: usize| match name {
            "row_scales" | "row_scales_f32" => (row + 1) as f32 / 4.0,
            _ => 0.375,
        };
        let [(a_name, a), (b_name, b), (norm_name, norm)] = &tensors[..] else {
            panic!("{name} has {} tensors", tensors.len());
        };
        // `a.weight_packed` may be the packed weight of `a` or the packed `a.weight`.
        let names = [a_name, b_name].map(|name| name.trim_end_matches(".weight"));
        assert_eq!((names, &**norm_name), (["a", "b"], "norm.weight"), "{name}");
        assert_eq!((&a.shape[..], &b.shape[..]), (&[5, 7][..], &[8, 12][..]), "{name}");
        assert_eq!(a.to_f32(), values(5, 7, scale), "{name}");
        assert_eq!(b.to_f32(), values(8, 12, scale), "{name}");
        assert!(matches!(norm.data, Data::Bf16(_)), "{name}");
    }
    let (_, square) = read("square").unwrap();
    assert_eq!(square[0].1.to_f32(), values(8, 8, |_| 0.375));
}

#[test]
fn what_is_left_open_or_contradicts_itself_gets_a_sentence() {
    for (name, part) in [
        ("no_axis", "could be packed along either side"),
        ("no_one_order", "'transposed' contradicts another declaration"),
        ("no_such_order", "'order' is not understood"),
        ("no_such_shape", "no known packing of 5 × 7 weights"),
        ("no_minus_one", "'code_values' is not understood"),
        ("no_shape", "no 'shape'"),
        ("no_scale", "no scale"),
        ("no_codes", "no packed codes"),
        ("no_column_scales", "one for each row"),
    ] {
        let error = read(name).expect_err(name);
        assert!(matches!(error, Error::Group { .. }), "{name}: {error}");
        assert!(error.to_string().contains(part), "{name}: {error}");
    }
}

#[test]
fn what_is_not_declared_is_found_in_codes_and_scales() {
    let read = |name: &str| {
        let file = fixture(&format!("checkpoint/packed/{name}.pt"));
        let mut reader = Reader::new(file.len() as u64).unwrap();
        reader.feed_all(&file).unwrap();
        let count = reader.contents().unwrap().tensors.len();
        reader.select(&(0..count).collect::<Vec<_>>()).unwrap();
        reader.feed_all(&file).unwrap();
        let mut tensors = Vec::new();
        while let Some(tensor) = reader.take().unwrap() {
            tensors.push(tensor);
        }
        tensors.sort_unstable_by_key(|(index, _)| *index);
        let values: Vec<Vec<f32>> = tensors.iter().map(|(_, tensor)| tensor.to_f32()).collect();
        (values, reader.notes().join(" "))
    };
    let (want, notes) = read("open_documented");
    assert_eq!(notes, "");
    for (name, note) in [
        ("open_code", "-1, 0 and +1 are 2, 0 and 1"),
        ("open_signed", "-1, 0 and +1 are 3, 0 and 1"),
        ("open_offset", "-1, 0 and +1 are 1, 2 and 3"),
        ("open_reciprocal", "taken as 1/γ"),
        ("open_quarters", ""),
        ("open_neighbours", ""),
        ("open_quarters_high", "in its highest bits"),
        ("open_lines_high", "in its highest bits"),
    ] {
        let (values, notes) = read(name);
        assert!(notes.contains(note), "{name}: {notes}");
        for (values, want) in values.iter().zip(&want) {
            assert_eq!(values.len(), want.len(), "{name}");
            let near = |(value, want): (&f32, &f32)| (value - want).abs() < 1e-6;
            assert!(values.iter().zip(want).all(near), "{name}");
        }
    }
}

#[test]
fn a_choice_decides_what_nothing_tells() {
    // Of 8 × 8 weights in 2 × 8 bytes, no bits are left over.
    let file = fixture("checkpoint/packed/square.pt");
    let read = |packing: PackingChoice| {
        let mut reader = Reader::new(file.len() as u64).unwrap();
        reader.feed_all(&file).unwrap();
        reader.choose_packing(packing);
        reader.select(&[0]).unwrap();
        reader.feed_all(&file).unwrap();
        let (_, tensor) = reader.take().unwrap().unwrap();
        (tensor.to_f32(), reader.notes().to_vec())
    };
    let (neighbours, notes) = read(PackingChoice::default());
    assert!(notes.iter().any(|note| note.contains("four neighbours was taken")), "{notes:?}");
    assert_eq!(neighbours, values(8, 8, |_| 0.375));
    let choice = PackingChoice { quarters: Some(true), ..PackingChoice::default() };
    let (quarters, _) = read(choice);
    // Row 1 of the neighbours is in the second bits of the first bytes: the first row of the second quarter.
    assert_eq!(quarters[2 * 8..3 * 8], neighbours[8..2 * 8]);
    let choice = PackingChoice { reciprocal: Some(true), ..PackingChoice::default() };
    let larger = neighbours.iter().map(|value| value / 0.375 / 0.375);
    // Of bf16, as the scale is.
    assert!(read(choice).0.iter().zip(larger).all(|(a, b)| (a - b).abs() < 1e-2));
}

#[test]
fn a_whole_model_in_a_foreign_packing_says_the_same() {
    let text = |name: &str| {
        let model = load(&fixture(&format!("{name}.pt")));
        generate(&model, Team::new(1), b"Packed elsewhere", greedy(64))
    };
    assert_eq!(text("checkpoint/packed/run_14"), text("run_14.compact"));
}
