//! The config that a file carries, to and from [`Config`] (SPEC §3).

use crate::checkpoint::Value;
use crate::config::{Config, Decay, Mixer, Run};
use std::fmt;

/// What is wrong with a file's config.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The file has no config.
    Missing,
    /// A key is missing and the run's name does not tell its value either.
    MissingKey(&'static str),
    /// A key has a value that no model can have.
    Value {
        /// The key.
        key: &'static str,
        /// Its value, shortened.
        found: String,
        /// What would do.
        expected: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Missing => write!(
                f,
                "The file has tensors and no config, so the shape of the model is unknown."
            ),
            Error::MissingKey(key) => write!(
                f,
                "The file's config has no {key}, and its run is not one of the published ones that would tell."
            ),
            Error::Value {
                key,
                found,
                expected,
            } => write!(
                f,
                "The file's config says {key} = {found}; it must be {expected}."
            ),
        }
    }
}

impl std::error::Error for Error {}

/// A dict of the file, and the published run that fills its gaps.
struct Fields<'a> {
    entries: &'a [(Value, Value)],
    known: Option<Config>,
}

impl Fields<'_> {
    fn get(&self, key: &str) -> Option<&Value> {
        let found = |(k, _): &&(Value, Value)| matches!(k, Value::Str(k) if k == key);
        self.entries.iter().find(found).map(|(_, value)| value)
    }

    /// The value of a key as `read` takes it, else that of the published run.
    fn field<T>(
        &self,
        key: &'static str,
        expected: &'static str,
        read: impl Fn(&Value) -> Option<T>,
        published: impl Fn(&Config) -> T,
    ) -> Result<T, Error> {
        match (self.get(key), &self.known) {
            (Some(value), _) => read(value).ok_or_else(|| Error::Value {
                key,
                found: shorten(value),
                expected,
            }),
            (None, Some(known)) => Ok(published(known)),
            (None, None) => Err(Error::MissingKey(key)),
        }
    }

    fn text(&self, key: &str) -> Option<String> {
        match self.get(key) {
            Some(Value::Str(text)) => Some(text.clone()),
            _ => None,
        }
    }
}

fn shorten(value: &Value) -> String {
    let mut text: String = format!("{value:?}").chars().take(80).collect();
    if text.len() >= 80 {
        text.push('…');
    }
    text
}

/// A whole number from 0 to `most`.
fn whole(most: usize) -> impl Fn(&Value) -> Option<usize> {
    move |value| match value {
        Value::Int(n) => usize::try_from(*n).ok().filter(|n| *n <= most),
        _ => None,
    }
}

fn positive(most: usize) -> impl Fn(&Value) -> Option<usize> {
    move |value| whole(most)(value).filter(|n| *n > 0)
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f32> {
    match value {
        Value::Float(x) => Some(*x as f32),
        Value::Int(n) => Some(*n as f32),
        _ => None,
    }
    .filter(|x| x.is_finite())
}

/// Reads a file's config. Keys it lacks come from the published run of its name, if it is one.
///
/// # Errors
/// When there is no config, or a value is missing or impossible.
pub fn config(value: Option<&Value>) -> Result<Config, Error> {
    let Some(Value::Dict(entries)) = value else {
        return Err(Error::Missing);
    };
    let mut fields = Fields {
        entries,
        known: None,
    };
    let run = fields.text("run").unwrap_or_default();
    fields.known = Run::named(&run).map(Run::config);
    let internal_name = fields
        .text("internal_name")
        .or_else(|| fields.known.as_ref().map(|c| c.internal_name.clone()))
        .unwrap_or_default();

    const WIDTH: &str = "a whole number from 1 to 65,536";
    const COUNT: &str = "a whole number from 1 to 1,024";
    const MAYBE: &str = "a whole number from 0 to 65,536";
    const FLAG: &str = "true or false";
    const NUMBER: &str = "a number";
    let config = Config {
        d_model: fields.field("d_model", WIDTH, positive(1 << 16), |c| c.d_model)?,
        n_layers: fields.field("n_layers", COUNT, positive(1024), |c| c.n_layers)?,
        d_ff: fields.field("d_ff", WIDTH, positive(1 << 16), |c| c.d_ff)?,
        n_heads: fields.field("n_heads", COUNT, positive(1024), |c| c.n_heads)?,
        patch_size: fields.field(
            "patch_size",
            "4 for bytes, or 1 for BPE tokens",
            |v| whole(4)(v).filter(|n| matches!(n, 1 | 4)),
            |c| c.patch_size,
        )?,
        vocab_size: fields.field("vocab_size", WIDTH, positive(1 << 20), |c| c.vocab_size)?,
        mixer: fields.field(
            "mixer",
            "\"attention\" or \"mlgru\"",
            |v| match v {
                Value::Str(s) if s == "attention" => Some(Mixer::Attention),
                Value::Str(s) if s == "mlgru" => Some(Mixer::Mlgru),
                _ => None,
            },
            |c| c.mixer,
        )?,
        window: fields.field(
            "window",
            "none, or a whole number of patches",
            |v| match v {
                Value::None => Some(None),
                _ => whole(1 << 20)(v).map(|n| Some(n).filter(|n| *n > 0)),
            },
            |c| c.window,
        )?,
        ternary: fields.field("ternary", FLAG, flag, |c| c.ternary)?,
        local_decoder: fields.field("local_decoder", FLAG, flag, |c| c.local_decoder)?,
        fp_residual_rank: fields.field("fp_residual_rank", MAYBE, whole(1 << 16), |c| {
            c.fp_residual_rank
        })?,
        bolmo: fields.field("bolmo", FLAG, flag, |c| c.bolmo)?,
        delete_gate: fields.field("delete_gate", FLAG, flag, |c| c.delete_gate)?,
        pfnet_hidden: fields.field("pfnet_hidden", MAYBE, whole(1 << 16), |c| c.pfnet_hidden)?,
        decay: fields.field(
            "decay",
            "\"none\", \"scalar\" or \"channel\"",
            |v| match v {
                Value::None => Some(Decay::None),
                Value::Str(s) if s == "none" => Some(Decay::None),
                Value::Str(s) if s == "scalar" => Some(Decay::Scalar),
                Value::Str(s) if s == "channel" => Some(Decay::Channel),
                _ => None,
            },
            |c| c.decay,
        )?,
        output_projection: fields
            .field("output_projection", FLAG, flag, |c| c.output_projection)?,
        norm_eps: fields.field("norm_eps", NUMBER, number, |c| c.norm_eps)?,
        rope_base: fields.field("rope_base", NUMBER, number, |c| c.rope_base)?,
        activation_bits: fields.field(
            "activation_bits",
            "8, or 0 for none",
            |v| whole(8)(v).filter(|n| matches!(n, 0 | 8)).map(|n| n as u32),
            |c| c.activation_bits,
        )?,
        delete_threshold: fields
            .field("delete_threshold", NUMBER, number, |c| c.delete_threshold)?,
        run,
        internal_name,
    };
    if config.mixer == Mixer::Attention && !config.d_model.is_multiple_of(2 * config.n_heads) {
        return Err(Error::Value {
            key: "n_heads",
            found: config.n_heads.to_string(),
            expected: "a divisor of d_model that leaves heads of even size",
        });
    }
    Ok(config)
}

/// A config as a file carries it.
pub fn value(config: &Config) -> Value {
    let whole = |n: usize| Value::Int(n as i64);
    let text = |s: &str| Value::Str(s.into());
    // The shortest decimal of an f32, so that 1e-6 stays 1e-6.
    let number = |x: f32| Value::Float(x.to_string().parse().unwrap_or(f64::from(x)));
    let entries = [
        ("run", text(&config.run)),
        ("internal_name", text(&config.internal_name)),
        ("d_model", whole(config.d_model)),
        ("n_layers", whole(config.n_layers)),
        ("d_ff", whole(config.d_ff)),
        ("n_heads", whole(config.n_heads)),
        ("patch_size", whole(config.patch_size)),
        ("vocab_size", whole(config.vocab_size)),
        (
            "mixer",
            text(match config.mixer {
                Mixer::Attention => "attention",
                Mixer::Mlgru => "mlgru",
            }),
        ),
        ("window", config.window.map_or(Value::None, whole)),
        ("ternary", Value::Bool(config.ternary)),
        ("local_decoder", Value::Bool(config.local_decoder)),
        ("fp_residual_rank", whole(config.fp_residual_rank)),
        ("bolmo", Value::Bool(config.bolmo)),
        ("delete_gate", Value::Bool(config.delete_gate)),
        ("pfnet_hidden", whole(config.pfnet_hidden)),
        (
            "decay",
            text(match config.decay {
                Decay::None => "none",
                Decay::Scalar => "scalar",
                Decay::Channel => "channel",
            }),
        ),
        ("output_projection", Value::Bool(config.output_projection)),
        ("norm_eps", number(config.norm_eps)),
        ("rope_base", number(config.rope_base)),
        ("activation_bits", whole(config.activation_bits as usize)),
        ("delete_threshold", number(config.delete_threshold)),
    ];
    Value::Dict(entries.map(|(k, v)| (text(k), v)).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RUNS;

    #[test]
    fn every_config_survives_the_round_trip() {
        for run in &RUNS {
            let written = run.config();
            assert_eq!(config(Some(&value(&written))).unwrap(), written);
        }
    }

    #[test]
    fn a_published_name_fills_the_gaps() {
        let name = Value::Dict(vec![(
            Value::Str("run".into()),
            Value::Str("run_14".into()),
        )]);
        let read = config(Some(&name)).unwrap();
        assert_eq!(read, Run::named("run_14").unwrap().config());
    }

    #[test]
    fn impossible_values_get_a_sentence() {
        let Value::Dict(good) = value(&Run::named("run_02").unwrap().config()) else {
            unreachable!()
        };
        let says = |key: &str, bad: Value| {
            let mut entries = good.clone();
            for (k, v) in &mut entries {
                if *k == Value::Str(key.into()) {
                    *v = bad.clone();
                }
            }
            config(Some(&Value::Dict(entries))).unwrap_err().to_string()
        };
        assert_eq!(
            says("d_model", Value::Int(-1)),
            "The file's config says d_model = Int(-1); it must be a whole number from 1 to 65,536."
        );
        assert!(says("mixer", Value::Str("x".repeat(1000))).len() < 200);
        assert!(says("norm_eps", Value::Float(f64::NAN)).contains("norm_eps"));
        assert!(says("n_heads", Value::Int(7)).contains("divisor"));
        assert!(config(None).unwrap_err().to_string().contains("no config"));
    }
}
