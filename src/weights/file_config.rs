//! The config that a file carries: what it adds to the tensors, and how we write it ([spec](crate::spec) §3).
//!
//! People keep it under any key, nested, as text, beside a trainer's settings that use the same words. So every dict of the
//! file is looked through, the one that has the most of a model's keys counts first, and a value that no model can have
//! is a note and not the end.

mod text;

use crate::checkpoint::{Value, shown};
use crate::config::{Config, Decay, LOCAL_HEADS, Layout, Mixer};
use crate::decimal;
use crate::dialect::Dialect;

/// What a file's config says and its tensors cannot: each field where it is there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    /// Folder name of the run.
    pub run: Option<String>,
    /// The authors' own name.
    pub internal_name: Option<String>,
    /// Attention heads of the backbone.
    pub n_heads: Option<usize>,
    /// Width of one of these heads.
    pub head_width: Option<usize>,
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
    /// How the model is read where nobody wrote it down.
    pub dialect: Option<Dialect>,
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
    /// What a person should know of the config, each a sentence.
    pub notes: Vec<String>,
    /// What it said of what tensors tell as well: our key, the file's, the value.
    pub said: Vec<(&'static str, String, Value)>,
}

/// Our key for what a key of a config is about, and whether that is about the local decoder.
fn field_of(key: &str) -> Option<(&'static str, bool)> {
    /// Longer keys are none of a model's.
    const LONGEST: usize = 40;
    if key.len() > LONGEST {
        return None;
    }
    let mut plain = String::new();
    let mut after_lower = false;
    for c in key.chars() {
        if after_lower && c.is_ascii_uppercase() {
            plain.push('_');
        }
        after_lower = c.is_ascii_lowercase();
        plain.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
    }
    let is_own = OWN.iter().find(|own| **own == plain);
    if let Some(own) = is_own {
        return Some((own, false));
    }
    let mut local = false;
    let mut words = Vec::new();
    for word in plain.split('_') {
        match word {
            "local" | "lbd" | "decoder" => local = true,
            "" | "n" | "num" | "encoder" | "backbone" | "global" => {}
            word => words.push(word),
        }
    }
    let name = words.join("_");
    if let Some(names) = NAMES.iter().find(|names| names.contains(&&*name)) {
        return Some((names[0], local));
    }
    let is_eps = name.ends_with("eps") || name.ends_with("epsilon");
    let of_norm = contains(&name, &["norm", "rms", "ln", "variance"]);
    (is_eps && of_norm).then_some(("norm_eps", local))
}

/// The names that people give a field, ours first, without words that only count or say where.
#[rustfmt::skip]
const NAMES: [&[&str]; 17] = [
    &["run", "run_name"],
    &["internal_name", "name", "model_name"],
    &["n_heads", "heads", "head", "nheads", "nhead", "attention_heads", "attn_heads", "head_count"],
    &["head_dim", "head_size", "head_width", "d_head", "dim_head"],
    &["mixer", "mixer_type", "token_mixer", "sequence_mixer", "mixer_kind"],
    &["window", "window_size", "sliding_window", "sliding_window_size", "attention_window", "attn_window"],
    &["ternary", "use_ternary", "is_ternary", "ternary_weights", "bitlinear", "use_bitlinear", "bitnet", "use_bitnet",
      "weight_bits", "w_bits"],
    &["rope_base", "rope_theta", "rotary_base", "rotary_emb_base", "rotary_theta"],
    &["activation_bits", "act_bits", "a_bits", "activations_bits"],
    &["delete_threshold", "deletion_threshold", "delete_gate_threshold", "gate_threshold"],
    &["d_model", "dim", "hidden_size", "embd", "embed", "embed_dim", "emb_dim", "model_dim", "width", "d"],
    &["n_layers", "layers", "layer", "nlayers", "nlayer", "hidden_layers", "blocks", "depth"],
    &["d_ff", "dff", "intermediate_size", "ffn_dim", "ff_dim", "inner", "d_inner", "mlp_dim", "ffn_hidden_size",
      "ffn_hidden", "dim_feedforward", "hidden_dim"],
    &["vocab_size", "vocab", "padded_vocab_size"],
    &["patch_size", "patch_len", "bytes_per_patch"],
    &["tied", "tie_word_embeddings", "tie_embeddings", "tied_embeddings", "tie_weights", "weight_tying",
      "share_embeddings"],
    &["eps", "epsilon"],
];

/// Keys that only we write.
const OWN: [&str; 11] = [
    "local_decoder",
    "fp_residual_rank",
    "bolmo",
    "delete_gate",
    "pfnet_hidden",
    "decay",
    "output_projection",
    "layout",
    "fill_byte",
    "end_byte",
    "dialect",
];

/// The local decoder's field of the same kind.
fn local(field: &str) -> Option<&'static str> {
    Some(match field {
        "d_model" => "local_width",
        "n_layers" => "local_layers",
        "d_ff" => "local_d_ff",
        "n_heads" => "local_heads",
        _ => return None,
    })
}

/// Whether a field decides what a model writes while its tensors fit any value.
fn is_silent(field: &str) -> bool {
    matches!(
        field,
        "n_heads"
            | "window"
            | "ternary"
            | "norm_eps"
            | "rope_base"
            | "activation_bits"
            | "delete_threshold"
    )
}

/// Whether tensors tell a field too, so that it need not be said.
fn is_told(field: &str) -> bool {
    !is_silent(field) && !matches!(field, "run" | "internal_name" | "mixer" | "layout" | "dialect")
}

/// A dict of the file, and what it says of a model.
struct Place {
    /// The keys that lead to it, each after a dot.
    path: String,
    /// Whether one of these keys promises settings.
    named: bool,
    /// Our key, the file's, and the value.
    said: Vec<(&'static str, String, Value)>,
    /// The number of the backbone's keys that have a value.
    score: usize,
}

impl Place {
    /// Whether one is inside the other.
    fn is_around(&self, other: &Place) -> bool {
        let [short, long] = match self.path.len() < other.path.len() {
            true => [&self.path, &other.path],
            false => [&other.path, &self.path],
        };
        let rest = long.strip_prefix(&**short);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// What the keys that lead to a value say of it.
#[derive(Clone, Copy, Default)]
struct Inside {
    named: bool,
    local: bool,
}

/// A file's settings are a handful of dicts, or the attributes of some hundreds of modules.
const MOST_PLACES: usize = 1 << 11;

/// Dicts that are written flat in another.
const MOST_FLAT: usize = 64;

/// The walk that gathers the dicts.
struct Walk<'w> {
    places: Vec<Place>,
    /// Words in a key of what is the local decoder's.
    locals: &'w [&'w str],
    /// Settings that have no names: where, and what they are.
    nameless: Option<(String, String)>,
}

impl Walk<'_> {
    fn look(&mut self, path: &str, inside: Inside, value: &Value, depth: usize) {
        /// A module in modules is nested by two for each.
        const DEEPEST: usize = 24;
        if depth > DEEPEST {
            return;
        }
        let key = path.rsplit('.').next().unwrap_or("").to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| key.contains(word));
        // What is for other things than the model uses the same words.
        if has(&["optim", "sched", "adam", "teacher", "tokeniz", "dataset", "logg", "plot"]) {
            return;
        }
        let inside = Inside {
            named: inside.named
                || has(&["conf", "cfg", "arg", "param", "arch", "model", "setting"]),
            local: inside.local || has(self.locals),
        };
        let entries = match value {
            Value::Dict(entries) => entries,
            Value::Str(_) | Value::Bytes(_) => {
                if let Some(value) = text::parse(value, inside.named) {
                    self.look(path, inside, &value, depth + 1);
                }
                return;
            }
            Value::Opaque(name) if inside.named && name.contains('.') && name != "torch.Tensor" => {
                let found = || (path.trim_start_matches('.').to_owned(), shown(name));
                self.nameless.get_or_insert_with(found);
                return;
            }
            _ => return,
        };
        let texts = entries.iter().filter_map(|(key, value)| match key {
            Value::Str(key) => Some((&**key, value)),
            _ => None,
        });
        const OPTIMIZER: [&str; 6] =
            ["lr", "learning_rate", "betas", "weight_decay", "beta1", "momentum"];
        let has_optimizer = texts.clone().any(|(key, _)| OPTIMIZER.contains(&key));
        let mut place =
            Place { path: path.to_owned(), named: inside.named, said: Vec::new(), score: 0 };
        let mut others = Vec::new();
        let mut flat: Vec<(String, Vec<(Value, Value)>)> = Vec::new();
        for (name, value) in texts {
            // Nested dicts may be written flat: `model.n_heads`.
            if let Some((above, name)) = name.rsplit_once('.') {
                let entry = (Value::Str(name.to_owned()), value.clone());
                let above = shown(above).replace('.', "_");
                let is_room = flat.len() < MOST_FLAT;
                match flat.iter_mut().rev().find(|(group, _)| *group == above) {
                    Some((_, entries)) => entries.push(entry),
                    None if is_room => flat.push((above, vec![entry])),
                    None => {}
                }
                continue;
            }
            // As loggers of runs write it, with a description beside it.
            let value = value.get("value").unwrap_or(value);
            let about = field_of(name)
                .filter(|(field, _)| *field == "dialect" || !matches!(value, Value::Dict(_)));
            let Some((mut field, of_local)) = about else {
                others.push((name, value));
                continue;
            };
            if field == "eps" && has(&["norm", "rms", "ln"]) {
                field = "norm_eps";
            }
            let known = match inside.local || of_local {
                true => local(field),
                false => Some(field).filter(|field| *field != "eps" || !has_optimizer),
            };
            if let Some(field) = known {
                let of_backbone = !field.starts_with("local_")
                    && !matches!(field, "run" | "internal_name" | "eps")
                    && *value != Value::None
                    && !place.said.iter().any(|said| said.0 == field);
                place.score += usize::from(of_backbone);
                place.said.push((field, shown(name), value.clone()));
            }
        }
        if !place.said.is_empty() && self.places.len() < MOST_PLACES {
            self.places.push(place);
        }
        for (above, entries) in flat {
            self.look(&format!("{path}.{above}"), inside, &Value::Dict(entries), depth + 1);
        }
        for (name, value) in others {
            if matches!(value, Value::Dict(_) | Value::Str(_) | Value::Bytes(_) | Value::Opaque(_))
            {
                self.look(&format!("{path}.{}", shown(name)), inside, value, depth + 1);
            }
        }
    }
}

/// A number, also as text.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        Value::Str(text) => text.trim().replace('_', "").parse().ok(),
        _ => None,
    }
}

fn whole(value: &Value, least: i64, most: i64) -> Option<Value> {
    let number = number(value).filter(|x| x.fract() == 0.0)? as i64;
    (least..=most).contains(&number).then_some(Value::Int(number))
}

fn real(value: &Value, least: f64, most: f64) -> Option<Value> {
    number(value).filter(|x| (least..=most).contains(x)).map(Value::Float)
}

/// A text's letters and digits, or those of a class's name.
fn letters(value: &Value) -> Option<String> {
    let (Value::Str(text) | Value::Opaque(text)) = value else {
        return None;
    };
    let plain = text.chars().take(64).filter(char::is_ascii_alphanumeric);
    Some(plain.collect::<String>().to_ascii_lowercase())
}

fn contains(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// A field's value as we write it, if a model can have it.
fn usable(field: &str, value: &Value) -> Option<Value> {
    let text = letters(value);
    let text = text.as_deref();
    let is_none = *value == Value::None || matches!(text, Some("" | "none" | "null" | "full"));
    match field {
        "run" | "internal_name" => match value {
            Value::Str(text) => Some(Value::Str(text.chars().take(100).collect())),
            _ => None,
        },
        "n_heads" | "head_dim" | "local_heads" => whole(value, 1, 1024),
        "fp_residual_rank" | "pfnet_hidden" => whole(value, 0, 1 << 24),
        "mixer" => {
            let text = text?;
            if contains(text, &["gru", "matmulfree"]) {
                Some(Value::Str("mlgru".into()))
            } else if contains(text, &["attention", "attn", "transformer", "mha", "softmax"]) {
                Some(Value::Str("attention".into()))
            } else {
                None
            }
        }
        "window" => match number(value) {
            Some(n) if n < 1.0 || n > f64::from(1 << 20) => Some(Value::None),
            Some(_) => whole(value, 1, 1 << 20),
            None if is_none || *value == Value::Bool(false) => Some(Value::None),
            None => None,
        },
        "norm_eps" => real(value, 0.0, 0.1),
        // Smaller ones are what optimizers have.
        "eps" => real(value, 2e-7, 0.1),
        "rope_base" => real(value, 1.0, 1e12),
        "activation_bits" => {
            let digits: String = text.unwrap_or("").chars().filter(char::is_ascii_digit).collect();
            match (number(value).or(digits.parse().ok()), text) {
                (Some(bits), _) if bits == 0.0 || bits >= 16.0 => Some(Value::Int(0)),
                (Some(8.0), _) => Some(Value::Int(8)),
                (None, Some("none" | "float")) => Some(Value::Int(0)),
                _ if *value == Value::Bool(false) => Some(Value::Int(0)),
                _ => None,
            }
        }
        "delete_threshold" => real(value, 0.0, 1.0),
        "dialect" => dialect(value).map(|_| value.clone()),
        "layout" | "decay" => {
            let known = ["plain", "words", "none", "scalar", "channel"];
            text.filter(|text| known.contains(text)).map(|text| Value::Str(text.into()))
        }
        "fill_byte" | "end_byte" => whole(value, 0, 255),
        "ternary" | "tied" | "local_decoder" | "bolmo" | "delete_gate" | "output_projection" => {
            let flag = match (value, number(value), text) {
                (Value::Bool(flag), _, _) => Some(*flag),
                // Bits of a weight, 1.58 or 2 of them, or a flag.
                (_, Some(x), _) if (1.0..=2.0).contains(&x) => Some(true),
                (_, Some(x), _) if x == 0.0 || x >= 16.0 => Some(false),
                (_, None, Some("true" | "yes" | "on")) => Some(true),
                (_, None, Some("false" | "no" | "off" | "none")) => Some(false),
                (_, None, Some(text)) if contains(text, &["ternary", "bitlinear", "b158"]) => {
                    Some(true)
                }
                (_, None, Some(text)) if contains(text, &["fp16", "fp32", "float", "bf16"]) => {
                    Some(false)
                }
                _ => None,
            };
            flag.map(Value::Bool)
        }
        _ => whole(value, 1, 1 << 24),
    }
}

/// What a usable value of a field is, the rest of a sentence.
fn expected(field: &str) -> &'static str {
    match field {
        "run" | "internal_name" => "a text",
        "n_heads" | "head_dim" | "local_heads" => "a whole number from 1 to 1,024",
        "mixer" => "\"attention\" or \"mlgru\"",
        "window" => "none, or a whole number of patches",
        "norm_eps" => "a number from 0 to 0.1",
        "eps" => "larger to be that of the norms, and is taken for the optimizer's",
        "rope_base" => "a number, 1 or more",
        "activation_bits" => "8, or 0 for none",
        "delete_threshold" => "a number from 0 to 1",
        "layout" => "\"plain\" or \"words\"",
        "decay" => "\"none\", \"scalar\" or \"channel\"",
        "dialect" => "a dict of readings",
        "fill_byte" | "end_byte" => "a whole number from 0 to 255",
        "ternary" | "tied" | "local_decoder" | "bolmo" | "delete_gate" | "output_projection" => {
            "true or false"
        }
        _ => "a whole number",
    }
}

/// A value as a sentence shows it.
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

/// The dicts in the order in which they count.
struct Reading {
    places: Vec<Place>,
    hints: Hints,
}

impl Reading {
    /// The first usable value of a field.
    fn take(&mut self, field: &'static str) -> Option<Value> {
        let mut found: Option<(String, Value)> = None;
        let notes = &mut self.hints.notes;
        for (rank, place) in self.places.iter().enumerate() {
            let accepted = place.score >= 2
                || place.named && place.is_around(&self.places[0])
                || field == "n_heads"
                || field.starts_with("local_")
                || is_silent(field) && place.path.contains("._modules");
            // The last that can be used; else the last, for a note.
            let of_field = place.said.iter().rev().filter(|said| said.0 == field && accepted);
            let mut usable_ones = of_field.clone().filter(|said| usable(field, &said.2).is_some());
            let said = usable_ones.next().or(of_field.clone().next());
            let Some((_, key, value)) = said else {
                continue;
            };
            let path = format!("{}.{key}", place.path);
            let path = path.trim_start_matches('.');
            let at = |path: &str| if rank == 0 { key.clone() } else { path.to_owned() };
            match (usable(field, value), &found) {
                (Some(value), None) => {
                    self.hints.said.push((field, at(path), value.clone()));
                    found = Some((path.to_owned(), value));
                }
                (Some(value), Some((first, taken))) if is_silent(field) && value != *taken => {
                    notes.push(format!(
                        "The file says {first} = {} and {path} = {}; the first is taken.",
                        shorten(taken),
                        shorten(&value),
                    ));
                    break;
                }
                (None, None) if *value != Value::None || !is_told(field) => notes.push(format!(
                    "The file's config says {} = {}, which is not used; it must be {}.",
                    at(path),
                    shorten(value),
                    expected(field)
                )),
                _ => {}
            }
        }
        found.map(|(_, value)| value)
    }
}

/// A dialect out of a dict from features to readings.
fn dialect(value: &Value) -> Option<Dialect> {
    let Value::Dict(entries) = value else {
        return None;
    };
    entries.iter().try_fold(Dialect::default(), |dialect, (name, reading)| {
        let (Value::Str(name), Value::Str(reading)) = (name, reading) else {
            return None;
        };
        dialect.saying(name, reading).ok()
    })
}

impl Hints {
    /// Reads a file's settings from all the places where they may be, the likeliest first.
    pub fn read(settings: &[&Value]) -> Self {
        // A model that is all decoder has no local one.
        let walked = [&["local", "lbd", "decoder"][..], &["local", "lbd"]].map(|locals| {
            let mut walk = Walk { places: Vec::new(), locals, nameless: None };
            for (index, value) in settings.iter().enumerate() {
                let path = if index == 0 { ".config" } else { "" };
                walk.look(path, Inside::default(), value, 0);
            }
            walk
        });
        let [walk, other] = walked;
        let is_any = walk.places.iter().any(|place| place.score > 0);
        let Walk { mut places, nameless, .. } = if is_any { walk } else { other };
        let rank = |place: &Place| (place.score, place.named);
        let best = (0..places.len()).rev().max_by_key(|&at| rank(&places[at]));
        if let Some(best) = best {
            let best = places.remove(best);
            places.sort_by_key(|place| (!place.is_around(&best), std::cmp::Reverse(place.score)));
            places.insert(0, best);
        }
        let score = places.first().map_or(0, |best| best.score);
        let mut reading = Reading { places, hints: Hints::default() };
        if let Some((path, name)) = nameless.filter(|_| score < 2) {
            reading.hints.notes.push(format!(
                "The file has its {path} as a {name}, whose values have no names in the file; save it as a dict to have it \
                 read."
            ));
        }
        let text = |value| match value {
            Value::Str(text) => Some(text),
            _ => None,
        };
        let int = |value| match value {
            Value::Int(n) => usize::try_from(n).ok(),
            _ => None,
        };
        let real = |value| match value {
            Value::Float(x) => Some(x as f32),
            _ => None,
        };
        let mut take = |field| reading.take(field);
        let is = |value: Value| value == Value::Bool(true);
        let run = take("run").and_then(text).filter(|run| !run.is_empty());
        let internal_name = take("internal_name").and_then(text);
        let n_heads = take("n_heads").and_then(int);
        let head_width = take("head_dim").and_then(int);
        let mixer = take("mixer").and_then(text).map(|name| match &*name {
            "attention" => Mixer::Attention,
            _ => Mixer::Mlgru,
        });
        let window = take("window").map(int);
        let ternary = take("ternary").map(is);
        let norm_eps = take("norm_eps").and_then(real);
        let norm_eps = norm_eps.or_else(|| take("eps").and_then(real));
        let rope_base = take("rope_base").and_then(real);
        let activation_bits = take("activation_bits").and_then(int).map(|bits| bits as u32);
        let delete_threshold = take("delete_threshold").and_then(real);
        let words = take("layout").and_then(text).and_then(|layout| match &*layout {
            "plain" => Some(false),
            "words" => Some(true),
            _ => None,
        });
        let fill_byte = take("fill_byte").and_then(int).map(|byte| byte as u8);
        let end_byte = take("end_byte").and_then(int).map(|byte| byte as u8);
        let dialect = take("dialect").as_ref().and_then(dialect);
        let mut size = |field| reading.take(field).and_then(int);
        let (d_model, n_layers, d_ff) = (size("d_model"), size("n_layers"), size("d_ff"));
        let (vocab_size, patch_size) = (size("vocab_size"), size("patch_size"));
        let (local_width, local_layers) = (size("local_width"), size("local_layers"));
        let (local_d_ff, local_heads) = (size("local_d_ff"), size("local_heads"));
        let (fp_residual_rank, pfnet_hidden) = (size("fp_residual_rank"), size("pfnet_hidden"));
        let tied = reading.take("tied").map(is);
        const TAKEN: [&str; 6] =
            ["layout", "fill_byte", "end_byte", "dialect", "fp_residual_rank", "pfnet_hidden"];
        for own in OWN {
            if !TAKEN.contains(&own) {
                reading.take(own);
            }
        }
        Hints {
            run,
            internal_name,
            n_heads,
            head_width,
            mixer,
            window,
            ternary,
            norm_eps,
            rope_base,
            activation_bits,
            delete_threshold,
            words,
            fill_byte,
            end_byte,
            dialect,
            d_model,
            n_layers,
            d_ff,
            vocab_size,
            patch_size,
            local_width,
            local_layers,
            local_d_ff,
            local_heads,
            fp_residual_rank,
            pfnet_hidden,
            tied,
            ..reading.hints
        }
    }

    /// The heads of a backbone of this width, if the config says a number that can be.
    pub fn heads(&self, width: usize) -> Option<usize> {
        let of_width = self.head_width.map(|head| width / head);
        let fits = |heads: &usize| *heads > 0 && width.is_multiple_of(2 * heads);
        self.n_heads.filter(fits).or(of_width.filter(fits))
    }

    /// What tensors say otherwise than the config, and what neither says, each as a sentence.
    pub fn compare(&self, config: &Config) -> Vec<String> {
        let mut notes = Vec::new();
        let is_attention = config.mixer == Mixer::Attention;
        let Value::Dict(entries) = value(config) else {
            return notes;
        };
        for (field, key, said) in &self.said {
            let ours = entries.iter().find(|(k, _)| matches!(k, Value::Str(k) if k == field));
            let unused = *field == "dialect"
                || matches!(*field, "n_heads" | "window" | "rope_base") && !is_attention;
            if let Some((_, ours)) = ours
                && ours != said
                && !unused
                && !matches!((ours, said), (Value::Float(_), _) | (_, Value::Float(_)))
            {
                let (said, ours) = (shorten(said), shorten(ours));
                notes.push(format!(
                    "The file's config says {key} = {said}, which does not fit its tensors; the model is read with {field} \
                     = {ours}."
                ));
            }
        }
        if is_attention && self.n_heads.is_none() && self.heads(config.d_model).is_none() {
            notes.push(format!(
                "The file does not say how many heads its attention has; {} are assumed, and another number would write \
                 another text. Put n_heads into the file's config to settle it.",
                config.n_heads
            ));
        }
        if let (true, None, Some(window)) = (is_attention, self.window, config.window) {
            notes.push(format!(
                "The file does not say how many patches its attention sees; {window} are assumed, as in {}. Put window into \
                 the file's config to settle it.",
                config.run
            ));
        }
        notes
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
    let differences = config.dialect.differences().map(|(k, v)| (text(k), text(v)));
    let differences: Vec<_> = differences.collect();
    if !differences.is_empty() {
        entries.push(("dialect", Value::Dict(differences)));
    }
    Value::Dict(entries.into_iter().map(|(k, v)| (text(k), v)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::fixture;
    use crate::checkpoint::{self, Reader};
    use crate::runs::{RUNS, Run};

    fn text(text: &str) -> Value {
        Value::Str(text.into())
    }

    fn dict(entries: &[(&str, Value)]) -> Value {
        Value::Dict(entries.iter().map(|(key, value)| (text(key), value.clone())).collect())
    }

    /// What a config says that has these values beside a model's.
    fn beside_a_model(entries: &[(&str, Value)]) -> Hints {
        let model = [("d_model", Value::Int(32)), ("n_layers", Value::Int(2))];
        Hints::read(&[&dict(&[&model, entries].concat())])
    }

    #[test]
    fn what_we_write_we_read() {
        for run in &RUNS {
            let config = run.config();
            let hints = Hints::read(&[&value(&config)]);
            assert_eq!(hints.run.as_deref(), Some(run.name));
            assert_eq!((hints.n_heads, hints.window), (Some(8), Some(config.window)));
            assert_eq!((hints.norm_eps, hints.ternary), (Some(1e-6), Some(config.ternary)));
            assert_eq!(hints.compare(&config), hints.notes);
            assert!(hints.notes.is_empty(), "{:?}", hints.notes);
        }
        assert_eq!(Hints::read(&[&Value::None]), Hints::default());
    }

    #[test]
    fn values_are_read_as_people_write_them() {
        let one = |key, value| {
            let hints = beside_a_model(&[(key, value)]);
            assert!(hints.notes.is_empty(), "{key}: {:?}", hints.notes);
            hints
        };
        for key in
            ["n_heads", "n_head", "nhead", "num_attention_heads", "attention-heads", "numHeads"]
        {
            for value in [Value::Int(4), Value::Float(4.0), text("4")] {
                assert_eq!(one(key, value).n_heads, Some(4), "{key}");
            }
        }
        assert_eq!(one("head_dim", Value::Int(8)).heads(32), Some(4));
        for value in [Value::None, Value::Int(-1), Value::Int(0), text("none"), Value::Bool(false)]
        {
            assert_eq!(one("sliding_window", value).window, Some(None));
        }
        assert_eq!(one("window_size", text("128")).window, Some(Some(128)));
        assert_eq!(one("rms_norm_eps", text("1e-5")).norm_eps, Some(1e-5));
        assert_eq!(one("layer_norm_epsilon", Value::Float(1e-5)).norm_eps, Some(1e-5));
        assert_eq!(one("rope_theta", Value::Int(500_000)).rope_base, Some(5e5));
        for (name, mixer) in [
            ("MLGRU", Mixer::Mlgru),
            ("Mixer.MLGRU", Mixer::Mlgru),
            ("matmul-free", Mixer::Mlgru),
            ("transformer", Mixer::Attention),
            ("CausalSelfAttention", Mixer::Attention),
        ] {
            assert_eq!(one("mixer", text(name)).mixer, Some(mixer), "{name}");
        }
        let class = Value::Opaque("model.MLGRU".into());
        assert_eq!(one("mixer_type", class).mixer, Some(Mixer::Mlgru));
        for value in [Value::Int(1), Value::Float(1.58), text("true"), text("BitLinear")] {
            assert_eq!(one("ternary", value).ternary, Some(true));
        }
        assert_eq!(one("weight_bits", Value::Int(16)).ternary, Some(false));
        for (value, bits) in [(Value::Int(16), 0), (text("int8"), 8), (Value::Float(8.0), 8)] {
            assert_eq!(one("act_bits", value).activation_bits, Some(bits));
        }
    }

    #[test]
    fn a_value_that_cannot_be_used_is_a_note() {
        let says = |key, bad: Value| {
            let hints = beside_a_model(&[(key, bad)]);
            let read = Hints { notes: Vec::new(), ..hints.clone() };
            assert_eq!(read, beside_a_model(&[]), "{key}");
            assert_eq!(hints.notes.len(), 1, "{:?}", hints.notes);
            hints.notes[0].clone()
        };
        assert_eq!(
            says("n_heads", Value::Int(-1)),
            "The file's config says n_heads = -1, which is not used; it must be a whole number \
             from 1 to 1,024."
        );
        assert!(says("mixer", Value::Str("é".repeat(1000))).len() < 400);
        for (key, bad) in [
            ("n_heads", Value::None),
            ("num_heads", Value::Opaque("torch.Tensor".into())),
            ("n_heads", Value::Bool(true)),
            ("norm_eps", Value::Float(f64::NAN)),
            ("norm_eps", text("small")),
            ("name", Value::None),
            ("window", Value::List(Vec::new())),
            ("ternary", Value::Int(7)),
            ("activation_bits", Value::Int(4)),
            ("d_ff", text("wide")),
            ("rope_theta", Value::Int(0)),
        ] {
            assert!(says(key, bad).contains(key), "{key}");
        }
    }

    #[test]
    fn the_eps_of_an_optimizer_is_not_that_of_the_norms() {
        let eps = |value, others: &[(&str, Value)]| {
            let entries = [&[("eps", Value::Float(value))], others].concat();
            beside_a_model(&entries).norm_eps
        };
        assert_eq!(eps(1e-5, &[]), Some(1e-5));
        assert_eq!(eps(1e-8, &[]), None);
        assert_eq!(eps(1e-5, &[("lr", Value::Float(0.1))]), None);
        assert_eq!(eps(1e-8, &[("rms_norm_eps", Value::Float(1e-4))]), Some(1e-4));
        let adam =
            dict(&[("d_model", Value::Int(32)), ("adam", dict(&[("eps", Value::Float(1e-6))]))]);
        assert_eq!(Hints::read(&[&adam]).norm_eps, None);
    }

    #[test]
    fn of_several_places_the_one_with_the_most_keys_counts() {
        let heads = |n| ("n_heads", Value::Int(n));
        let model = |n| dict(&[heads(n), ("d_model", Value::Int(32)), ("depth", Value::Int(2))]);
        let trainer = dict(&[heads(8), ("lr", Value::Float(0.1))]);
        let read = |config: &Value, beside: &[(&str, Value)]| {
            let hints = Hints::read(&[config, &dict(beside)]);
            (hints.n_heads, hints.notes)
        };
        let (n_heads, notes) = read(&trainer, &[("model_args", model(4))]);
        assert_eq!(n_heads, Some(4));
        assert_eq!(
            notes,
            ["The file says model_args.n_heads = 4 and config.n_heads = 8; the first is taken."]
        );
        let none = Value::None;
        let quiet = |n| (Some(n), Vec::new());
        assert_eq!(read(&none, &[("hparams", model(4))]), quiet(4));
        assert_eq!(read(&dict(&[("train", trainer.clone()), ("model", model(8))]), &[]), quiet(8));
        let deep = dict(&[("model", dict(&[("backbone", model(4))]))]);
        assert_eq!(read(&deep, &[]), quiet(4));
        // On top, beside the weights; and parts of one config.
        assert_eq!(read(&none, &[heads(4), ("epoch", Value::Int(3))]), quiet(4));
        let parts = dict(&[("attention", dict(&[heads(4)])), ("d_model", Value::Int(32))]);
        assert_eq!(read(&parts, &[]), quiet(4));
        let flat = dict(&[
            ("model.n_heads", Value::Int(4)),
            ("model.dim", Value::Int(32)),
            ("optim.n_heads", Value::Int(8)),
        ]);
        assert_eq!(read(&flat, &[]), quiet(4));
        let logged = dict(&[("value", Value::Int(4)), ("desc", Value::None)]);
        assert_eq!(read(&dict(&[("n_heads", logged)]), &[]), quiet(4));
        // What other things than models have under the same words.
        let teacher = dict(&[("teacher", model(16)), ("model", model(4))]);
        assert_eq!(read(&teacher, &[]), quiet(4));
        let viewer = dict(&[("viewer", dict(&[("window", Value::Int(9))]))]);
        assert_eq!(Hints::read(&[&none, &viewer]).window, None);
        // A list is no config, and an instance without fields has none to read.
        let opaque = Value::Opaque("__main__.Config".into());
        let notes = read(&opaque, &[]).1;
        assert!(notes[0].contains("its config as a __main__.Config"), "{notes:?}");
    }

    #[test]
    fn the_local_decoder_has_its_own() {
        let local = dict(&[("n_heads", Value::Int(2)), ("dim", Value::Int(16))]);
        let flat = [("local_heads", Value::Int(2)), ("lbd_dim", Value::Int(16))];
        for config in [beside_a_model(&[("decoder", local.clone())]), beside_a_model(&flat)] {
            assert_eq!((config.local_heads, config.local_width), (Some(2), Some(16)));
            assert_eq!((config.n_heads, config.d_model), (None, Some(32)));
        }
        // Where there is nothing else, it is the model.
        assert_eq!(Hints::read(&[&dict(&[("decoder", local)])]).n_heads, Some(2));
    }

    #[test]
    fn tensors_overrule_the_config_and_what_is_assumed_is_said() {
        let config = Run::named("run_08").unwrap().config();
        let changed = |key: &str, new: Value| {
            let Value::Dict(mut entries) = value(&config) else { unreachable!() };
            entries.retain(|(k, _)| *k != text(key));
            entries.push((text(key), new));
            Hints::read(&[&Value::Dict(entries)]).compare(&config)
        };
        for (key, said) in [
            ("d_model", Value::Int(64)),
            ("d_ff", Value::Int(64)),
            ("n_layers", Value::Int(3)),
            ("vocab_size", Value::Int(257)),
            ("mixer", text("mlgru")),
            ("ternary", Value::Bool(false)),
            ("bolmo", Value::Bool(true)),
        ] {
            let notes = changed(key, said);
            assert_eq!(notes.len(), 1, "{key}: {notes:?}");
            assert!(notes[0].contains(&format!("says {key} = ")), "{notes:?}");
        }
        let notes = changed("n_heads", Value::None).join(" ");
        assert!(notes.contains("how many heads") && notes.contains("8 are assumed"), "{notes}");
        let notes = Hints::default().compare(&config).join(" ");
        assert!(notes.contains("how many patches") && notes.contains("128 are assumed"), "{notes}");
        // Recurrent layers have neither.
        let config = Run::named("run_14").unwrap().config();
        assert!(Hints::default().compare(&config).is_empty());
    }

    #[test]
    fn every_container_that_python_has_is_the_same_config() {
        let mut reader = Reader::new(fixture!("configs").len() as u64).unwrap();
        reader.feed_all(fixture!("configs")).unwrap();
        let beside = &reader.contents().unwrap().beside;
        let all = |key: &str| match beside.get(key) {
            Some(Value::Dict(entries)) => entries.clone(),
            other => panic!("{other:?}"),
        };
        let named = all("named");
        assert_eq!(named.len(), 26);
        for (name, config) in named {
            let hints = Hints::read(&[&config]);
            assert_eq!(hints.notes, [""; 0], "{name:?}: {config:?}");
            let sizes = (hints.d_model, hints.n_heads, hints.window);
            assert_eq!(sizes, (Some(32), Some(4), Some(Some(128))), "{name:?}: {config:?}");
            let rest = (hints.mixer, hints.ternary, hints.norm_eps);
            let want = (Some(Mixer::Attention), Some(true), Some(1e-5));
            assert_eq!(rest, want, "{name:?}: {config:?}");
        }
        for (name, config) in all("nameless") {
            let hints = Hints::read(&[&config]);
            assert!(hints.notes[0].contains("no names in the file"), "{name:?}: {config:?}");
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod junk {
        use super::*;
        use proptest::prelude::*;

        /// What people have under a model's keys and elsewhere.
        fn key() -> impl Strategy<Value = String> {
            const KEYS: &str = "num_heads heads head_dim mixer_type window_size sliding_window use_ternary \
                rms_norm_eps eps rope_theta act_bits gate_threshold hidden_size depth d_ff vocab patch_size lbd_dim \
                local_heads tied layout fill_byte end_byte decay bolmo dialect name model config optimizer decoder x";
            let keys: Vec<_> = KEYS.split_whitespace().map(str::to_owned).collect();
            prop::sample::select(keys)
        }

        fn value() -> impl Strategy<Value = Value> {
            let words = [
                "",
                "none",
                "1e-6",
                "four",
                "{",
                "{\"a\": [1, {}]}",
                "a: b\n  c = 1",
                "Namespace(x=1, y=(2))",
            ];
            let leaf = prop_oneof![
                Just(Value::None),
                any::<bool>().prop_map(Value::Bool),
                any::<i64>().prop_map(Value::Int),
                (-2..20_i64).prop_map(Value::Int),
                any::<f64>().prop_map(Value::Float),
                prop::sample::select(words.to_vec()).prop_map(text),
                ".*".prop_map(Value::Str),
                Just(Value::Bytes(vec![0xff, 0])),
                Just(Value::Opaque("torch.Tensor".into())),
                Just(Value::Opaque("a.B".into())),
            ];
            leaf.prop_recursive(4, 40, 6, |inner| {
                prop_oneof![
                    prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                    prop::collection::vec((key().prop_map(Value::Str), inner), 0..6)
                        .prop_map(Value::Dict),
                ]
            })
        }

        proptest! {
            #[test]
            fn no_settings_end_the_reading(config in value(), beside in value()) {
                let hints = Hints::read(&[&config, &beside]);
                for run in &RUNS {
                    let _ = hints.compare(&run.config());
                }
            }

            #[test]
            fn what_cannot_be_used_changes_nothing(
                junk in prop::collection::vec((key(), value()), 0..12),
            ) {
                let Value::Dict(mut entries) = super::value(&Run::named("run_08").unwrap().config()) else {
                    unreachable!()
                };
                let want = Hints::read(&[&Value::Dict(entries.clone())]);
                for (key, value) in junk {
                    let can_be_used = match field_of(&key) {
                        Some((field, is_local)) => {
                            let field = if is_local { local(field) } else { Some(field) };
                            field.is_some_and(|field| usable(field, &value).is_some())
                        }
                        None => true,
                    };
                    if !can_be_used && !matches!(value, Value::Dict(_) | Value::Str(_)) {
                        entries.insert(0, (Value::Str(key), value));
                    }
                }
                let got = Hints::read(&[&Value::Dict(entries)]);
                let plain = |hints: Hints| Hints { notes: Vec::new(), said: Vec::new(), ..hints };
                prop_assert_eq!(plain(got), plain(want));
            }
        }
    }

    #[test]
    fn a_pickled_module_has_its_settings_in_its_parts() {
        let (contents, _) = checkpoint::read(fixture!("modules")).unwrap();
        let hints = Hints::read(&[&Value::None, &contents.beside]);
        assert_eq!((hints.n_heads, hints.window), (Some(4), Some(Some(128))));
        assert_eq!((hints.norm_eps, hints.local_heads), (Some(1e-5), Some(2)));
        assert_eq!(hints.notes, [""; 0]);
    }
}
