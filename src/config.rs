//! What a model is made of, and the table of all published runs (SPEC §1).

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

/// The shape of a model: what SPEC §1 and §2 leave open between runs.
///
/// Widths that a file's tensors tell (local decoder, gate, vocabulary …) are read off the
/// tensors; the fields here are what cannot be read off, and what the published runs are expected to hold.
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
}

/// A published run: its config and what it takes to tell it from the others.
#[derive(Clone, Debug)]
pub struct Run {
    /// Folder name on the Hub.
    pub name: &'static str,
    /// The authors' own name.
    pub internal_name: &'static str,
    /// Trainable parameters, as published.
    pub parameters: usize,
    components: Components,
}

/// Width of the local decoder's residual stream that the published sizes imply (SPEC §2).
const LOCAL_WIDTH: usize = 128;
/// Inner feed-forward width of the local decoder.
const LOCAL_FF: usize = 512;
/// Blocks of the local decoder.
const LOCAL_BLOCKS: usize = 2;
/// Width of a byte's embedding before the patch projection.
const BYTE_WIDTH: usize = 8;
/// Hidden width of the DeleteGate.
const GATE_HIDDEN: usize = 64;
/// The width run_15 aligns its states to while it trains.
const ALIGNER_WIDTH: usize = 128;

/// The columns of SPEC §1's table that are not widths.
#[derive(Clone, Copy, Debug)]
struct Components {
    small: bool,
    bpe_vocab: usize,
    mixer: Mixer,
    window: Option<usize>,
    ternary: bool,
    local_decoder: bool,
    fp_residual: bool,
    bolmo: bool,
    delete_gate: bool,
    pfnet: bool,
    decay: Decay,
    output_projection: bool,
    aligner: bool,
}

/// run_02, from which the rows below are told apart by what they change.
const TRANSFORMER: Components = Components {
    small: false,
    bpe_vocab: 0,
    mixer: Mixer::Attention,
    window: None,
    ternary: false,
    local_decoder: true,
    fp_residual: false,
    bolmo: false,
    delete_gate: false,
    pfnet: false,
    decay: Decay::None,
    output_projection: true,
    aligner: false,
};
const MLGRU: Components = Components {
    mixer: Mixer::Mlgru,
    decay: Decay::Scalar,
    ..TRANSFORMER
};
const TERNARY: Components = Components {
    ternary: true,
    ..MLGRU
};
const FP_RESIDUAL: Components = Components {
    fp_residual: true,
    ..TERNARY
};
const BOLMO: Components = Components {
    bolmo: true,
    ..FP_RESIDUAL
};
const COMPLETE: Components = Components {
    delete_gate: true,
    ..BOLMO
};
const PFNET: Components = Components {
    pfnet: true,
    ..COMPLETE
};
const SMALL: Components = Components {
    small: true,
    ..COMPLETE
};

const fn run(
    name: &'static str,
    internal_name: &'static str,
    parameters: usize,
    components: Components,
) -> Run {
    Run {
        name,
        internal_name,
        parameters,
        components,
    }
}

/// Every published architecture, in the order of the study.
#[rustfmt::skip]
pub static RUNS: [Run; 16] = [
    run("run_01", "transformer_bpe_fp16", 54_735_360, Components { bpe_vocab: 16_384, local_decoder: false, ..TRANSFORMER }),
    run("run_02a_byte_only_heads", "transformer_byte_fp16_no_lbd", 38_500_864, Components { local_decoder: false, ..TRANSFORMER }),
    run("run_02", "transformer_byte_fp16", 38_829_696, TRANSFORMER),
    run("run_03", "mlgru_byte_fp16", 38_829_708, MLGRU),
    run("run_04", "mlgru_byte_ternary", 38_853_644, TERNARY),
    run("run_05", "mlgru_byte_ternary_fpres", 39_001_100, FP_RESIDUAL),
    run("run_05b_kernel_strict", "mlgru_kernel_strict", 35_849_228, Components { output_projection: false, ..FP_RESIDUAL }),
    run("run_06", "mlgru_byte_ternary_fpres_bolmo", 39_001_365, BOLMO),
    run("run_07", "cpu1_complete", 39_034_262, COMPLETE),
    run("run_08", "folded_transformer_byte_ternary", 38_853_632, Components { ternary: true, window: Some(128), ..TRANSFORMER }),
    run("run_09", "cpu1_pfnet", 39_427_478, PFNET),
    run("run_10", "cpu1_decay_learned", 39_433_610, Components { decay: Decay::Channel, ..PFNET }),
    run("run_13", "small_cpu1_bpe", 12_546_161, Components { bpe_vocab: 4096, local_decoder: false, bolmo: false, ..SMALL }),
    run("run_14", "small_cpu1_byte", 10_693_370, SMALL),
    run("run_15", "small_cpu1_byte_hidden", 10_734_330, Components { aligner: true, ..SMALL }),
    run("run_16", "small_cpu1_raw_bytes", 10_693_370, SMALL),
];

impl Run {
    /// Looks a run up by its folder name; `_r2` and `_v3` folders hold the same architecture.
    pub fn named(name: &str) -> Option<&'static Run> {
        let base = name
            .strip_suffix("_r2")
            .or_else(|| name.strip_suffix("_v3"))
            .unwrap_or(name);
        RUNS.iter().find(|run| run.name == base)
    }

    /// The full-size config of this run.
    pub fn config(&self) -> Config {
        let c = self.components;
        let (d_model, n_layers, d_ff) = if c.small {
            (320, 8, 853)
        } else {
            (512, 12, 1376)
        };
        let bytes = c.bpe_vocab == 0;
        Config {
            run: self.name.into(),
            internal_name: self.internal_name.into(),
            d_model,
            n_layers,
            d_ff,
            n_heads: 8,
            patch_size: if bytes { 4 } else { 1 },
            vocab_size: if bytes { 256 } else { c.bpe_vocab },
            mixer: c.mixer,
            window: c.window,
            ternary: c.ternary,
            local_decoder: c.local_decoder,
            fp_residual_rank: if c.fp_residual { 12 } else { 0 },
            bolmo: c.bolmo,
            delete_gate: c.delete_gate,
            pfnet_hidden: if c.pfnet { 32 } else { 0 },
            decay: c.decay,
            output_projection: c.output_projection,
            norm_eps: 1e-6,
            rope_base: 10_000.0,
            activation_bits: if c.ternary { 8 } else { 0 },
            delete_threshold: 0.5,
            layout: Layout::Plain,
            end_byte: None,
        }
    }

    /// Trainable parameters by SPEC §2's formulas, training-only ones included.
    pub fn count_parameters(&self) -> usize {
        let config = self.config();
        let aligner = if self.components.aligner {
            ALIGNER_WIDTH * config.d_model
        } else {
            0
        };
        config.count_parameters() + aligner
    }
}

impl Config {
    /// Whether the model reads and writes BPE tokens instead of bytes.
    pub fn is_bpe(&self) -> bool {
        self.vocab_size != 256 || self.patch_size == 1
    }

    /// Parameters of a model of this shape with the local widths of the published runs.
    pub fn count_parameters(&self) -> usize {
        let (d, ff) = (self.d_model, self.d_ff);
        let embedding = if self.is_bpe() {
            self.vocab_size * d
        } else {
            let bolmo = 4 * BYTE_WIDTH * BYTE_WIDTH + BYTE_WIDTH + 1;
            256 * BYTE_WIDTH + d * BYTE_WIDTH * self.patch_size + if self.bolmo { bolmo } else { 0 }
        };
        let decay = match (self.mixer, self.decay) {
            (Mixer::Attention, _) | (_, Decay::None) => 0,
            (_, Decay::Scalar) => 1,
            (_, Decay::Channel) => d,
        };
        let projections = if self.output_projection { 4 } else { 3 };
        let sub_norms = |width: usize, inner: usize| match self.ternary {
            true => inner + if self.output_projection { width } else { 0 },
            false => 0,
        };
        let block = projections * d * d
            + 3 * d * ff
            + 2 * d
            + sub_norms(d, ff)
            + decay
            + 2 * self.fp_residual_rank * d
            + 2 * self.pfnet_hidden * d;
        let gate = match self.delete_gate {
            true => GATE_HIDDEN * d + GATE_HIDDEN + GATE_HIDDEN + 1,
            false => 0,
        };
        let head = if self.is_bpe() {
            self.vocab_size * d
        } else if !self.local_decoder {
            self.patch_size * 256 * d
        } else {
            let (w, f) = (LOCAL_WIDTH, LOCAL_FF);
            let sub_norms = if self.ternary { w + f } else { 0 };
            let block = 4 * w * w + 3 * w * f + 2 * w + sub_norms;
            self.patch_size * w * d
                + 256 * w
                + self.patch_size * w
                + LOCAL_BLOCKS * block
                + w
                + 256 * w
        };
        embedding + self.n_layers * block + gate + d + head
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
            if self.ternary {
                "ternary weights".into()
            } else {
                "float weights".into()
            },
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
        parts.extend(
            named
                .iter()
                .filter(|(on, _)| *on)
                .map(|(_, n)| (*n).to_string()),
        );
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_counts_are_the_published_ones() {
        for run in &RUNS {
            assert_eq!(run.count_parameters(), run.parameters, "{}", run.name);
        }
    }

    #[test]
    fn later_trainings_share_the_architecture() {
        assert_eq!(Run::named("run_07_r2").unwrap().name, "run_07");
        assert_eq!(Run::named("run_14_v3").unwrap().name, "run_14");
        assert!(Run::named("run_11").is_none());
    }
}
