//! The table of all published runs ([spec](crate::spec) §1).

use crate::config::{Config, Decay, Mixer};

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

/// The columns of [spec](crate::spec) §1's table that are not widths.
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
}

/// run_02; the rows below name what they change of it.
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
    run("run_15", "small_cpu1_byte_hidden", 10_734_330, SMALL),
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_trainings_share_the_architecture() {
        assert_eq!(Run::named("run_07_r2").unwrap().name, "run_07");
        assert_eq!(Run::named("run_14_v3").unwrap().name, "run_14");
        assert!(Run::named("run_11").is_none());
    }
}
