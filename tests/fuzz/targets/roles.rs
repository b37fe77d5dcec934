//! The whole loader: models of the fixtures, with their tensors renamed, reshaped, dropped, doubled
//! and re-encoded, under every kind of config and name map; what loads has to run.
#![no_main]

use arbitrary::{Result, Unstructured};
use cpu1::checkpoint::codes::Codes;
use cpu1::checkpoint::{self, Data, Tensor, Value, write};
use cpu1::generate::Generation;
use cpu1::model::Symbol;
use cpu1::parallel::Team;
use cpu1::sample::Settings;
use cpu1::weights::roles::NameMap;
use cpu1_fuzz::{load, one, round_trip};
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};

type Named = Vec<(String, Vec<usize>)>;

/// The names and shapes of each fixture, and its config.
static TEMPLATES: LazyLock<Vec<(Named, Value)>> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
    let files = std::fs::read_dir(folder).expect("the fixtures");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".compact.pt"));
    files.sort();
    files
        .iter()
        .map(|path| template(&std::fs::read(path).expect("a fixture")))
        .collect()
});

fn template(file: &[u8]) -> (Named, Value) {
    let (contents, _) = checkpoint::read(file).expect("a fixture");
    let named = contents
        .tensors
        .iter()
        .map(|t| (t.name.clone(), t.shape.clone()))
        .collect();
    (named, contents.config.expect("a config"))
}

#[rustfmt::skip]
const WORDS: [&str; 40] = [
    "", "module", "model", "layers", "blocks", "0", "1", "2", "9999", "attn", "mixer", "qkv",
    "q_proj", "gate", "up", "gate_up", "fcg_proj", "down", "norm", "norm1", "weight", "bias",
    "decay", "pfnet", "fp_residual", "decoder", "local", "embed", "bytes", "head", "heads",
    "aligner", "out", "W_f", "mask", "boundary", "score", "hidden", "positions", "w2",
];
const SIZES: [usize; 16] = [
    0, 1, 2, 3, 4, 8, 16, 20, 32, 48, 64, 96, 128, 256, 512, 70_000,
];
#[rustfmt::skip]
const CONFIG: [&str; 16] = [
    "run", "n_heads", "mixer", "window", "ternary", "norm_eps", "rope_base", "activation_bits",
    "delete_threshold", "d_model", "heads", "num_heads", "internal_name", "eps", "n_layers",
    "patch_size",
];

fn rename(u: &mut Unstructured, name: &str) -> Result<String> {
    let mut parts: Vec<&str> = name.split('.').collect();
    let at = u.int_in_range(0..=parts.len() - 1)?;
    match u.int_in_range(0..=2)? {
        0 => parts[at] = one(u, &WORDS)?,
        1 => parts.insert(at, one(u, &WORDS)?),
        _ => _ = parts.remove(at),
    }
    Ok(parts.join("."))
}

fn data(u: &mut Unstructured, len: usize) -> Result<Data> {
    Ok(match u.int_in_range(0..=7)? {
        0 => Data::F32(vec![0.1; len]),
        1 => Data::F16(vec![Default::default(); len]),
        2 => Data::Int(vec![1; len]),
        3 => Data::F32(vec![f32::from_bits(u.arbitrary()?); len]),
        _ => Data::F32((0..len).map(|i| (i % 7) as f32 - 3.0).collect()),
    })
}

fn case(u: &mut Unstructured) -> Result<(Vec<u8>, NameMap)> {
    let (named, config) = one(u, &TEMPLATES)?;
    let mut named = named.clone();
    for _ in 0..u.int_in_range(0..=6)? {
        let at = u.int_in_range(0..=named.len().max(1) - 1)?;
        let Some((name, shape)) = named.get(at).cloned() else {
            break;
        };
        match u.int_in_range(0..=8)? {
            0 => _ = named.remove(at),
            1 => named.push((rename(u, &name)?, shape)),
            2 => named[at].0 = rename(u, &name)?,
            3 if !shape.is_empty() => {
                let axis = u.int_in_range(0..=shape.len() - 1)?;
                named[at].1[axis] = *one(u, &SIZES)?;
            }
            4 => named[at].1.push(*one(u, &SIZES)?),
            5 => _ = named[at].1.pop(),
            6 => named[at].1.insert(0, 1),
            // The same change for all tensors of a kind.
            7 => {
                let from = *one(
                    u,
                    &[
                        name.split('.').next_back().unwrap_or(""),
                        "blocks",
                        "mixer",
                        "ffn",
                    ],
                )?;
                let to = *one(u, &WORDS)?;
                for (name, _) in &mut named {
                    *name = name.replace(from, to);
                }
            }
            _ => {
                let (from, to) = (shape.first().copied().unwrap_or(1), *one(u, &SIZES)?);
                for (_, shape) in &mut named {
                    shape
                        .iter_mut()
                        .filter(|size| **size == from)
                        .for_each(|size| *size = to);
                }
            }
        }
    }
    let mut tensors = Vec::with_capacity(named.len());
    let mut room = 1_usize << 17;
    for (name, shape) in &named {
        let len = shape.iter().try_fold(1_usize, |len, &n| len.checked_mul(n));
        let Some(len) = len.filter(|&len| len <= room) else {
            continue;
        };
        room -= len;
        let data = match u.ratio(1, 16)? {
            true => data(u, len)?,
            false => Data::Ternary {
                codes: Codes::zeros(len),
                scales: vec![0.5],
            },
        };
        tensors.push((
            name.clone(),
            Tensor {
                shape: shape.clone(),
                data,
            },
        ));
    }
    let mut config = match config {
        Value::Dict(entries) if u.ratio(3, 4)? => entries.clone(),
        _ => Vec::new(),
    };
    for _ in 0..u.int_in_range(0..=3)? {
        let value = match u.int_in_range(0..=4)? {
            0 => Value::Int(u.arbitrary()?),
            1 => Value::Int(u.int_in_range(0..=9)?),
            2 => Value::Float(u.arbitrary()?),
            3 => Value::Str(one(u, &["attention", "mlgru", "run_01", "run_10", ""])?.to_string()),
            _ => Value::None,
        };
        config.insert(0, (Value::Str(one(u, &CONFIG)?.to_string()), value));
    }
    let mut names = NameMap::new();
    for _ in 0..u.int_in_range(0..=3)? {
        let template = one(u, &TEMPLATES)?;
        let (role, _) = u.choose(&template.0)?;
        let mut target = match named.is_empty() {
            true => String::new(),
            false => u.choose(&named)?.0.clone(),
        };
        if u.arbitrary()? {
            let (start, end) = (one(u, &SIZES)?, one(u, &SIZES)?);
            target = format!("{target}[{start}:{end}]");
        }
        names.insert(role.clone(), target);
    }
    Ok((write::compact(&Value::Dict(config), &tensors), names))
}

fuzz_target!(|bytes: &[u8]| {
    let (file, names) = match bytes.starts_with(b"PK") {
        true => (bytes.to_vec(), NameMap::new()),
        false => match case(&mut Unstructured::new(bytes)) {
            Ok(case) => case,
            Err(_) => return,
        },
    };
    let Some(loaded) = load(&file, names.clone()) else {
        return;
    };
    round_trip(&file, names);
    let settings = Settings {
        max_bytes: 6,
        ..Settings::default()
    };
    let vocabulary = loaded.model.config.vocab_size.max(1) as Symbol;
    let prompt = [1, 2, 3, 0, 1].map(|symbol| symbol % vocabulary);
    let model = Arc::new(loaded.model);
    if let Ok(mut generation) = Generation::new(model, Team::new(1), &prompt, settings) {
        let mut out = Vec::new();
        while !generation.is_done() {
            generation.advance(1, &mut out);
        }
    }
});
