//! How a model is read where nobody wrote it down ([spec](crate::spec) §5): one choice for each thing that code of this
//! kind does in several ways. The first reading of each is ours.

use crate::json::Json;

/// Something that is done in several ways.
#[derive(Debug)]
pub struct Feature {
    /// Its key in JSON.
    pub name: &'static str,
    /// What a model needs to have for it to matter.
    pub part: Part,
    /// What its readings are called there; the first is ours.
    pub readings: &'static [&'static str],
}

/// What a feature is a feature of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Every model.
    Any,
    /// Models of bytes.
    Bytes,
    /// Models of bytes that read a start patch.
    Start,
    /// A head for each byte.
    ByteHeads,
    /// The local decoder.
    LocalDecoder,
    /// Bolmo.
    Bolmo,
    /// The DeleteGate.
    DeleteGate,
    /// PFNet.
    PfNet,
    /// FPResidual.
    FpResidual,
    /// MLGRU.
    Mlgru,
    /// The decay of an MLGRU.
    Decay,
    /// The same, where λ has a part in f̂.
    Floor,
    /// The same, or where what enters h is not bounded by f.
    Input,
    /// SubLN in an MLGRU.
    MixerNorm,
    /// SubLN in a feed-forward layer.
    FfnNorm,
    /// Attention in the backbone.
    Attention,
    /// Rotary positions, by their base.
    RopeBase,
    /// Norms, by their ε.
    NormEps,
    /// Ternary weights.
    Ternary,
    /// Ternary weights that a file holds unrounded.
    Latent,
    /// The same, where γ is one of all weights.
    WeightScale,
}

/// Why a text is no dialect.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// It is no JSON object.
    #[error("A dialect is a JSON object of texts, {{\"rope\": \"halves\"}}; this is none.")]
    NotAnObject,
    /// A key that is no feature, or a value that is no reading of its feature.
    #[error("The dialect's {said} is not known; it must be one of {}.", .known.join(", "))]
    Unknown {
        /// What was found.
        said: String,
        /// What there is.
        known: Vec<&'static str>,
    },
}

/// A name from outside, as a sentence shows it.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// The enums, the struct that holds one of each, and the table of their names.
macro_rules! dialect {
    ($(
        $(#[$doc:meta])* $field:ident: $kind:ident of $part:ident {
            $(#[$first_doc:meta])* $first:ident = $first_text:literal
            $(, $(#[$other_doc:meta])* $other:ident = $other_text:literal)* $(,)?
        }
    )+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
            pub enum $kind {
                $(#[$first_doc])* #[default] $first,
                $($(#[$other_doc])* $other,)*
            }
        )+

        /// A reading of everything that may be otherwise. The default is ours.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Dialect {
            $($(#[$doc])* pub $field: $kind,)+
        }

        /// All that may be otherwise; what touches few layers stands before what touches many.
        pub static FEATURES: &[Feature] = &[
            $(Feature {
                name: stringify!($field),
                part: Part::$part,
                readings: &[$first_text $(, $other_text)*],
            },)+
        ];

        impl Dialect {
            /// Which reading of a feature this is, both by their places in [`FEATURES`].
            pub fn reading(&self, feature: usize) -> usize {
                [$(self.$field as usize),+][feature]
            }

            /// The same dialect with another reading of a feature, by their places in [`FEATURES`].
            #[must_use]
            pub fn with(mut self, feature: usize, reading: usize) -> Self {
                let mut features = 0..;
                $(
                    if features.next() == Some(feature) {
                        self.$field = [$kind::$first $(, $kind::$other)*][reading];
                    }
                )+
                self
            }
        }
    };
}

dialect! {
    /// The order of the heads of a model without a local decoder.
    heads: HeadOrder of ByteHeads {
        /// The first head gives the first byte.
        Forward = "forward",
        /// The first head gives the last byte.
        Reversed = "reversed",
    }
    /// What a patch state predicts.
    target: Target of Bytes {
        /// The patch after the latest that was read.
        Next = "next",
        /// The patch of its own place: inputs are shifted by one patch, so a start patch is read first.
        Same = "same",
    }
    /// The patch that stands before a text where one must.
    start: Start of Start {
        /// Four newlines.
        Newline = "newline",
        /// Four zeros.
        Zero = "zero",
        /// Four spaces.
        Space = "space",
    }
    /// How W_in's output is split into the local decoder's vectors.
    local_split: LocalSplit of LocalDecoder {
        /// v₀ first, then v₁.
        Rows = "rows",
        /// The first element of each, then the second.
        Columns = "columns",
    }
    /// Whether the local decoder sees the bytes before the one it predicts.
    local_bytes: LocalBytes of LocalDecoder {
        /// It does.
        Before = "before",
        /// It sees their places only.
        None = "none",
    }
    /// Rotary positions in the local decoder.
    local_rope: LocalRope of LocalDecoder {
        /// None.
        None = "none",
        /// On pairs (2i, 2i + 1).
        Interleaved = "interleaved",
        /// On pairs (i, i + half).
        Halves = "halves",
    }
    /// How a boundary enters Bolmo's scores.
    bolmo: BolmoBoundary of Bolmo {
        /// As ln(b + 1e-6).
        Log = "log",
        /// As b.
        Plain = "plain",
    }
    /// What Bolmo's result is added to.
    bolmo_residual: BolmoResidual of Bolmo {
        /// Each byte's vector.
        Each = "each",
        /// The mean of all four, which replaces each.
        Mean = "mean",
    }
    /// On which side of its threshold the DeleteGate deletes.
    delete: Delete of DeleteGate {
        /// Above.
        Above = "above",
        /// Below: the gate's probability is that of staying.
        Below = "below",
    }
    /// Where the DeleteGate stands.
    delete_place: DeletePlace of DeleteGate {
        /// Before block L/2.
        Before = "before",
        /// After it.
        After = "after",
    }
    /// What goes to the final norm for a deleted patch.
    deleted: Deleted of DeleteGate {
        /// Its x.
        Stays = "stays",
        /// Zero.
        Zero = "zero",
    }
    /// PFNet's activation.
    pfnet: PfnetActivation of PfNet {
        /// x σ(x).
        Silu = "silu",
        /// max(x, 0)².
        Relu2 = "relu2",
        /// GELU, by its tanh form.
        Gelu = "gelu",
    }
    /// What PFNet reads.
    pfnet_input: PfnetInput of PfNet {
        /// n2.
        Norm = "norm",
        /// x, before the norm.
        X = "x",
    }
    /// What FPResidual reads, and where its result is added.
    residual: Residual of FpResidual {
        /// n1, beside the mixer.
        Norm = "norm",
        /// x, beside the mixer.
        X = "x",
        /// x, beside the whole block.
        Block = "block",
        /// n1, beside the whole block.
        BlockNorm = "block_norm",
    }
    /// λ out of the decay's parameter p.
    floor: Floor of Floor {
        /// σ(p).
        Sigmoid = "sigmoid",
        /// p, between 0 and 1.
        Clamped = "clamped",
        /// exp(−softplus p), which is σ(−p).
        ExpSoftplus = "exp_softplus",
        /// exp(−exp p).
        ExpExp = "exp_exp",
    }
    /// f̂ out of λ and f.
    forget: Forget of Decay {
        /// λ + (1 − λ) f.
        Floor = "floor",
        /// λ f.
        Product = "product",
        /// f^λ.
        Power = "power",
        /// f alone.
        Plain = "plain",
    }
    /// How much of the candidate enters h.
    input: Input of Input {
        /// 1 − f̂.
        Rest = "rest",
        /// 1 − f.
        RestOfF = "rest_of_f",
        /// All of it.
        Whole = "whole",
    }
    /// The candidate's activation.
    candidate: Candidate of Mlgru {
        /// x σ(x).
        Silu = "silu",
        /// tanh.
        Tanh = "tanh",
    }
    /// The output gate's activation.
    gate: Gate of Mlgru {
        /// σ.
        Sigmoid = "sigmoid",
        /// x σ(x).
        Silu = "silu",
    }
    /// SubLN in an MLGRU.
    mixer_norm: MixerNorm of MixerNorm {
        /// Of g ⊙ h.
        AfterGate = "after_gate",
        /// Of h alone: g ⊙ SubLN(h).
        BeforeGate = "before_gate",
    }
    /// SubLN in a feed-forward layer.
    ffn_norm: FfnNorm of FfnNorm {
        /// Of silu(gate) ⊙ up.
        AfterGate = "after_gate",
        /// Of up alone.
        BeforeGate = "before_gate",
    }
    /// Rotary positions in the backbone.
    rope: Rope of Attention {
        /// On pairs (2i, 2i + 1).
        Interleaved = "interleaved",
        /// On pairs (i, i + half).
        Halves = "halves",
        /// None.
        None = "none",
    }
    /// The base of the rotary frequencies.
    rope_base: RopeBase of RopeBase {
        /// The config's, else 10,000.
        Config = "config",
        /// 10,000.
        TenThousand = "10000",
        /// 500,000.
        HalfMillion = "500000",
    }
    /// ε of every RMSNorm.
    norm_eps: NormEps of NormEps {
        /// The config's, else 1e-6.
        Config = "config",
        /// 1e-6.
        Millionth = "1e-6",
        /// 1e-5.
        HundredThousandth = "1e-5",
        /// 1e-8.
        HundredMillionth = "1e-8",
    }
    /// Where an RMSNorm's ε is added.
    norm_root: NormRoot of Any {
        /// To the mean square, inside the root.
        Inside = "inside",
        /// To the root.
        Outside = "outside",
    }
    /// Whether every BitLinear begins with an RMSNorm without weights.
    inner_norm: InnerNorm of Ternary {
        /// None does.
        None = "none",
        /// Each does.
        Every = "every",
    }
    /// What a BitLinear rounds its input to.
    activations: Activations of Ternary {
        /// As the config says, else 8 bits, the greatest to 127.
        Config = "config",
        /// Nothing: it multiplies floats.
        Float = "float",
        /// 8 bits, the greatest to 128 and then clamped.
        To128 = "128",
    }
    /// What has a γ of its own.
    weights: WeightsBy of Latent {
        /// A tensor.
        Tensor = "tensor",
        /// Each of its rows.
        Row = "row",
    }
    /// γ.
    weight_scale: WeightScale of WeightScale {
        /// mean|W|.
        Mean = "mean",
        /// max|W|.
        Max = "max",
    }
    /// Which weights become ±1.
    weight_rounding: WeightRounding of Latent {
        /// Those nearer to ±γ than to 0.
        Nearest = "nearest",
        /// Those above 0.7 mean|W|.
        Threshold = "threshold",
        /// The same, and γ is their mean (ternary weight networks).
        Twn = "twn",
    }
}

impl Dialect {
    /// A dialect from JSON: an object from features to readings. What it leaves out is ours.
    ///
    /// # Errors
    /// When it is none, with a sentence.
    pub fn read(text: &[u8]) -> Result<Self, Error> {
        let Ok(Json::Object(entries)) = Json::read(text) else {
            return Err(Error::NotAnObject);
        };
        let mut dialect = Dialect::default();
        for (name, reading) in &entries {
            let reading = reading.text().ok_or(Error::NotAnObject)?;
            dialect = dialect.saying(name, reading)?;
        }
        Ok(dialect)
    }

    /// The same dialect with another reading of a feature, by their names.
    ///
    /// # Errors
    /// When there is no such feature or reading.
    pub fn saying(self, name: &str, reading: &str) -> Result<Self, Error> {
        let unknown = |said, known| Error::Unknown { said, known };
        let Some(place) = FEATURES.iter().position(|feature| feature.name == name) else {
            return Err(unknown(
                shown(name),
                FEATURES.iter().map(|feature| feature.name).collect(),
            ));
        };
        let readings = FEATURES[place].readings;
        match readings.iter().position(|&known| known == reading) {
            Some(reading) => Ok(self.with(place, reading)),
            None => Err(unknown(name.to_owned() + ": " + &shown(reading), readings.to_vec())),
        }
    }

    /// The names of the features that are not read as ours, each with its reading.
    pub fn differences(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        FEATURES.iter().enumerate().filter_map(|(place, feature)| {
            let reading = self.reading(place);
            (reading != 0).then(|| (feature.name, feature.readings[reading]))
        })
    }

    /// JSON that [`read`](Self::read) reads: what is not as ours.
    pub fn json(&self) -> String {
        let entries =
            self.differences().map(|(name, reading)| format!("\"{name}\": \"{reading}\""));
        format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_is_read_as_it_is_written() {
        assert_eq!(Dialect::default().json(), "{}");
        let mut last = Dialect::default();
        for (place, feature) in FEATURES.iter().enumerate() {
            for (reading, name) in feature.readings.iter().enumerate() {
                let one = Dialect::default().with(place, reading);
                assert_eq!(one.reading(place), reading, "{} {name}", feature.name);
                assert_eq!(Dialect::read(one.json().as_bytes()), Ok(one));
                last = last.with(place, reading);
            }
        }
        assert_eq!(last.differences().count(), FEATURES.len());
        assert_eq!(Dialect::read(last.json().as_bytes()), Ok(last));
    }

    #[test]
    fn what_is_no_dialect_gets_a_sentence() {
        let refusal = |text: &str| Dialect::read(text.as_bytes()).unwrap_err().to_string();
        assert!(refusal("[]").ends_with("this is none."));
        assert!(refusal(r#"{"rope": 3}"#).ends_with("this is none."));
        let unknown = refusal(r#"{"ropes": "halves"}"#);
        assert!(unknown.starts_with("The dialect's ropes is not known; it must be one of heads, "));
        assert_eq!(
            refusal(r#"{"rope": "half"}"#),
            "The dialect's rope: half is not known; it must be one of interleaved, halves, none."
        );
    }
}
