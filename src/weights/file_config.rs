//! The config that a file carries: what it adds to the tensors, and how we write it ([spec](crate::spec) §3).

use crate::checkpoint::{Value, shown};
use crate::config::{Config, Decay, LOCAL_HEADS, Layout, Mixer};
use crate::decimal;

/// A key of a file's config has a value that no model can have.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("The file's config says {key} = {found}; it must be {expected}.")]
pub struct Error {
    key: &'static str,
    found: String,
    expected: &'static str,
}

/// What a file's config says and its tensors cannot: each field where it is there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    /// Folder name of the run.
    pub run: Option<String>,
    /// The authors' own name.
    pub internal_name: Option<String>,
    /// Attention heads of the backbone.
    pub n_heads: Option<usize>,
    /// The kind of mixer.
    pub mixer: Option<Mixer>,
    /// Patches that a query sees; `Some(None)` for all of them.
    pub window: Option<Option<usize>>,
    /// Whether linear layers are BitLinear.
    pub ternary: Option<bool>,
    /// ε of every RMSNorm.
    pub norm_eps: Option<f32>,
    /// Base of the rotary frequencies.
    pub rope_base: Option<f32>,
    /// 8, or 0 for plain floats.
    pub activation_bits: Option<u32>,
    /// The DeleteGate's threshold.
    pub delete_threshold: Option<f32>,
    /// Whether text is laid out by words.
    pub words: Option<bool>,
    /// The byte that fills patches of such a text.
    pub fill_byte: Option<u8>,
    /// The byte that ends a text.
    pub end_byte: Option<u8>,
    /// Width d of the backbone.
    pub d_model: Option<usize>,
    /// Blocks of the backbone.
    pub n_layers: Option<usize>,
    /// Inner width F of the backbone's feed-forward layers.
    pub d_ff: Option<usize>,
    /// 256 for bytes, else the number of BPE tokens.
    pub vocab_size: Option<usize>,
    /// Bytes of a patch.
    pub patch_size: Option<usize>,
    /// Width of the local decoder.
    pub local_width: Option<usize>,
    /// Blocks of the local decoder.
    pub local_layers: Option<usize>,
    /// Inner width of the local decoder's feed-forward layers.
    pub local_d_ff: Option<usize>,
    /// Attention heads of the local decoder.
    pub local_heads: Option<usize>,
    /// Rank of FPResidual.
    pub fp_residual_rank: Option<usize>,
    /// Hidden width of PFNet.
    pub pfnet_hidden: Option<usize>,
    /// Whether the head is the embedding.
    pub tied: Option<bool>,
}

/// The first of some keys that is there, and its value.
fn find<'v>(
    entries: &'v [(Value, Value)],
    keys: &[&'static str],
) -> Option<(&'static str, &'v Value)> {
    keys.iter().find_map(|key| {
        let at = entries.iter().find(|(k, _)| matches!(k, Value::Str(k) if k == key));
        at.map(|(_, value)| (*key, value))
    })
}

/// The value of the first of some keys, as `read` takes it.
fn field<T>(
    entries: &[(Value, Value)],
    keys: &[&'static str],
    expected: &'static str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Option<T>, Error> {
    let Some((key, value)) = find(entries, keys) else {
        return Ok(None);
    };
    read(value).map(Some).ok_or_else(|| Error { key, found: shorten(value), expected })
}

/// A value as an error shows it.
fn shorten(value: &Value) -> String {
    match value {
        Value::None => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Int(n) => n.to_string(),
        Value::Float(x) => decimal::text(*x),
        Value::Str(text) => format!("'{}'", shown(text)),
        Value::Bytes(_) => "bytes".into(),
        Value::List(_) => "a list".into(),
        Value::Dict(_) => "a dict".into(),
        Value::Opaque(name) => shown(name),
    }
}

/// A whole number from `least` to `most`.
fn whole(least: usize, most: usize) -> impl Fn(&Value) -> Option<usize> {
    move |value| match value {
        Value::Int(n) => usize::try_from(*n).ok().filter(|n| (least..=most).contains(n)),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Str(text) => Some(text.chars().take(100).collect()),
        _ => None,
    }
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        _ => None,
    }
}

fn positive(value: &Value) -> Option<f32> {
    match value {
        Value::Float(x) => Some(*x as f32),
        Value::Int(n) => Some(*n as f32),
        _ => None,
    }
    .filter(|x| x.is_finite() && *x >= 0.0)
}

impl Hints {
    /// Reads a file's config, or the want of one.
    ///
    /// # Errors
    /// When a value is there and no model can have it.
    pub fn read(config: Option<&Value>) -> Result<Self, Error> {
        let Some(Value::Dict(entries)) = config else {
            return Ok(Hints::default());
        };
        const NUMBER: &str = "a number, 0 or more";
        const TEXT: &str = "a text";
        const BYTE: &str = "a whole number from 0 to 255";
        let byte = |v: &Value| whole(0, 255)(v).map(|n| n as u8);
        // Tensors tell these too, so that a value that cannot be is no error.
        let size = |keys| find(entries, keys).and_then(|(_, v)| whole(1, 1 << 24)(v));
        Ok(Hints {
            run: field(entries, &["run", "run_name"], TEXT, text)?.filter(|run| !run.is_empty()),
            internal_name: field(entries, &["internal_name", "name"], TEXT, text)?,
            n_heads: field(
                entries,
                &["n_heads", "num_heads", "n_head", "num_attention_heads", "heads"],
                "a whole number from 1 to 1,024",
                whole(1, 1024),
            )?,
            mixer: field(entries, &["mixer"], "\"attention\" or \"mlgru\"", |v| match v {
                Value::Str(s) if s == "attention" => Some(Mixer::Attention),
                Value::Str(s) if s == "mlgru" => Some(Mixer::Mlgru),
                _ => None,
            })?,
            window: field(
                entries,
                &["window", "window_size", "sliding_window"],
                "none, or a whole number of patches",
                |v| match v {
                    Value::None => Some(None),
                    _ => whole(0, 1 << 20)(v).map(|n| Some(n).filter(|n| *n > 0)),
                },
            )?,
            ternary: field(entries, &["ternary"], "true or false", flag)?,
            norm_eps: field(entries, &["norm_eps", "rms_norm_eps", "eps"], NUMBER, positive)?,
            rope_base: field(entries, &["rope_base", "rope_theta"], NUMBER, positive)?,
            activation_bits: field(entries, &["activation_bits"], "8, or 0 for none", |v| {
                whole(0, 8)(v).filter(|n| matches!(n, 0 | 8)).map(|n| n as u32)
            })?,
            delete_threshold: field(entries, &["delete_threshold"], NUMBER, positive)?,
            words: field(entries, &["layout"], "\"plain\" or \"words\"", |v| match v {
                Value::Str(s) if s == "plain" => Some(false),
                Value::Str(s) if s == "words" => Some(true),
                _ => None,
            })?,
            fill_byte: field(entries, &["fill_byte"], BYTE, byte)?,
            end_byte: field(entries, &["end_byte"], BYTE, byte)?,
            d_model: size(&["d_model", "dim", "hidden_size", "n_embd"]),
            n_layers: size(&["n_layers", "num_layers", "n_layer", "num_hidden_layers", "depth"]),
            d_ff: size(&["d_ff", "intermediate_size", "ffn_dim"]),
            vocab_size: size(&["vocab_size"]),
            patch_size: size(&["patch_size"]),
            local_width: size(&["local_width", "local_dim", "d_local"]),
            local_layers: size(&["local_layers", "n_local_layers"]),
            local_d_ff: size(&["local_d_ff", "local_ffn_dim"]),
            local_heads: size(&["local_heads", "n_local_heads"]),
            fp_residual_rank: size(&["fp_residual_rank"]),
            pfnet_hidden: size(&["pfnet_hidden"]),
            tied: find(entries, &["tie_word_embeddings", "tie_weights"]).and_then(|(_, v)| flag(v)),
        })
    }
}

/// A config as a file carries it.
pub fn value(config: &Config) -> Value {
    let whole = |n: usize| Value::Int(n as i64);
    let text = |s: &str| Value::Str(s.into());
    let number = |x: f32| Value::Float(decimal::nearest(x));
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
    let mut entries = Vec::from(entries);
    if let Layout::Words { fill } = config.layout {
        entries.push(("layout", text("words")));
        entries.push(("fill_byte", whole(fill.into())));
    }
    if config.local_heads != LOCAL_HEADS {
        entries.push(("local_heads", whole(config.local_heads)));
    }
    if let Some(end) = config.end_byte {
        entries.push(("end_byte", whole(end.into())));
    }
    Value::Dict(entries.into_iter().map(|(k, v)| (text(k), v)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::Run;

    fn changed(key: &str, new: Value) -> Result<Hints, Error> {
        let Value::Dict(mut entries) = value(&Run::named("run_08").unwrap().config()) else {
            unreachable!()
        };
        for (k, v) in &mut entries {
            if *k == Value::Str(key.into()) {
                *v = new.clone();
            }
        }
        Hints::read(Some(&Value::Dict(entries)))
    }

    #[test]
    fn what_we_write_we_read() {
        let hints = changed("", Value::None).unwrap();
        assert_eq!(hints.run.as_deref(), Some("run_08"));
        assert_eq!((hints.n_heads, hints.window), (Some(8), Some(Some(128))));
        assert_eq!((hints.norm_eps, hints.ternary), (Some(1e-6), Some(true)));
        assert_eq!(Hints::read(None).unwrap(), Hints::default());
    }

    #[test]
    fn impossible_values_get_a_sentence() {
        let says = |key, bad| changed(key, bad).unwrap_err().to_string();
        assert_eq!(
            says("n_heads", Value::Int(-1)),
            "The file's config says n_heads = -1; it must be a whole number from 1 to 1,024."
        );
        assert!(says("mixer", Value::Str("é".repeat(1000))).len() < 300);
        assert!(says("norm_eps", Value::Float(f64::NAN)).contains("norm_eps"));
    }
}
