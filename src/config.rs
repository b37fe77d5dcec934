//! What a model is made of ([spec](crate::spec) §1).

use crate::dialect::{Activations, Dialect, NormEps, RopeBase, Start, Target};

/// What a model reads and writes one of: a byte, or a BPE token.
pub type Symbol = u32;

/// How a block mixes information over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mixer {
    /// Causal multi-head attention with rotary positions.
    Attention,
    /// The matmul-free linear gated recurrent unit of arXiv 2406.02528.
    Mlgru,
}

/// How a byte model's text lies in its patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Byte after byte.
    Plain,
    /// By words ([`crate::layout`]).
    Words {
        /// The byte that fills patches.
        fill: u8,
    },
}

/// The byte that fills a patch, unless a file names another.
pub const FILL: u8 = 0;

/// Heads of the local decoder's attention, at any width, unless a file names others ([spec](crate::spec) §2).
pub const LOCAL_HEADS: usize = 4;

/// The learned floor under the forget gate of an MLGRU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decay {
    /// No floor: λ = 0.
    None,
    /// One λ for the layer.
    Scalar,
    /// One λ for each channel.
    Channel,
}

/// The shape of a model: what [spec](crate::spec) §1 and §2 leave open between runs.
///
/// Other widths (local decoder, gate, …) are read from a file's tensors; the fields here are what
/// tensors cannot say, and what the published runs are expected to hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Folder name of the run, as `run_14`; empty when unknown.
    pub run: String,
    /// The authors' own name for it, as `small_cpu1_byte`.
    pub internal_name: String,
    /// Width d of the residual stream.
    pub d_model: usize,
    /// Number L of backbone blocks.
    pub n_layers: usize,
    /// Inner width F of the feed-forward layers.
    pub d_ff: usize,
    /// Attention heads H of the backbone; unused by MLGRU.
    pub n_heads: usize,
    /// Bytes of a patch, 4; 1 for runs on BPE tokens.
    pub patch_size: usize,
    /// 256 for bytes, else the number of BPE tokens.
    pub vocab_size: usize,
    /// The kind of sequence mixer.
    pub mixer: Mixer,
    /// Patches that a query sees, itself included; `None` sees all before it.
    pub window: Option<usize>,
    /// Whether linear layers are BitLinear and embeddings BitEmbedding.
    pub ternary: bool,
    /// Whether bytes come from the local decoder (else from one head for each of the four).
    pub local_decoder: bool,
    /// Attention heads of the local decoder.
    pub local_heads: usize,
    /// Rank of FPResidual, 0 for none.
    pub fp_residual_rank: usize,
    /// Whether patches are encoded with Bolmo's boundary attention.
    pub bolmo: bool,
    /// Whether a DeleteGate stands before block L/2.
    pub delete_gate: bool,
    /// Hidden width of PFNet, 0 for none.
    pub pfnet_hidden: usize,
    /// The floor under the forget gate.
    pub decay: Decay,
    /// Whether the mixer has an output projection `W_o`.
    pub output_projection: bool,
    /// ε of every RMSNorm.
    pub norm_eps: f32,
    /// Base of the rotary frequencies.
    pub rope_base: f32,
    /// Bits of a BitLinear's activations: 8, or 0 for plain floats.
    pub activation_bits: u32,
    /// A patch is deleted when the gate's probability exceeds this.
    pub delete_threshold: f32,
    /// How text lies in patches.
    pub layout: Layout,
    /// The byte that ends a text, where the model was trained with one.
    pub end_byte: Option<u8>,
    /// How the model is read where nobody wrote it down.
    pub dialect: Dialect,
}

impl Config {
    /// The same model read under a dialect, whose numbers overrule the config's.
    #[must_use]
    #[inline(never)]
    pub fn under(&self, dialect: Dialect) -> Config {
        let mut config = Config { dialect, ..self.clone() };
        match dialect.norm_eps {
            NormEps::Config => {}
            NormEps::Millionth => config.norm_eps = 1e-6,
            NormEps::HundredThousandth => config.norm_eps = 1e-5,
            NormEps::HundredMillionth => config.norm_eps = 1e-8,
        }
        match dialect.rope_base {
            RopeBase::Config => {}
            RopeBase::TenThousand => config.rope_base = 10_000.0,
            RopeBase::HalfMillion => config.rope_base = 500_000.0,
        }
        match dialect.activations {
            Activations::Float => config.activation_bits = 0,
            Activations::To128 if config.ternary => config.activation_bits = 8,
            _ => {}
        }
        config
    }

    /// Whether a start patch is read before any text.
    pub(crate) fn reads_start(&self) -> bool {
        self.dialect.target == Target::Same && !self.is_bpe()
    }

    /// The patch that stands before a text where one must.
    pub(crate) fn start_patch(&self) -> Vec<Symbol> {
        let byte = match self.dialect.start {
            Start::Newline => b'\n',
            Start::Zero => 0,
            Start::Space => b' ',
        };
        vec![Symbol::from(byte); self.patch_size]
    }

    /// Whether the model reads and writes BPE tokens instead of bytes.
    pub fn is_bpe(&self) -> bool {
        self.vocab_size != 256 || self.patch_size == 1
    }

    /// A line for people: what the model is made of.
    pub fn summary(&self) -> String {
        let mut parts = vec![
            if self.is_bpe() {
                format!("BPE tokens ({})", self.vocab_size)
            } else {
                format!("bytes in patches of {}", self.patch_size)
            },
            match (self.mixer, self.window) {
                (Mixer::Mlgru, _) => "MLGRU".into(),
                (Mixer::Attention, None) => "attention".into(),
                (Mixer::Attention, Some(n)) => format!("attention over {n} patches"),
            },
            if self.ternary { "ternary weights".into() } else { "float weights".into() },
        ];
        let named = [
            (self.fp_residual_rank > 0, "FPResidual"),
            (self.bolmo, "Bolmo"),
            (self.delete_gate, "DeleteGate"),
            (self.pfnet_hidden > 0, "PFNet"),
            (self.local_decoder, "local byte decoder"),
        ];
        if let Layout::Words { .. } = self.layout {
            parts[0] += ", laid out by words";
        }
        parts.extend(named.iter().filter(|(on, _)| *on).map(|(_, n)| (*n).to_string()));
        parts.join(", ")
    }
}
