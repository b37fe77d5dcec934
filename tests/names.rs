//! The same weights under other people's names: the same output, or an error that lists what is open.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::{generate, greedy, load};
use cpu1::checkpoint::{self, Data, Tensor, Value, write};
use cpu1::parallel::Team;
use cpu1::runs::RUNS;
use cpu1::weights::roles::NameMap;
use cpu1::weights::{Loader, Options};
use std::sync::Arc;

type Tensors = Vec<(String, Tensor)>;

/// A fixture, taken apart.
fn fixture(run: &str) -> (Vec<u8>, Value, Tensors) {
    let file = common::golden::fixture(&format!("{run}.unpacked.pt"));
    let (contents, tensors) = checkpoint::read(&file).unwrap();
    (file, contents.config.unwrap(), tensors)
}

fn text_of(file: &[u8]) -> Vec<u8> {
    let prompt = b"The same weights, other names";
    generate(&load(file), Team::new(1), prompt, greedy(48))
}

/// Why a file is refused.
fn refusal(file: &[u8], names: NameMap) -> String {
    Loader::read_with(file, Options { names, ..Options::default() })
        .err()
        .expect("a refusal")
        .to_string()
}

fn rename(tensors: &Tensors, pairs: &[(&str, &str)]) -> Tensors {
    let renamed = |name: &str| {
        let replace = |name: String, (from, to): &(&str, &str)| name.replace(from, to);
        pairs.iter().fold(name.to_string(), replace)
    };
    tensors.iter().map(|(name, tensor)| (renamed(name), tensor.clone())).collect()
}

/// Replaces neighbouring tensors by one that has all their rows.
fn fuse(tensors: &mut Tensors, parts: &[&str], fused: &str) {
    let first = tensors.iter().position(|(name, _)| name.ends_with(parts[0]));
    while let Some(at) = tensors.iter().position(|(name, _)| name.ends_with(parts[0])) {
        let stem = tensors[at].0.strip_suffix(parts[0]).unwrap().to_string();
        let mut values = Vec::new();
        let (mut rows, mut cols) = (0, 0);
        for part in parts {
            let index = tensors.iter().position(|(name, _)| *name == format!("{stem}{part}"));
            let (_, tensor) = tensors.remove(index.expect("every part"));
            values.extend(tensor.to_f32());
            rows += tensor.shape[0];
            cols = tensor.shape[1];
        }
        let tensor = Tensor { shape: vec![rows, cols], data: Data::F32(values) };
        tensors.insert(at.min(tensors.len()), (format!("{stem}{fused}"), tensor));
    }
    assert!(first.is_some(), "nothing to fuse");
}

const HUGGING_FACE: &[(&str, &str)] = &[
    ("blocks.", "model.layers."),
    ("decoder.model.layers.", "local_decoder.layers."),
    ("mixer.query", "self_attn.q_proj"),
    ("mixer.key", "self_attn.k_proj"),
    ("mixer.value", "self_attn.v_proj"),
    ("mixer.forget", "attn.f_proj"),
    ("mixer.candidate", "attn.i_proj"),
    ("mixer.gate", "attn.g_proj"),
    ("mixer.out_norm", "attn.g_norm"),
    ("mixer.out", "attn.o_proj"),
    ("mixer.decay", "attn.lower_bound"),
    ("ffn.gate", "mlp.gate_proj"),
    ("ffn.up", "mlp.up_proj"),
    ("ffn.down_norm", "mlp.norm"),
    ("ffn.down", "mlp.down_proj"),
    ("norm1", "input_layernorm"),
    ("norm2", "post_attention_layernorm"),
    ("embed.bytes", "model.byte_embeddings"),
    ("embed.patch", "model.patch_projection"),
    ("decoder.bytes", "local_decoder.embed_tokens"),
    ("decoder.head", "lm_head"),
    ("decoder.input", "local_decoder.in_proj"),
    ("decoder.norm", "local_decoder.norm"),
    ("decoder.positions", "local_decoder.pos_emb"),
];

const CAPITALS: &[(&str, &str)] = &[
    ("blocks.", "layers."),
    ("mixer.forget.weight", "mlgru.Wf.weight"),
    ("mixer.candidate.weight", "mlgru.Wc.weight"),
    ("mixer.gate.weight", "mlgru.Wg.weight"),
    ("mixer.out.weight", "mlgru.Wo.weight"),
    ("mixer.out_norm", "mlgru.subln"),
    ("mixer.query", "attn.W_q"),
    ("mixer.key", "attn.W_k"),
    ("mixer.value", "attn.W_v"),
    ("mixer.decay", "mlgru.lam"),
    ("ffn.gate", "ffn.w1"),
    ("ffn.up", "ffn.w3"),
    ("ffn.down.", "ffn.w2."),
    ("norm1", "ln_1"),
    ("norm2", "ln_2"),
    ("fp_residual", "fp_res"),
    ("decoder.", "lbd."),
    ("delete_gate.hidden", "delete_gate.0"),
    ("delete_gate.score", "delete_gate.2"),
];

/// Config keys that no tensor can tell.
fn essential(config: &Value) -> Value {
    let Value::Dict(entries) = config else { unreachable!() };
    let kept = entries.iter().filter(|(key, _)| {
        matches!(key, Value::Str(key) if ["run", "n_heads", "window", "ternary"].contains(&key.as_str()))
    });
    Value::Dict(kept.cloned().collect())
}

#[test]
fn foreign_schemes_give_the_same_text() {
    for run in RUNS.iter().filter(|run| !run.config().is_bpe()) {
        let run = run.name;
        let (file, config, tensors) = fixture(run);
        let want = text_of(&file);
        let check = |scheme: &str, config: &Value, tensors: &Tensors| {
            let file = write::compact(config, tensors);
            if let Err(error) = Loader::read(&file) {
                panic!("{run}, {scheme}: {error}");
            }
            let got = text_of(&file);
            assert_eq!(got, want, "{run}, {scheme}");
        };
        check("ours", &config, &tensors);
        check("Hugging Face", &config, &rename(&tensors, HUGGING_FACE));
        check("capitals", &config, &rename(&tensors, CAPITALS));
        let wrapped: Tensors = tensors
            .iter()
            .map(|(name, tensor)| (format!("module._orig_mod.{name}"), tensor.clone()))
            .collect();
        check("wrapped", &config, &wrapped);
        let mut reordered = tensors.clone();
        reordered.reverse();
        check("reordered", &config, &reordered);
        check("half a config", &essential(&config), &tensors);

        let mut fused = tensors.clone();
        fuse(&mut fused, &["ffn.gate.weight", "ffn.up.weight"], "ffn.gate_up_proj.weight");
        check("fused gate and up", &config, &fused);
        if fused.iter().any(|(name, _)| name.ends_with("blocks.0.mixer.query.weight")) {
            let parts = ["mixer.query.weight", "mixer.key.weight", "mixer.value.weight"];
            fuse(&mut fused, &parts, "attn.qkv.weight");
            check("fused qkv", &config, &fused);
        }
    }
}

#[test]
fn the_run_is_told_by_the_tensors_when_the_config_is_missing() {
    for run in ["run_02", "run_04", "run_05b_kernel_strict", "run_07", "run_09", "run_10"] {
        let (_, _, tensors) = fixture(run);
        // No tensor tells the number of heads; the published 8 do not divide the fixtures' width.
        let heads = (Value::Str("n_heads".into()), Value::Int(4));
        let file = write::compact(&Value::Dict(vec![heads]), &tensors);
        let loaded = Loader::read(&file).unwrap().finish().unwrap();
        // The fixtures are far narrower than any run, so run_14 is the nearest of run_07's shape.
        let told = &loaded.model.config.run;
        assert!(told == run || run == "run_07" && told == "run_14", "{run} was taken for {told}");
    }
}

#[test]
fn the_aligner_is_left_out_and_reported() {
    let (file, _, _) = fixture("run_15");
    let report = Loader::read(&file).unwrap().finish().unwrap().report;
    assert_eq!(report.unused, ["aligner.weight"]);
}

#[test]
fn names_without_meaning_are_listed_and_a_map_settles_them() {
    let (file, config, tensors) = fixture("run_14");
    let secret = &[
        ("mixer.forget", "mixer.alpha"),
        ("mixer.candidate", "mixer.beta"),
        ("mixer.gate", "mixer.gamma"),
        ("mixer.out.", "mixer.delta."),
    ];
    let secret = write::compact(&config, &rename(&tensors, secret));
    let error = refusal(&secret, NameMap::new());
    for said in ["blocks.0.mixer.", "[24, 24]", "blocks.0.mixer.alpha.weight", "name map"] {
        assert!(error.contains(said), "{error}");
    }

    let mut map = NameMap::new();
    for block in 0..4 {
        for (role, name) in
            [("forget", "alpha"), ("candidate", "beta"), ("gate", "gamma"), ("out", "delta")]
        {
            map.insert(
                format!("blocks.{block}.mixer.{role}.weight"),
                format!("blocks.{block}.mixer.{name}.weight"),
            );
        }
    }
    let loader =
        Loader::read_with(&secret, Options { names: map.clone(), ..Options::default() }).unwrap();
    let (mapped, plain) = (Arc::new(loader.finish().unwrap().model), load(&file));
    assert_eq!(mapped.parameters, plain.parameters);
    let text = |model| generate(&model, Team::new(1), b"mapped", greedy(40));
    assert_eq!(text(mapped), text(plain));

    for (role, tensor, said) in [
        ("blocks.0.mixer.forget.weight", "nowhere", "nowhere"),
        ("blocks.0.mixer.forget.weight", "norm.weight", "[24, 24]"),
        ("blocks.9.mixer.forget.weight", "blocks.0.mixer.alpha.weight", "blocks.9."),
    ] {
        let mut map = map.clone();
        map.insert(role.into(), tensor.into());
        let error = refusal(&secret, map);
        assert!(error.contains(said), "{error}");
    }
}

/// Three layers fused under a name that does not give their order, or that says nothing.
#[test]
fn a_fused_tensor_of_unknown_order_is_asked_about() {
    for (run, parts, name) in [
        ("run_14", ["forget", "candidate", "gate"], "mixer.in_proj"),
        ("run_02", ["query", "key", "value"], "mixer.w"),
    ] {
        let (file, config, mut tensors) = fixture(run);
        let weights = parts.map(|part| format!("mixer.{part}.weight"));
        let weights = weights.each_ref().map(String::as_str);
        let apart = tensors.clone();
        fuse(&mut tensors, &weights, &format!("{name}.weight"));
        let fused = write::compact(&config, &tensors);
        let error = refusal(&fused, NameMap::new());
        assert!(error.contains(name), "{run}: {error}");

        let mut map = NameMap::new();
        for (role, tensor) in &apart {
            let part = weights.iter().position(|part| role.ends_with(part));
            let Some((i, stem)) = part.and_then(|i| Some((i, role.strip_suffix(weights[i])?)))
            else {
                continue;
            };
            let rows = tensor.shape[0];
            let place = format!("{stem}{name}.weight[{}:{}]", rows * i, rows * (i + 1));
            map.insert(role.clone(), place);
        }
        let loader =
            Loader::read_with(&fused, Options { names: map, ..Options::default() }).unwrap();
        let model = loader.finish().unwrap().model;
        let text = |model| generate(&model, Team::new(1), b"fused", greedy(40));
        assert_eq!(text(Arc::new(model)), text(load(&file)), "{run}");
    }
}

#[test]
fn what_would_change_a_block_is_not_passed_over() {
    let (_, config, mut tensors) = fixture("run_14");
    let extra = Tensor { shape: vec![24, 7, 3], data: Data::F32(vec![0.5; 24 * 21]) };
    tensors.push(("blocks.2.mixer.conv.weight".into(), extra));
    let error = refusal(&write::compact(&config, &tensors), NameMap::new());
    assert!(error.contains("blocks.2.mixer.conv.weight [24, 7, 3]"), "{error}");
}

#[test]
fn a_missing_tensor_or_block_is_named() {
    let (_, config, tensors) = fixture("run_14");
    let without = |gone: &str| {
        let left: Tensors =
            tensors.iter().filter(|(name, _)| !name.contains(gone)).cloned().collect();
        refusal(&write::compact(&config, &left), NameMap::new())
    };
    for (gone, said) in [
        ("blocks.1.ffn.down.weight", "blocks.1.ffn"),
        ("blocks.2.", "blocks.2"),
        ("decoder.input", "decoder."),
        ("embed.patch", "embed."),
    ] {
        let error = without(gone);
        assert!(error.contains(said), "{error}");
    }
}
