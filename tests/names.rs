//! The same weights under other people's names: the same output, or an error that lists what is open.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::{generate, greedy, load};
use cpu1::checkpoint::{self, Data, Encoding, Tensor, TensorInfo, Value, write};
use cpu1::config::{Config, Mixer};
use cpu1::parallel::Team;
use cpu1::runs::RUNS;
use cpu1::weights::file_config::Hints;
use cpu1::weights::roles::{Assignment, Copy, NameMap, assign};
use cpu1::weights::{self, Loader, Options};
use proptest::prelude::*;
use std::collections::BTreeMap;
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
    let plain = load(&file);
    let text = |model| generate(&model, Team::new(1), b"mapped", greedy(40));
    for block in 0..4 {
        for (role, name) in
            [("forget", "alpha"), ("candidate", "beta"), ("gate", "gamma"), ("out", "delta")]
        {
            map.insert(
                format!("blocks.{block}.mixer.{role}.weight"),
                format!("blocks.{block}.mixer.{name}.weight"),
            );
        }
        // What is said of one block holds for the others.
        let options = Options { names: map.clone(), ..Options::default() };
        let loader = Loader::read_with(&secret, options).unwrap();
        let mapped = Arc::new(loader.finish().unwrap().model);
        assert_eq!(mapped.parameters, plain.parameters);
        assert_eq!(text(mapped), text(Arc::clone(&plain)));
    }

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

#[test]
fn a_map_renames_ignores_and_denies() {
    let (file, config, mut tensors) = fixture("run_14");
    let read = |tensors: &Tensors, map: &str| {
        let names = NameMap::read(map.as_bytes()).unwrap();
        let file = write::compact(&config, tensors);
        Loader::read_with(&file, Options { names, ..Options::default() })?.finish()
    };
    let text = |model| generate(&Arc::new(model), Team::new(1), b"as before", greedy(40));
    let want = generate(&load(&file), Team::new(1), b"as before", greedy(40));

    let prefixed = rename(&tensors, &[("decoder.", "zq."), ("blocks.", "zq.x.")]);
    let loaded = read(
        &prefixed,
        r#"{"decoder.": "zq.", "decoder.blocks.": "zq.zq.x.", "blocks.": "zq.x."}"#,
    );
    assert_eq!(text(loaded.unwrap().model), want);

    let extra = Tensor { shape: vec![24, 3], data: Data::F32(vec![0.5; 72]) };
    tensors.push(("blocks.2.mixer.conv.weight".into(), extra));
    assert!(read(&tensors, "{}").is_err());
    let loaded = read(&tensors, r#"{"ignore": ["*.conv.*"]}"#).unwrap();
    assert_eq!(loaded.report.unused, ["blocks.2.mixer.conv.weight"]);
    assert_eq!(text(loaded.model), want);

    tensors.pop();
    let loaded = read(&tensors, r#"{"decoder.positions": null}"#).unwrap();
    assert_eq!(loaded.report.unused, ["decoder.positions"]);
    let error = read(&tensors, r#"{"norm.weight": null}"#).err().expect("a refusal").to_string();
    assert!(error.contains("no norm.weight"), "{error}");
}

#[test]
fn averaged_weights_are_read_where_they_are_asked_for() {
    let (_, config, tensors) = fixture("run_14");
    let halved: Tensors = tensors
        .iter()
        .map(|(name, tensor)| {
            let values = tensor.to_f32().iter().map(|value| value / 2.0).collect();
            (name.clone(), Tensor { shape: tensor.shape.clone(), data: Data::F32(values) })
        })
        .collect();
    let under = |prefix: &str, tensors: &Tensors| -> Tensors {
        tensors.iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor.clone())).collect()
    };
    let both = [under("model.", &tensors), under("ema_model.", &halved)].concat();
    let both = write::compact(&config, &both);
    for (weights, alone, said) in [
        (Copy::Live, under("", &tensors), "the weights of the last step were read"),
        (Copy::Ema, under("ema_model.", &halved), "the averaged weights were read"),
    ] {
        let loader = Loader::read_with(&both, Options { weights, ..Options::default() }).unwrap();
        let loaded = loader.finish().unwrap();
        assert_eq!(loaded.report.copies, [Copy::Live, Copy::Ema]);
        assert!(loaded.report.notes[0].contains(said), "{:?}", loaded.report.notes);
        assert!(loaded.report.unused.is_empty());
        let text = |model: &Arc<_>| generate(model, Team::new(1), b"twice", greedy(40));
        // An average alone is a model like any other.
        let alone = load(&write::compact(&config, &alone));
        assert_eq!(text(&Arc::new(loaded.model)), text(&alone));
    }
    let live = write::compact(&config, &tensors);
    let options = Options { weights: Copy::Ema, ..Options::default() };
    let error = Loader::read_with(&live, options).err().expect("a refusal").to_string();
    assert!(error.contains("no averaged weights"), "{error}");
}

#[test]
fn a_head_that_is_absent_is_the_table() {
    let (_, config, tensors) = fixture("run_02");
    let of = |name: &str| tensors.iter().position(|(n, _)| n == name).unwrap();
    let (head, table) = (of("decoder.head.weight"), of("decoder.bytes.weight"));
    let mut written = tensors.clone();
    written[head].1 = tensors[table].1.clone();
    // Which of the two names is left is chance.
    for gone in [head, table] {
        let mut tied = written.clone();
        tied.remove(gone);
        let loaded = Loader::read(&write::compact(&config, &tied)).unwrap().finish().unwrap();
        assert!(loaded.report.notes[0].contains("tied"), "{:?}", loaded.report.notes);
        let text = |model: &Arc<_>| generate(model, Team::new(1), b"tied", greedy(40));
        let whole = load(&write::compact(&config, &written));
        assert_eq!(text(&Arc::new(loaded.model)), text(&whole));
    }
}

#[test]
fn a_refusal_guesses_the_whole_map() {
    let (_, config, tensors) = fixture("run_14");
    let secret =
        rename(&tensors, &[("mixer.forget", "mixer.alpha"), ("mixer.candidate", "mixer.beta")]);
    let secret = write::compact(&config, &secret);
    let Err(weights::Error::Roles(refusal)) = Loader::read(&secret) else {
        panic!("it has to be refused");
    };
    assert_eq!(refusal.guess.len(), tensors.len());
    let names = refusal.guess.into_iter().collect();
    assert!(Loader::read_with(&secret, Options { names, ..Options::default() }).is_ok());
}

// Assignments alone, of models of any size under names of any kind.

/// Roles with their tensors, or rows of them.
type Truth = BTreeMap<String, String>;

fn given(assignment: &Assignment, tensors: &[TensorInfo]) -> Truth {
    let roles = assignment.roles.iter().map(|role| {
        let name = &tensors[role.tensor].name;
        let target = match &role.rows {
            Some(rows) => format!("{name}[{}:{}]", rows.start, rows.end),
            None => name.clone(),
        };
        (role.name.clone(), target)
    });
    roles.collect()
}

fn settle(hints: &Hints, tensors: &[TensorInfo], map: &NameMap) -> Result<Truth, String> {
    let settled = assign(hints, tensors, map, Copy::Live);
    settled.map(|assignment| given(&assignment, tensors)).map_err(|error| error.to_string())
}

fn info(name: String, shape: &[usize]) -> TensorInfo {
    TensorInfo { name, shape: shape.into(), encoding: Encoding::F32 }
}

/// What stands for names of modules and parameters in a scheme: ours, theirs. The first that fits from the beginning
/// of a component is taken.
type Scheme = &'static [(&'static str, &'static str)];

/// A name under a scheme.
fn renamed(scheme: Scheme, name: &str) -> String {
    let mut rest = name;
    let mut new = String::new();
    while let Some(c) = rest.chars().next() {
        let at_start = rest.len() == name.len() || name[..name.len() - rest.len()].ends_with('.');
        match scheme.iter().find(|(ours, _)| at_start && rest.starts_with(ours)) {
            Some((ours, theirs)) => {
                new += theirs;
                rest = &rest[ours.len()..];
            }
            None => {
                new.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    new
}

#[rustfmt::skip]
const SCHEMES: &[(&str, Scheme)] = &[
    ("ours", &[]),
    ("class names", &[
        ("decoder.", "local_byte_decoder."), ("embed.bytes", "byte_embedding"), ("embed.patch", "patch_embedding.proj"),
        ("mixer.decay", "mixer.beta"), ("fp_residual", "fp_res"), ("ffn", "glu_ffn"),
    ]),
    ("Llama", &[
        ("decoder.blocks", "byte_decoder.layers"), ("decoder.", "byte_decoder."), ("blocks", "layers"), ("embed.tokens", "tok_embeddings"),
        ("head.", "output."), ("mixer.query", "attention.wq"), ("mixer.key", "attention.wk"),
        ("mixer.value", "attention.wv"), ("mixer.out.", "attention.wo."), ("mixer.forget", "mlgru.wf"),
        ("mixer.candidate", "mlgru.wc"), ("mixer.gate", "mlgru.wg"), ("mixer.decay", "mlgru.lam"),
        ("ffn.gate", "feed_forward.w1"), ("ffn.up", "feed_forward.w3"), ("ffn.down.", "feed_forward.w2."),
        ("norm1", "attention_norm"), ("norm2", "ffn_norm"), ("mixer.out_norm", "attention.sub_norm"), ("ffn.down_norm", "feed_forward.sub_norm"),
        ("bytes", "tok_embeddings"),
    ]),
    ("GPT-2", &[
        ("decoder.blocks", "lbd.h"), ("decoder.", "lbd."), ("blocks", "transformer.h"), ("embed.tokens", "transformer.wte"),
        ("embed.bytes", "transformer.wte"), ("embed.patch", "transformer.patch"), ("bytes", "wte"), ("positions", "wpe.weight"),
        ("mixer.query", "attn.q"), ("mixer.key", "attn.k"), ("mixer.value", "attn.v"), ("mixer.out.", "attn.c_proj."),
        ("mixer", "attn"), ("ffn.gate", "mlp.c_gate"), ("ffn.up", "mlp.c_fc"), ("ffn.down.", "mlp.c_proj."), ("ffn", "mlp"),
        ("norm1", "ln_1"), ("norm2", "ln_2"), ("norm.", "ln_f."), ("head.", "lm_head."),
    ]),
    ("torch", &[
        ("decoder.blocks", "decoder.layers"), ("blocks", "encoder.layers"), ("mixer.query", "self_attn.q_proj"),
        ("mixer.key", "self_attn.k_proj"), ("mixer.value", "self_attn.v_proj"), ("mixer.out.", "self_attn.out_proj."),
        ("mixer.forget", "self_attn.f_proj"), ("mixer.candidate", "self_attn.c_proj"), ("mixer.gate", "self_attn.g_proj"),
        ("mixer", "self_attn"), ("ffn.gate", "linear_gate"), ("ffn.up", "linear1"), ("ffn.down.", "linear2."),
        ("embed.bytes", "encoder.embed"), ("embed.patch", "encoder.proj"),
    ]),
    ("backbone", &[
        ("decoder.blocks", "local_decoder.layers"), ("decoder.norm.", "local_decoder.norm."), ("decoder.", "local_decoder."), ("blocks", "backbone.layers"),
        ("norm.", "backbone.norm."), ("embed.", "backbone.embed."), ("delete_gate.", "backbone.delete_gate."),
        ("mixer.decay", "mixer.forget_floor"), ("ffn.gate", "mlp.gate_proj"), ("ffn.up", "mlp.up_proj"), ("ffn.down.", "mlp.down_proj."),
    ]),
    ("decoder only", &[
        ("decoder.blocks", "local.layers"), ("decoder.norm.", "local.norm."), ("decoder.", "local."), ("blocks", "decoder.layers"), ("embed.", "decoder.embed_"),
        ("norm.", "decoder.norm."), ("norm1", "self_attn_layer_norm"), ("norm2", "final_layer_norm"),
        ("mixer.query", "self_attn.q_proj"), ("mixer.key", "self_attn.k_proj"), ("mixer.value", "self_attn.v_proj"),
        ("mixer.out.", "self_attn.out_proj."), ("ffn.gate", "fc_gate"), ("ffn.up", "fc1"), ("ffn.down.", "fc2."),
    ]),
    ("flat", &[
        ("decoder.blocks.", "local_layer_"), ("decoder.", "local_"), ("blocks.", "layer_"), ("mixer.", "mixer_"), ("ffn.", "ffn_"),
        ("embed.", "embed_"), ("fp_residual.", "fp_residual_"), ("pfnet.", "pfnet_"), ("delete_gate.", "delete_gate_"), ("heads.", "head_"),
    ]),
    ("numbers", &[
        ("mixer.query", "attn.0"), ("mixer.key", "attn.1"), ("mixer.value", "attn.2"), ("mixer.out.", "attn.3."),
        ("norm1", "norms.0"), ("norm2", "norms.1"), ("ffn.gate", "ffn.0"), ("ffn.up", "ffn.1"), ("ffn.down.", "ffn.2."),
        ("delete_gate.hidden", "delete_gate.0"), ("delete_gate.score", "delete_gate.2"),
        ("fp_residual.down", "fp_residual.0"), ("fp_residual.up", "fp_residual.1"),
        ("pfnet.down", "pfnet.0"), ("pfnet.up", "pfnet.2"),
    ]),
    ("letters", &[
        ("decoder.blocks", "lbd.b"), ("decoder.", "lbd."), ("blocks", "b"), ("mixer.query", "a.W_q"), ("mixer.key", "a.W_k"),
        ("mixer.value", "a.W_v"), ("mixer.out.", "a.W_o."), ("mixer.forget", "a.W_f"), ("mixer.candidate", "a.W_c"),
        ("mixer.gate", "a.W_g"), ("ffn.gate", "m.W_gate"), ("ffn.up", "m.W_up"), ("ffn.down.", "m.W_down."),
        ("mixer.decay", "a.lambda"), ("norm1", "n1"), ("norm2", "n2"), ("mixer.out_norm", "a.subln"), ("ffn.down_norm", "m.ffn_subln"),
    ]),
    ("HGRN", &[
        ("decoder.blocks", "local_decoder.layers"), ("decoder.", "local_decoder."), ("blocks", "model.layers"),
        ("mixer.forget", "attn.f_proj"), ("mixer.candidate", "attn.i_proj"), ("mixer.gate", "attn.g_proj"),
        ("mixer.out_norm", "attn.g_norm"), ("mixer.out.", "attn.o_proj."), ("mixer.decay", "attn.lower_bound"),
        ("norm1", "attn_norm"), ("norm2", "mlp_norm"), ("ffn.gate", "mlp.gate_proj"), ("ffn.up", "mlp.up_proj"),
        ("ffn.down_norm", "mlp.norm"), ("ffn.down.", "mlp.down_proj."), ("norm.", "model.norm."), ("head.", "lm_head."),
    ]),
    ("unnamed paths", &[("fp_residual.down", "alpha.x"), ("fp_residual.up", "alpha.y"), ("mixer.decay", "mixer.z")]),
];

fn settled_under_schemes(what: &str, hints: &Hints, tensors: &[TensorInfo], truth: &Truth) {
    for (scheme, pairs) in SCHEMES {
        let there = |t: &TensorInfo| TensorInfo { name: renamed(pairs, &t.name), ..t.clone() };
        let tensors: Vec<TensorInfo> = tensors.iter().map(there).collect();
        let got = settle(hints, &tensors, &NameMap::new());
        let got = got.unwrap_or_else(|error| panic!("{what}, {scheme}: {error}"));
        for (role, target) in truth {
            let theirs = renamed(pairs, target);
            assert_eq!(got.get(role), Some(&theirs), "{what}, {scheme}: {role}");
        }
        assert_eq!(got.len(), truth.len(), "{what}, {scheme}");
    }
}

#[test]
fn every_scheme_is_read_in_every_kind_of_file() {
    for run in &RUNS {
        for kind in ["unpacked", "compact", "step"] {
            let file = common::golden::fixture(&format!("{}.{kind}.pt", run.name));
            let (contents, _) = checkpoint::read(&file).unwrap();
            let hints = Hints::read(&[contents.config.as_ref().unwrap()]);
            let truth = settle(&hints, &contents.tensors, &NameMap::new()).unwrap();
            assert!(truth.iter().all(|(role, tensor)| role == tensor), "{} {kind}", run.name);
            let what = format!("{}, {kind}", run.name);
            settled_under_schemes(&what, &hints, &contents.tensors, &truth);
            if kind == "compact" {
                // No word of the config but the heads, which no tensor tells.
                let hints =
                    Hints { n_heads: hints.n_heads, mixer: hints.mixer, ..Hints::default() };
                settled_under_schemes(&format!("{what}, alone"), &hints, &contents.tensors, &truth);
            }
        }
    }
}

/// What a model is made of.
#[derive(Clone, Debug)]
struct Model {
    mixer: Mixer,
    d: usize,
    f: usize,
    layers: usize,
    gated: bool,
    sub_norms: bool,
    out: bool,
    fp: usize,
    pf: usize,
    /// 0 for none, 1 for one of a layer, 2 for one of a channel.
    decay: usize,
    biases: bool,
    vocabulary: usize,
    byte_width: usize,
    bolmo: bool,
    gate: usize,
    /// Width, inner width, blocks.
    local: Option<[usize; 3]>,
    tied: bool,
}

impl Model {
    fn of(config: &Config, d: usize, f: usize, local: [usize; 3]) -> Self {
        Model {
            mixer: config.mixer,
            d,
            f,
            layers: 3,
            gated: true,
            sub_norms: config.ternary,
            out: config.output_projection,
            fp: config.fp_residual_rank.min(4),
            pf: config.pfnet_hidden.min(6),
            decay: config.decay as usize,
            biases: false,
            vocabulary: if config.is_bpe() { 97 } else { 256 },
            byte_width: 8,
            bolmo: config.bolmo,
            gate: if config.delete_gate { 10 } else { 0 },
            local: config.local_decoder.then_some(local),
            tied: false,
        }
    }

    /// Its tensors under our names.
    fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let mut tensors = Vec::new();
        let mut add = |name: &str, shape: &[usize], bias: bool| {
            tensors.push((name.to_owned(), shape.to_vec()));
            if bias && self.biases {
                tensors.push((name.replace("weight", "bias"), shape[..1].to_vec()));
            }
        };
        let &Model { d, f, byte_width: b, vocabulary: v, .. } = self;
        if v == 256 {
            add("embed.bytes.weight", &[256, b], false);
            add("embed.patch.weight", &[d, 4 * b], true);
            if self.bolmo {
                for part in ["query", "key", "value", "out"] {
                    add(&format!("embed.bolmo.{part}.weight"), &[b, b], true);
                }
                add("embed.bolmo.boundary.weight", &[1, b], false);
                add("embed.bolmo.boundary.bias", &[1], false);
            }
        } else {
            add("embed.tokens.weight", &[v, d], false);
        }
        let mut block = |at: &str, [d, f]: [usize; 2], main: bool| {
            let mixer = if main { self.mixer } else { Mixer::Attention };
            let mut add =
                |name: &str, shape: &[usize], bias| add(&format!("{at}.{name}"), shape, bias);
            add("norm1.weight", &[d], true);
            add("norm2.weight", &[d], true);
            let inputs = match mixer {
                Mixer::Attention => ["query", "key", "value"],
                Mixer::Mlgru => ["forget", "candidate", "gate"],
            };
            for input in inputs {
                add(&format!("mixer.{input}.weight"), &[d, d], true);
            }
            if self.out || !main {
                add("mixer.out.weight", &[d, d], true);
                if self.sub_norms {
                    add("mixer.out_norm.weight", &[d], true);
                }
            }
            if main && mixer == Mixer::Mlgru && self.decay > 0 {
                add("mixer.decay", &[if self.decay == 1 { 1 } else { d }], false);
            }
            if self.gated {
                add("ffn.gate.weight", &[f, d], true);
            }
            add("ffn.up.weight", &[f, d], true);
            if self.sub_norms {
                add("ffn.down_norm.weight", &[f], true);
            }
            add("ffn.down.weight", &[d, f], true);
            for (path, rank) in [("fp_residual", self.fp), ("pfnet", self.pf)] {
                if main && rank > 0 {
                    add(&format!("{path}.down.weight"), &[rank, d], true);
                    add(&format!("{path}.up.weight"), &[d, rank], true);
                }
            }
        };
        for layer in 0..self.layers {
            block(&format!("blocks.{layer}"), [d, f], true);
        }
        if let Some([w, f, layers]) = self.local {
            for layer in 0..layers {
                block(&format!("decoder.blocks.{layer}"), [w, f], false);
            }
        }
        if self.gate > 0 {
            for (part, shape) in [("hidden", [self.gate, d]), ("score", [1, self.gate])] {
                add(&format!("delete_gate.{part}.weight"), &shape, false);
                add(&format!("delete_gate.{part}.bias"), &shape[..1], false);
            }
        }
        add("norm.weight", &[d], true);
        match self.local {
            _ if v != 256 && self.tied => {}
            _ if v != 256 => add("head.weight", &[v, d], true),
            None => (0..4).for_each(|p| add(&format!("heads.{p}.weight"), &[256, d], true)),
            Some([w, ..]) => {
                add("decoder.input.weight", &[4 * w, d], true);
                add("decoder.positions", &[4, w], false);
                add("decoder.bytes.weight", &[256, w], false);
                add("decoder.norm.weight", &[w], true);
                if !self.tied {
                    add("decoder.head.weight", &[256, w], true);
                }
            }
        }
        tensors
    }

    /// Which of its tensors plays which role.
    fn truth(&self, tensors: &[(String, Vec<usize>)]) -> Truth {
        let mut truth: Truth =
            tensors.iter().map(|(name, _)| (name.clone(), name.clone())).collect();
        if self.tied {
            if self.vocabulary != 256 {
                truth.insert("head.weight".into(), "embed.tokens.weight".into());
            } else if self.local.is_some() {
                truth.insert("decoder.head.weight".into(), "decoder.bytes.weight".into());
            }
        }
        truth
    }

    /// What its config says: all, or what no tensor tells.
    fn hints(&self, all: bool) -> Hints {
        let heads = Hints { n_heads: Some(2), local_heads: Some(2), ..Hints::default() };
        match all {
            true => Hints {
                mixer: Some(self.mixer),
                d_model: Some(self.d),
                d_ff: Some(self.f),
                n_layers: Some(self.layers),
                fp_residual_rank: Some(self.fp),
                pfnet_hidden: Some(self.pf),
                ..heads
            },
            false => heads,
        }
    }
}

#[test]
fn widths_prove_nothing() {
    for run in &RUNS {
        // A local decoder wider than the model and with more blocks; sizes that coincide.
        for (d, f, local) in [
            (24, 37, [40, 52, 4]),
            (32, 48, [32, 48, 3]),
            (64, 96, [16, 64, 2]),
            (24, 24, [40, 40, 5]),
        ] {
            let model = Model::of(&run.config(), d, f, local);
            let tensors = model.tensors();
            let truth = model.truth(&tensors);
            let tensors: Vec<_> = tensors.into_iter().map(|(n, shape)| info(n, &shape)).collect();
            let what = format!("{}, {d} {f} {local:?}", run.name);
            settled_under_schemes(&what, &model.hints(true), &tensors, &truth);
        }
    }
}

/// Fragments of schemes, of which one of each kind is taken; `@m` stands for the mixer's name and `@f` for that of the
/// feed-forward layer.
#[rustfmt::skip]
const FRAGMENTS: [&[Scheme]; 7] = [
    &[
        &[],
        &[("decoder.blocks", "local_byte_decoder.layers"), ("decoder.", "local_byte_decoder."), ("blocks", "layers")],
        &[("decoder.blocks", "byte_decoder.h"), ("decoder.", "byte_decoder."), ("blocks", "transformer.h")],
        &[("decoder.blocks", "lbd.blocks"), ("decoder.norm.", "lbd.norm."), ("decoder.", "lbd."), ("blocks", "backbone.layers"), ("norm.", "backbone.norm.")],
        &[("decoder.blocks", "decoder.layers"), ("blocks", "encoder.layers")],
    ],
    &[
        &[("mixer.query", "@m.q_proj"), ("mixer.key", "@m.k_proj"), ("mixer.value", "@m.v_proj"), ("mixer.out.", "@m.o_proj.")],
        &[("mixer.query", "@m.wq"), ("mixer.key", "@m.wk"), ("mixer.value", "@m.wv"), ("mixer.out.", "@m.wo.")],
        &[("mixer.query", "@m.W_q"), ("mixer.key", "@m.W_k"), ("mixer.value", "@m.W_v"), ("mixer.out.", "@m.c_proj.")],
        &[("mixer.query", "@m.0"), ("mixer.key", "@m.1"), ("mixer.value", "@m.2"), ("mixer.out.", "@m.3.")],
        &[("mixer.query", "@m.to_q"), ("mixer.key", "@m.to_k"), ("mixer.value", "@m.to_v"), ("mixer.out.", "@m.to_out.0.")],
        &[],
    ],
    &[
        &[("mixer.forget", "@m.f_proj"), ("mixer.candidate", "@m.i_proj"), ("mixer.gate", "@m.g_proj")],
        &[("mixer.forget", "@m.wf"), ("mixer.candidate", "@m.wc"), ("mixer.gate", "@m.wg")],
        &[("mixer.forget", "@m.forget_gate"), ("mixer.candidate", "@m.cand"), ("mixer.gate", "@m.output_gate")],
        // These say nothing.
        &[("mixer.forget", "@m.alpha"), ("mixer.candidate", "@m.beta"), ("mixer.gate", "@m.gamma")],
        &[],
    ],
    &[
        &[("ffn.gate", "@f.gate_proj"), ("ffn.up", "@f.up_proj"), ("ffn.down.", "@f.down_proj.")],
        &[("ffn.gate", "@f.w1"), ("ffn.up", "@f.w3"), ("ffn.down.", "@f.w2.")],
        &[("ffn.gate", "@f.c_gate"), ("ffn.up", "@f.c_fc"), ("ffn.down.", "@f.c_proj.")],
        &[("ffn.gate", "@f.0"), ("ffn.up", "@f.1"), ("ffn.down.", "@f.2.")],
        &[],
    ],
    &[
        &[("norm1", "ln_1"), ("norm2", "ln_2")],
        &[("norm1", "input_layernorm"), ("norm2", "post_attention_layernorm")],
        &[("norm1", "attn_norm"), ("norm2", "ffn_norm"), ("mixer.out_norm", "@m.norm"), ("ffn.down_norm", "@f.norm")],
        &[("norm1", "norms.0"), ("norm2", "norms.1"), ("mixer.out_norm", "@m.sub_norm"), ("ffn.down_norm", "@f.sub_norm")],
        &[],
    ],
    &[
        &[("mixer.decay", "@m.beta")],
        &[("mixer.decay", "@m.lam")],
        &[("mixer.decay", "forget_floor")],
        &[],
    ],
    &[
        &[("fp_residual.down", "low_rank.a"), ("fp_residual.up", "low_rank.b")],
        &[("fp_residual", "fpres"), ("pfnet", "pf_net")],
        // So do these.
        &[("fp_residual.down", "x.0"), ("fp_residual.up", "x.1"), ("pfnet.down", "y.0"), ("pfnet.up", "y.1")],
        &[],
    ],
];
const MIXERS: [&str; 5] = ["mixer", "attn", "self_attn", "mlgru", "token_mixer"];
const FFNS: [&str; 4] = ["ffn", "mlp", "feed_forward", "glu"];

/// Tensors that are no part of a model, in blocks or not.
fn junk(which: usize, d: usize, named: &[(String, Vec<usize>)]) -> Vec<(String, Vec<usize>)> {
    let one = |name: &str, shape: &[usize]| vec![(name.to_owned(), shape.to_vec())];
    let in_block = |what: &str, shape: &[usize]| {
        let norm = named.iter().find(|(name, _)| name.contains(".0.") && !name.contains("ffn"));
        let at = norm.map_or("", |(name, _)| name.split(".0.").next().unwrap_or(""));
        one(&format!("{at}.0.{what}"), shape)
    };
    match which {
        0 => in_block("mixer.bias", &[1, 1, 16, 16]),
        1 => in_block("attn.k_cache", &[2, 16, d]),
        2 => in_block("attn.rotary.inv_freq", &[d / 2]),
        3 => [one("probe.weight", &[3, d]), one("probe.bias", &[3])].concat(),
        4 => [one("probes.0.weight", &[256, d]), one("probes.0.bias", &[256])].concat(),
        5 => {
            named.iter().map(|(name, shape)| (format!("ema_model.{name}"), shape.clone())).collect()
        }
        6 => one("criterion.weight", &[256]),
        7 => one("causal_mask", &[64, 64]),
        8 => one("cos_cached", &[d]),
        9 => one("aligner.weight", &[d, d]),
        10 => one("lm_loss", &[]),
        11 => one("something.weight", &[7, 5]),
        // Nobody can know that this is nothing.
        12 => in_block("mixer.conv.weight", &[d, 3]),
        _ => in_block("gamma", &[d]),
    }
}

fn models() -> impl Strategy<Value = Model> {
    let sizes = prop::sample::select(vec![8, 12, 16, 24, 32]);
    let inner = prop::sample::select(vec![12, 16, 20, 24, 37, 48]);
    let rank = prop::sample::select(vec![0, 2, 3, 5]);
    let local = prop::option::of((sizes.clone(), inner.clone(), 1..4_usize));
    let flags = prop::collection::vec(any::<bool>(), 7);
    let parts = (rank.clone(), rank, 0..3_usize, prop::sample::select(vec![0, 6, 10, 256]));
    (sizes.clone(), inner, 1..4_usize, local, flags, parts, sizes).prop_map(
        |(d, f, layers, local, flags, (fp, pf, decay, gate), byte_width)| {
            let mlgru = flags[0];
            Model {
                mixer: if mlgru { Mixer::Mlgru } else { Mixer::Attention },
                d,
                f,
                layers,
                gated: flags[1],
                sub_norms: flags[2],
                out: flags[3] || !mlgru,
                fp,
                pf,
                decay,
                biases: flags[4],
                vocabulary: if local.is_none() && flags[5] { 97 } else { 256 },
                byte_width: byte_width / 2,
                bolmo: flags[6] && (local.is_some() || !flags[5]),
                gate,
                local: local.map(|(w, f, layers)| [w, f, layers]),
                tied: flags[6] && flags[1],
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn names_are_read_right_or_refused_and_a_true_map_settles_them(
        model in models(),
        choices in prop::collection::vec(0..60_usize, FRAGMENTS.len() + 2),
        extra in prop::collection::vec(0..14_usize, 0..3),
        hinted: bool,
        order in prop::option::of(any::<u64>()),
    ) {
        let scheme = FRAGMENTS.iter().zip(&choices).flat_map(|(of, choice)| of[choice % of.len()]);
        let scheme: Vec<(&str, &str)> = scheme.copied().collect();
        // An attention would not be called so.
        let mixers = if model.mixer == Mixer::Attention { &MIXERS[..3] } else { &MIXERS[..] };
        let [mixer, ffn] = [mixers[choices[7] % mixers.len()], FFNS[choices[8] % FFNS.len()]];
        let theirs = |name: &str| {
            let name = renamed(scheme.clone().leak(), name);
            name.replace("@m", mixer).replace("@f", ffn)
        };
        let ours = model.tensors();
        let truth: Truth = model.truth(&ours).into_iter().map(|(r, t)| (r, theirs(&t))).collect();
        let mut named: Vec<_> = ours.iter().map(|(n, shape)| (theirs(n), shape.clone())).collect();
        for which in &extra {
            named.extend(junk(*which, model.d, &named[..ours.len()]));
        }
        let mut tensors: Vec<_> = named.into_iter().map(|(n, shape)| info(n, &shape)).collect();
        if let Some(seed) = order {
            tensors.sort_by_key(|t| t.name.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)));
        }
        let mut names: Vec<&str> = tensors.iter().map(|t| t.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        prop_assume!(names.len() == tensors.len());
        // A pair of matrices whose names say nothing is FPResidual.
        prop_assume!(hinted || model.pf == 0 || model.fp > 0 || choices[6] % FRAGMENTS[6].len() != 2);
        let hints = model.hints(hinted);
        if let Ok(got) = settle(&hints, &tensors, &NameMap::new()) {
            prop_assert_eq!(&got, &truth);
        }
        let map: NameMap = truth.clone().into_iter().collect();
        prop_assert_eq!(settle(&hints, &tensors, &map), Ok(truth.clone()));

        // Names that say nothing at all, not even numbers of blocks.
        let secret = |name: &str| format!("t{:x}", name.bytes().fold(7_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)));
        for tensor in &mut tensors {
            tensor.name = secret(&tensor.name);
        }
        let truth: Truth = truth.into_iter().map(|(role, tensor)| (role, secret(&tensor))).collect();
        let map: NameMap = truth.clone().into_iter().collect();
        prop_assert_eq!(settle(&hints, &tensors, &map), Ok(truth.clone()));
    }
}
