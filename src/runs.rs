//! The table of all published runs ([spec](crate::spec) §1).

use crate::config::{Config, Decay, LOCAL_HEADS, Layout, Mixer};
use crate::dialect::Dialect;

/// A published run: its config and what it takes to tell it from the others.
#[derive(Clone, Debug)]
pub struct Run {
    /// Folder name on the Hub.
    pub name: &'static str,
    /// The authors' own name.
    pub internal_name: &'static str,
    /// Trainable parameters, as published.
    pub parameters: usize,
    /// Makes the config of this run out of run_02's.
    change: fn(&mut Config),
}

fn mlgru(config: &mut Config) {
    (config.mixer, config.decay) = (Mixer::Mlgru, Decay::Scalar);
}

fn ternary(config: &mut Config) {
    (config.ternary, config.activation_bits) = (true, 8);
}

fn ternary_mlgru(config: &mut Config) {
    mlgru(config);
    ternary(config);
}

fn fp_residual(config: &mut Config) {
    ternary_mlgru(config);
    config.fp_residual_rank = 12;
}

fn bolmo(config: &mut Config) {
    fp_residual(config);
    config.bolmo = true;
}

fn complete(config: &mut Config) {
    bolmo(config);
    config.delete_gate = true;
}

fn pfnet(config: &mut Config) {
    complete(config);
    config.pfnet_hidden = 32;
}

fn small(config: &mut Config) {
    complete(config);
    (config.d_model, config.n_layers, config.d_ff) = (320, 8, 853);
}

/// Tokens instead of bytes, so no patches, no local decoder and nothing within a patch.
fn bpe(config: &mut Config, tokens: usize) {
    (config.patch_size, config.vocab_size) = (1, tokens);
    (config.local_decoder, config.bolmo) = (false, false);
}

const fn run(
    name: &'static str,
    internal_name: &'static str,
    parameters: usize,
    change: fn(&mut Config),
) -> Run {
    Run { name, internal_name, parameters, change }
}

/// Every published architecture, in the order of the study.
#[rustfmt::skip]
pub static RUNS: [Run; 16] = [
    run("run_01", "transformer_bpe_fp16", 54_735_360, |c| bpe(c, 16_384)),
    run("run_02a_byte_only_heads", "transformer_byte_fp16_no_lbd", 38_500_864, |c| c.local_decoder = false),
    run("run_02", "transformer_byte_fp16", 38_829_696, |_| ()),
    run("run_03", "mlgru_byte_fp16", 38_829_708, mlgru),
    run("run_04", "mlgru_byte_ternary", 38_853_644, ternary_mlgru),
    run("run_05", "mlgru_byte_ternary_fpres", 39_001_100, fp_residual),
    run("run_05b_kernel_strict", "mlgru_kernel_strict", 35_849_228, |c| { fp_residual(c); c.output_projection = false }),
    run("run_06", "mlgru_byte_ternary_fpres_bolmo", 39_001_365, bolmo),
    run("run_07", "cpu1_complete", 39_034_262, complete),
    run("run_08", "folded_transformer_byte_ternary", 38_853_632, |c| { ternary(c); c.window = Some(128) }),
    run("run_09", "cpu1_pfnet", 39_427_478, pfnet),
    run("run_10", "cpu1_decay_learned", 39_433_610, |c| { pfnet(c); c.decay = Decay::Channel }),
    run("run_13", "small_cpu1_bpe", 12_546_161, |c| { small(c); bpe(c, 4096) }),
    run("run_14", "small_cpu1_byte", 10_693_370, small),
    run("run_15", "small_cpu1_byte_hidden", 10_734_330, small),
    run("run_16", "small_cpu1_raw_bytes", 10_693_370, small),
];

impl Run {
    /// Looks a run up by its folder name; `_r2` and `_v3` folders hold the same architecture.
    pub fn named(name: &str) -> Option<&'static Run> {
        let base = name.strip_suffix("_r2").or_else(|| name.strip_suffix("_v3")).unwrap_or(name);
        RUNS.iter().find(|run| run.name == base)
    }

    /// The full-size config of this run.
    pub fn config(&self) -> Config {
        let mut config = Config {
            run: self.name.into(),
            internal_name: self.internal_name.into(),
            d_model: 512,
            n_layers: 12,
            d_ff: 1376,
            n_heads: 8,
            patch_size: 4,
            vocab_size: 256,
            mixer: Mixer::Attention,
            window: None,
            ternary: false,
            local_decoder: true,
            local_heads: LOCAL_HEADS,
            fp_residual_rank: 0,
            bolmo: false,
            delete_gate: false,
            pfnet_hidden: 0,
            decay: Decay::None,
            output_projection: true,
            norm_eps: 1e-6,
            rope_base: 10_000.0,
            activation_bits: 0,
            delete_threshold: 0.5,
            layout: Layout::Plain,
            end_byte: None,
            dialect: Dialect::default(),
        };
        (self.change)(&mut config);
        config
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
