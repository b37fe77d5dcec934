//! Tensors that make no model.

use crate::attack::{self, Allocated, Pickle, Random, read};
use crate::{config_of, with_config};
use cpu1::checkpoint::{Data, Encoding, Tensor, TensorInfo, Value, write};
use cpu1::weights::file_config::Hints;
use cpu1::weights::roles::{Copy, NameMap, assign};
use cpu1::weights::{self, Loader, Options};

type Tensors = Vec<(String, Tensor)>;

/// The config and the tensors of a small model.
fn model() -> (Value, Tensors) {
    let file = crate::fixture("../run_14.compact");
    let (contents, tensors) = read(&file).unwrap();
    (contents.config.unwrap(), tensors)
}

/// Loads a model from these tensors, within a bound on memory and on work.
fn load(config: &Value, tensors: &Tensors, names: NameMap) -> Result<Vec<u8>, weights::Error> {
    let file = write::compact(config, tensors);
    let packed = attack::load(&file, || {
        Loader::read_with(&file, Options { names, ..Options::default() })?.packed()
    })?;
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
    let loose = tensors.iter_mut().filter(|(name, _)| !name.contains("blocks."));
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
    let error = load(&config, &tensors, NameMap::new()).unwrap_err().to_string();
    assert!(error.contains("explains: blocks.1.fp_residual.other.weight [4, 24]"), "{error}");
}

#[test]
fn names_too_long_for_a_sentence() {
    let (config, mut tensors) = model();
    let tensor = Tensor { shape: vec![2, 2], data: Data::F32(vec![0.5; 4]) };
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
    assert!(load(&config, &tensors, elsewhere.into_iter().collect()).is_err());
}

#[test]
fn models_damaged_at_random() {
    let (config, tensors) = model();
    let mut random = Random(4);
    let words =
        ["", "0", "7", "blocks", "norm1", "weight", "bias", "qkv", "gate_up", "aligner", "decay"];
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
    Tensor { shape, data: Data::F32(values) }
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
            TensorInfo { name, shape: shape.into(), encoding: Encoding::F32 }
        };
        let tensors: Vec<TensorInfo> = (0..COUNT).map(tensor).collect();
        let (hints, names) = (Hints::default(), NameMap::new());
        let (result, Allocated { total, .. }) =
            attack::allocated(|| assign(&hints, &tensors, &names, Copy::Live));
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
        let Err(error) = Loader::read_with(&file, Options { names, ..Options::default() }) else {
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
    let large = Value::Opaque("a very large dict".into());
    assert_eq!(config_of(&config(1_000_000)), Ok(large));
    // The loader looks for its keys in what is left.
    let (config, tensors) = model();
    let Value::Dict(mut entries) = config else {
        panic!("a config is a dict");
    };
    entries.extend((0..400_000).map(|i| (Value::Int(i), Value::None)));
    assert!(load(&Value::Dict(entries), &tensors, NameMap::new()).is_ok());
}
