//! The words by which a tensor's name tells its role, where its shape does not.
//!
//! A phrase is one word or several in a row, as [`names::words`](super::names::words) takes names
//! apart: `.` stands between components, and digits are words of their own.

/// Ways to say one thing.
pub type Phrases = &'static [&'static str];

pub const QUERY: Phrases = &["q", "query", "wq", "queries"];
pub const KEY: Phrases = &["k", "key", "wk", "keys"];
pub const VALUE: Phrases = &["v", "value", "wv", "values"];
/// Names under which queries, keys and values are fused in this order everywhere.
pub const FUSED_QKV: Phrases = &[
    "qkv", "wqkv", "in proj", "c attn", "query key value", "attn proj", "attention proj",
];
pub const OUT: Phrases = &["o", "out", "output", "wo", "c proj", "dense"];
pub const FORGET: Phrases = &["f", "forget", "wf", "forget gate"];
pub const CANDIDATE: Phrases = &["c", "candidate", "cand", "wc", "i", "wi", "cell"];
pub const OUTPUT_GATE: Phrases = &["g", "gate", "wg", "output gate", "out gate"];
pub const FFN_GATE: Phrases = &["gate", "w 1", "wg", "g"];
pub const FFN_UP: Phrases = &["up", "w 3", "w 2", "wu", "u"];
pub const FFN_DOWN: Phrases = &["down", "fc 2", "w 2", "c proj", "ffn . out", "mlp . out"];
/// The same with the layer's name, where a mixer's matrices have the same shape.
pub const FFN_GATE_NAMED: Phrases = &[
    "ffn . gate", "mlp . gate", "feed forward . gate", "ffn gate", "mlp gate", "ffn . w 1", "mlp . w 1",
];
pub const FFN_UP_NAMED: Phrases = &[
    "ffn . up", "mlp . up", "feed forward . up", "ffn up", "mlp up", "up", "ffn . w 3", "mlp . w 3",
];
pub const NORM_1: Phrases = &[
    "norm 1", "ln 1", "rms 1", "rmsnorm 1", "input layernorm", "input norm", "attn norm",
    "attention norm", "mixer norm", "norm mixer", "norm attn", "norm attention", "ln attn",
    "ln mixer", "attn ln", "pre mixer norm", "temporal norm",
];
pub const NORM_2: Phrases = &[
    "norm 2", "ln 2", "rms 2", "rmsnorm 2", "post attention layernorm", "post attention norm",
    "ffn norm", "mlp norm", "norm ffn", "norm mlp", "ln ffn", "ln mlp", "ffn ln", "mlp ln",
    "pre ffn norm", "pre mlp norm", "feed forward norm", "channel norm",
];
pub const LOCAL_NORM: Phrases = &["decoder . norm", "local norm", "local . norm", "decoder norm"];
pub const OUT_NORM: Phrases = &[
    "out norm", "subln", "sub ln", "sub norm", "inner norm", "attn sub norm", "inner attn ln",
    "o norm", "g norm", "norm o", "norm out", "output norm", "mixer . norm", "attn . norm",
];
/// The norm before `W_down`, where a mixer's norms have the same shape.
pub const DOWN_NORM_NAMED: Phrases = &[
    "down norm", "ffn . norm", "ffn sub norm", "ffn subln", "inner ffn ln",
];
pub const DECAY: Phrases = &["decay", "lambda", "lam", "floor", "lower bound"];
pub const FP_RESIDUAL: Phrases = &[
    "fp", "fpres", "fpresidual", "residual", "res", "bypass", "lora", "low rank",
];
pub const PFNET: Phrases = &["pfnet", "pf net", "pf", "pfn"];
pub const EMBEDDING: Phrases = &[
    "embed", "embedding", "emb", "embeddings", "bytes", "byte", "tok", "tokens", "wte",
];
/// The byte tables of the patches and of the local decoder, where these have the same shape.
pub const PATCH_EMBEDDING: Phrases = &["patch", "embed", "embedding", "bytes"];
pub const LOCAL_EMBEDDING: Phrases = &[
    "local embed", "local byte", "decoder . bytes", "decoder . embed", "decoder . embedding",
    "embed", "embedding", "emb", "bytes", "byte",
];
pub const POSITIONS: Phrases = &["pos", "position", "positions", "positional"];
pub const FINAL_NORM: Phrases = &["norm", "final norm", "norm f", "ln f", "out norm"];
pub const HEAD: Phrases = &[
    "head", "logits", "lm head", "unembed", "classifier", "out", "output", "proj", "byte head",
];
pub const DELETE_GATE: Phrases = &["gate", "delete", "drop", "score"];
pub const BOUNDARY: Phrases = &["boundary", "bound"];
pub const ALIGNER: Phrases = &["aligner", "align", "alignment"];

/// Words of buffers that hold no weights.
pub const BUFFERS: Phrases = &[
    "inv freq", "rotary", "rope", "mask", "causal", "cos", "sin", "cached",
];
