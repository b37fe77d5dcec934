//! Why tensors do not make a model, each as a sentence.

use crate::checkpoint::shown;

/// A tensor as an error shows it.
pub type Listed = (String, Vec<usize>);

/// Why the tensors do not make a model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// No tensor, or more than one, fits a role.
    #[error("{} of the file fits the role {role}, shape {expected:?}; candidates: {}; not used so \
        far: {}. Give a name map with \"{role}\": \"the tensor's name\".",
        if .candidates.is_empty() { "No tensor" } else { "More than one tensor" },
        list(.candidates), list(.unused))]
    Unsettled {
        /// The role.
        role: String,
        /// The shape it must have; 0 where any size would do.
        expected: Vec<usize>,
        /// Tensors that fit, none or several.
        candidates: Vec<Listed>,
        /// Tensors that no role has taken so far.
        unused: Vec<Listed>,
    },
    /// A block has tensors that no known part of a model explains.
    #[error("The file has tensors ({block}) that no known part of a model explains: {}. Give a \
        name map that says which roles they play.", list(.tensors))]
    Unexplained {
        /// Where.
        block: String,
        /// The tensors.
        tensors: Vec<Listed>,
    },
    /// No numbered blocks were found among the names.
    #[error("The file's tensors are not numbered in blocks, as a model's layers are; it has {}.",
        list(.tensors))]
    NoBlocks {
        /// All tensors.
        tensors: Vec<Listed>,
    },
    /// A layer is wider than any sums here allow for.
    #[error("A layer of the file is {width} wide; layers may have at most {WIDEST}.")]
    TooWide {
        /// Its width.
        width: usize,
    },
    /// The numbers of the blocks have a gap.
    #[error("The file has later blocks, but no {}; it is incomplete.", shown(.block))]
    MissingBlock {
        /// The first that is missing.
        block: String,
    },
    /// The width of an attention layer is not a multiple of its heads.
    #[error(
        "The {at} is {width} wide, which {heads} attention heads do not divide into even parts."
    )]
    Heads {
        /// Where.
        at: &'static str,
        /// Its width.
        width: usize,
        /// The number of heads.
        heads: usize,
    },
    /// The name map names a tensor that is not there.
    #[error("The name map gives {} the tensor {}, which the file does not have.",
        shown(.role), shown(.tensor))]
    UnknownTensor {
        /// The role.
        role: String,
        /// The tensor it was given.
        tensor: String,
    },
    /// The name map gives a role a tensor of the wrong shape.
    #[error("The name map gives {role} the tensor {} of shape {:?}; it must have {expected:?}.",
        shown(&.tensor.0), .tensor.1)]
    Shape {
        /// The role.
        role: String,
        /// Its tensor.
        tensor: Listed,
        /// The shape the role must have.
        expected: Vec<usize>,
    },
    /// The name map says that a role is not there that every model has.
    #[error("The name map says that there is no {role}, but no model can be without it.")]
    Denied {
        /// The role.
        role: String,
    },
    /// The averaged weights are wanted and not there.
    #[error("The file has no averaged weights (EMA); read it without asking for them.")]
    NoAverage,
    /// The name map has roles that this model has not.
    #[error("The name map has roles that this model does not: {}.",
        join(.0.iter().map(|role| shown(role))))]
    UnknownRoles(Vec<String>),
}

/// A refusal, and how the tensors would be shared out as far as is known: role → tensor, or rows of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// What is wrong.
    pub error: Error,
    /// The best guess.
    pub guess: Vec<(String, String)>,
}

impl From<Box<Error>> for Refusal {
    fn from(error: Box<Error>) -> Self {
        Refusal { error: *error, guess: Vec::new() }
    }
}

impl std::error::Error for Refusal {}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

/// Boxed: an error is large and rare, and every `?` would copy it.
pub(crate) type Result<T, E = Box<Error>> = std::result::Result<T, E>;

/// Widest layer; far above any run's, far below what could overflow a sum.
pub(super) const WIDEST: usize = 1 << 16;

/// Lists at most this many tensors or roles in an error.
const LISTED: usize = 12;

fn list(tensors: &[Listed]) -> String {
    if tensors.is_empty() {
        return "none".into();
    }
    join(tensors.iter().map(|(name, shape)| format!("{} {shape:?}", shown(name))))
}

/// The first of some texts, and how many more there are.
fn join(texts: impl ExactSizeIterator<Item = String>) -> String {
    let more = texts.len().saturating_sub(LISTED);
    let mut text: Vec<String> = texts.take(LISTED).collect();
    if more > 0 {
        text.push(format!("and {more} more"));
    }
    text.join(", ")
}
