//! The parts of a model that a tensor can be, each with the words by which names tell it.
//!
//! Words are as [`names::words`](super::names::words) takes names apart: `.` stands between components, and digits
//! are words of their own. A phrase is one word or several in a row; `|` stands between phrases.

/// Ways to say one thing.
pub type Phrases = &'static str;

/// A part of a model.
pub struct Part {
    /// The canonical name of its weight, without a block's.
    pub name: &'static str,
    pub place: Place,
    pub kind: Kind,
    pub words: Phrases,
    /// The parts that it holds one after another, if it is several in one tensor.
    pub holds: &'static [&'static Part],
}

/// Where in a model a part stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Anywhere,
    Mixer,
    Ffn,
    FpResidual,
    Pfnet,
    Embedding,
    Bolmo,
    Gate,
    Decoder,
    Heads,
}

/// How a part is held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A linear layer that is ternary in ternary runs, perhaps with a bias.
    Linear,
    /// A table that is ternary in ternary runs.
    Table,
    /// Floats, perhaps with a bias.
    Floats,
    /// Floats without a bias.
    Bare,
}

const fn part(name: &'static str, place: Place, kind: Kind, words: Phrases) -> Part {
    Part { name, place, kind, words, holds: &[] }
}

const fn fused(holds: &'static [&'static Part], words: Phrases) -> Part {
    Part { holds, words, ..part(holds[0].name, holds[0].place, holds[0].kind, "") }
}

use Kind::{Bare, Floats, Linear, Table};
use Place::{Anywhere, Bolmo, Decoder, Embedding, Ffn, FpResidual, Gate, Heads, Mixer, Pfnet};

/// Places, and the words by which names tell them.
pub type Places = &'static [(Place, Phrases)];

pub const IN_BLOCKS: Places = &[
    (Mixer, "mixer|attn|attention|mlgru|gru|hgrn|mha|rnn|temporal|time mix|sa|linear attn"),
    (Ffn, "ffn|mlp|feed forward|feedforward|ff|glu|swiglu|channel|channel mix"),
    (FpResidual, "fp|fpres|fpresidual|residual|res|bypass|lora|low rank|lowrank"),
    (Pfnet, "pfnet|pf net|pf|pfn"),
];
pub const OUTSIDE: Places = &[
    (Embedding, "embed|embedding|embeddings|emb|patch|encoder|patcher|tok|tokens|wte"),
    (Bolmo, "bolmo|boundary|cross"),
    (Gate, "delete|deletion|drop|delete gate|mr t 5|mrt 5|prune|gate"),
    (Decoder, "decoder|lbd|local"),
];

// A block.
pub static NORM_1: Part = part("norm1.weight", Anywhere, Floats, "norm 1|ln 1|rms 1|rmsnorm 1|layernorm 1|layer norm 1|\
    input layernorm|input norm|input layer norm|attn norm|attention norm|mixer norm|norm mixer|norm attn|norm attention|\
    ln attn|ln mixer|attn ln|pre mixer norm|pre attn norm|temporal norm|pre norm|attn . norm|mixer . norm|\
    attention . norm|mlgru . norm|self attn layer norm|token norm|time norm");
pub static NORM_2: Part = part("norm2.weight", Anywhere, Floats, "norm 2|ln 2|rms 2|rmsnorm 2|layernorm 2|layer norm 2|\
    post attention layernorm|post attention norm|post attn norm|ffn norm|mlp norm|norm ffn|norm mlp|ln ffn|ln mlp|ffn ln|\
    mlp ln|pre ffn norm|pre mlp norm|feed forward norm|channel norm|post norm|ffn . norm|mlp . norm|final layer norm|\
    norm ff|ff norm");
pub static QUERY: Part = part("mixer.query.weight", Mixer, Linear, "q|query|wq|queries");
pub static KEY: Part = part("mixer.key.weight", Mixer, Linear, "k|key|wk|keys");
pub static VALUE: Part = part("mixer.value.weight", Mixer, Linear, "v|value|wv|values");
pub static FORGET: Part = part("mixer.forget.weight", Mixer, Linear, "f|forget|wf|forget gate|fgate|f gate");
pub static CANDIDATE: Part = part("mixer.candidate.weight", Mixer, Linear,
    "c|candidate|cand|wc|i|wi|cell|input|c proj|h|hidden");
pub static OUTPUT_GATE: Part = part("mixer.gate.weight", Mixer, Linear,
    "g|gate|wg|output gate|out gate|o gate|g gate");
pub static OUT: Part = part("mixer.out.weight", Mixer, Linear, "o|out|output|wo|c proj|dense|. proj|out proj|o proj|projection");
/// Names under which queries, keys and values are fused in this order everywhere.
pub static QKV: Part = fused(&[&QUERY, &KEY, &VALUE],
    "qkv|wqkv|in proj|c attn|query key value|attn proj|attention proj");
pub static GATES: Part = fused(&[&FORGET, &CANDIDATE, &OUTPUT_GATE], "");
pub static OUT_NORM: Part = part("mixer.out_norm.weight", Mixer, Floats, "out norm|subln|sub ln|sub norm|inner norm|\
    inner attn ln|o norm|g norm|norm o|norm out|output norm|. norm|attn sub norm|. ln|ln out|ln x");
pub static DECAY: Part = part("mixer.decay", Mixer, Bare,
    "decay|lambda|lam|floor|lower bound|beta|log decay|decay logit|forget floor|lb");
pub static FFN_GATE: Part = part("ffn.gate.weight", Ffn, Linear, "gate|w 1|wg|g|gate proj|fc 1|linear 1|w gate");
pub static FFN_UP: Part = part("ffn.up.weight", Ffn, Linear, "up|w 3|w 2|wu|u|up proj|fc 2|linear 2|c fc|w up|fc 1|w 1|linear 1");
pub static FFN_DOWN: Part = part("ffn.down.weight", Ffn, Linear,
    "down|fc 2|w 2|c proj|w down|down proj|out|. proj|fc 3|linear 2|linear 3|wd|d");
/// `w12` is xformers' and `w13` vLLM's name for a gate before what goes up.
pub static GATE_UP: Part = fused(&[&FFN_GATE, &FFN_UP], "w 12|w 13");
pub static DOWN_NORM: Part = part("ffn.down_norm.weight", Ffn, Floats, "down norm|subln|sub ln|sub norm|inner norm|\
    inner ffn ln|. norm|ffn sub norm|norm down|. ln|mid norm");
pub static FP_DOWN: Part = part("fp_residual.down.weight", FpResidual, Floats, "down|a|in|fp|fpres|residual");
pub static FP_UP: Part = part("fp_residual.up.weight", FpResidual, Floats, "up|b|out|fp|fpres|residual");
pub static PF_DOWN: Part = part("pfnet.down.weight", Pfnet, Linear, "down|in|pf|pfnet|w 1|fc 1");
pub static PF_UP: Part = part("pfnet.up.weight", Pfnet, Linear, "up|out|pf|pfnet|w 2|fc 2");

// What stands around the blocks.
pub static BYTES: Part = part("embed.bytes.weight", Embedding, Table,
    "embed|embedding|emb|embeddings|bytes|byte|wte|byte embed|byte embedding|byte emb");
pub static PATCH_PROJECTION: Part = part("embed.patch.weight", Embedding, Linear, "patch|proj|patch proj|projection|patch embed");
pub static BOLMO_QUERY: Part = part("embed.bolmo.query.weight", Bolmo, Floats, QUERY.words);
pub static BOLMO_KEY: Part = part("embed.bolmo.key.weight", Bolmo, Floats, KEY.words);
pub static BOLMO_VALUE: Part = part("embed.bolmo.value.weight", Bolmo, Floats, VALUE.words);
pub static BOLMO_OUT: Part = part("embed.bolmo.out.weight", Bolmo, Floats, OUT.words);
pub static BOLMO_QKV: Part = fused(&[&BOLMO_QUERY, &BOLMO_KEY, &BOLMO_VALUE], QKV.words);
pub static BOUNDARY: Part = part("embed.bolmo.boundary.weight", Bolmo, Floats, "boundary|bound");
pub static TOKENS: Part = part("embed.tokens.weight", Embedding, Table,
    "embed|embedding|emb|embeddings|tok|tokens|wte|token embedding|tok embeddings|embed tokens");
pub static HEAD: Part = part("head.weight", Anywhere, Linear, HEAD_WORDS);
pub static GATE_HIDDEN: Part = part("delete_gate.hidden.weight", Gate, Floats,
    "gate|delete|drop|hidden|delete gate|fc 1|w 1|in|. proj");
pub static GATE_SCORE: Part = part("delete_gate.score.weight", Gate, Floats,
    "gate|delete|drop|score|delete gate|fc 2|w 2|out");
pub static NORM: Part = part("norm.weight", Anywhere, Floats,
    "norm|final norm|norm f|ln f|out norm|norm out|final ln|ln final|final layernorm|ln|norm final|output norm");
pub static DECODER_INPUT: Part = part("decoder.input.weight", Decoder, Linear,
    "in|input|. proj|in proj|input proj|expand|from patch|up");
pub static POSITIONS: Part = part("decoder.positions", Decoder, Bare,
    "pos|position|positions|positional|wpe|pos emb|position embedding");
pub static DECODER_BYTES: Part = part("decoder.bytes.weight", Decoder, Table,
    "embed|embedding|emb|embeddings|bytes|byte|wte|tok|byte embed|byte embedding|byte emb|embed tokens|local embed|local byte");
pub static DECODER_NORM: Part = part("decoder.norm.weight", Decoder, Floats, NORM.words);
pub static DECODER_HEAD: Part = part("decoder.head.weight", Decoder, Linear, HEAD_WORDS);
const HEAD_WORDS: Phrases =
    "head|logits|lm head|unembed|classifier|out|output|. proj|byte head|heads|to logits|readout|lm loss|head proj|out proj";
pub static HEADS: [Part; 4] = [
    part("heads.0.weight", Heads, Linear, HEAD_WORDS),
    part("heads.1.weight", Heads, Linear, HEAD_WORDS),
    part("heads.2.weight", Heads, Linear, HEAD_WORDS),
    part("heads.3.weight", Heads, Linear, HEAD_WORDS),
];
pub static HEADS_FUSED: Part = fused(&[&HEADS[0], &HEADS[1], &HEADS[2], &HEADS[3]], HEAD_WORDS);

/// Words of tensors that are no part of what a model computes: buffers, and what training left.
pub const UNUSED: Phrases = "inv freq|rotary|rope|mask|masked|causal|tril|triu|cos|sin|cached|cache|freqs|probe|probes|\
    criterion|loss|counter|num batches|num updates|n averaged|aux|auxiliary|teacher|aligner|align|alignment";
/// Words of averages of a model's weights over its training.
pub const AVERAGES: Phrases = "ema|shadow|averaged|swa|polyak";
/// Words of stacks that are not the model's.
pub const OTHERS: Phrases = "aux|auxiliary|teacher|target|draft|critic|probe|probes|discriminator|old|frozen|ref|reference";
/// Words before the numbers of the local decoder's stack, and of the backbone's. Either can be called a decoder.
pub const LOCAL: Phrases = "local|lbd|byte|bytes";
pub const DECODER: Phrases = "decoder|dec";
pub const GLOBAL: Phrases = "backbone|trunk|global|encoder|transformer|main|patch";
