//! Every kind of file that `cpu1 convert` writes is the model that was read.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use ::safetensors::{Dtype, SafeTensors};
use common::golden::{fixture, json, score, symbols};
use common::{continuation, greedy, load};
use cpu1::checkpoint::{self, Flavour};
use cpu1::model::{Model, Symbol};
use cpu1::parallel::Team;
use cpu1::runs::RUNS;
use cpu1::weights::Loader;
use cpu1::weights::convert::Kind;
use std::sync::Arc;

fn convert(file: &[u8], kind: Kind) -> Vec<u8> {
    let packed = Loader::read(file).unwrap().packed().unwrap();
    let mut out = Vec::new();
    let len = packed.write(kind, &mut out).unwrap();
    assert_eq!(len, out.len() as u64);
    out
}

/// The bits of a text and a greedy continuation.
fn behaviour(model: &Arc<Model>, text: &[Symbol]) -> (Vec<u32>, Vec<Symbol>) {
    let bits = score(model, text).bits().iter().map(|bits| bits.to_bits()).collect();
    (bits, continuation(model, Team::new(1), &text[..text.len() / 2], greedy(20)))
}

#[test]
fn every_run_as_every_kind() {
    for run in RUNS.iter().map(|run| run.name) {
        let text = symbols(&json(&format!("{run}.json"))["text"]);
        let says = |file: &[u8]| behaviour(&load(file), &text);
        let file = fixture(&format!("{run}.unpacked.pt"));
        let first = says(&file);
        // float32 keeps everything, and what is ternary already is not ternarised again.
        let unpacked = convert(&file, Kind::Unpacked);
        assert_eq!(says(&unpacked), first, "{run}, unpacked");
        let safetensors = convert(&file, Kind::Safetensors);
        assert_eq!(says(&safetensors), first, "{run}, safetensors");
        // bfloat16 rounds once: all that comes of it is alike.
        let compact = convert(&file, Kind::Compact);
        let rounded = says(&compact);
        for kind in [Kind::Unpacked, Kind::Compact, Kind::Step, Kind::Safetensors] {
            assert_eq!(says(&convert(&compact, kind)), rounded, "{run}, compact to {kind:?}");
        }
        assert_eq!(says(&convert(&file, Kind::Step)), rounded, "{run}, step");
    }
}

#[test]
fn a_file_is_of_the_kind_that_was_asked_for() {
    let file = fixture("run_14.step.pt");
    let step = checkpoint::read(&file).unwrap().0.step;
    for (kind, flavour) in [
        (Kind::Unpacked, Flavour::Unpacked),
        (Kind::Compact, Flavour::Compact2Bit),
        (Kind::Step, Flavour::Step),
        (Kind::Safetensors, Flavour::Safetensors),
    ] {
        let (contents, _) = checkpoint::read(&convert(&file, kind)).unwrap();
        assert_eq!(contents.flavour, flavour);
        assert_eq!(contents.step, step.filter(|_| kind == Kind::Step), "{flavour}");
        let n_heads = contents.config.unwrap().get("n_heads").cloned();
        assert_eq!(n_heads, Some(checkpoint::Value::Int(4)), "{flavour}");
    }
}

/// The crate is what Python's package is made of.
#[test]
fn others_read_our_safetensors() {
    let file = convert(&fixture("run_14.compact.pt"), Kind::Safetensors);
    let theirs = SafeTensors::deserialize(&file).unwrap();
    let (_, ours) = checkpoint::read(&file).unwrap();
    assert_eq!(theirs.len(), ours.len());
    for (name, tensor) in ours {
        let view = theirs.tensor(&name).unwrap();
        assert_eq!((view.dtype(), view.shape()), (Dtype::F32, &*tensor.shape), "{name}");
        let values: Vec<u8> = tensor.to_f32().iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(view.data(), values, "{name}");
    }
    let (_, header) = SafeTensors::read_metadata(&file).unwrap();
    let config = &header.metadata().as_ref().unwrap()["config"];
    let config: serde_json::Value = serde_json::from_str(config).unwrap();
    assert_eq!((&config["run"], &config["norm_eps"]), (&"run_14".into(), &1e-6.into()));
}
