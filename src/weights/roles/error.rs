//! Why tensors do not make a model, each as a sentence.

use crate::checkpoint::shown;
use std::fmt;

/// A tensor as an error shows it.
pub type Listed = (String, Vec<usize>);

/// Why the tensors do not make a model.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// No tensor, or more than one, fits a role.
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
    Unexplained {
        /// Where.
        block: String,
        /// The tensors.
        tensors: Vec<Listed>,
    },
    /// No numbered blocks were found among the names.
    NoBlocks {
        /// All tensors.
        tensors: Vec<Listed>,
    },
    /// A layer is wider than any sums here allow for.
    TooWide {
        /// Its width.
        width: usize,
    },
    /// The numbers of the blocks have a gap.
    MissingBlock {
        /// The first that is missing.
        block: String,
    },
    /// The width of an attention layer is not a multiple of its heads.
    Heads {
        /// Where.
        at: &'static str,
        /// Its width.
        width: usize,
        /// The number of heads.
        heads: usize,
    },
    /// The name map names a tensor that is not there.
    UnknownTensor {
        /// The role.
        role: String,
        /// The tensor it was given.
        tensor: String,
    },
    /// The name map gives a role a tensor of the wrong shape.
    Shape {
        /// The role.
        role: String,
        /// Its tensor.
        tensor: Listed,
        /// The shape the role must have.
        expected: Vec<usize>,
    },
    /// The name map has roles that this model has not.
    UnknownRoles(Vec<String>),
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
    join(
        tensors
            .iter()
            .map(|(name, shape)| format!("{} {shape:?}", shown(name))),
    )
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

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Unsettled {
                role,
                expected,
                candidates,
                unused,
            } => {
                let what = match candidates.len() {
                    0 => "No tensor",
                    _ => "More than one tensor",
                };
                write!(
                    f,
                    "{what} of the file fits the role {role}, shape {expected:?}; candidates: {}; \
                     not used so far: {}. Give a name map with \"{role}\": \"the tensor's name\".",
                    list(candidates),
                    list(unused),
                )
            }
            Error::Unexplained { block, tensors } => write!(
                f,
                "The file has tensors ({block}) that no known part of a model explains: {}. Give \
                 a name map that says which roles they play.",
                list(tensors)
            ),
            Error::NoBlocks { tensors } => write!(
                f,
                "The file's tensors are not numbered in blocks, as a model's layers are; it has {}.",
                list(tensors)
            ),
            Error::TooWide { width } => write!(
                f,
                "A layer of the file is {width} wide; layers may have at most {WIDEST}."
            ),
            Error::MissingBlock { block } => write!(
                f,
                "The file has later blocks, but no {}; it is incomplete.",
                shown(block),
            ),
            Error::Heads { at, width, heads } => write!(
                f,
                "The {at} is {width} wide, which {heads} attention heads do not divide into even parts."
            ),
            Error::UnknownTensor { role, tensor } => write!(
                f,
                "The name map gives {} the tensor {}, which the file does not have.",
                shown(role),
                shown(tensor),
            ),
            Error::Shape {
                role,
                tensor: (name, shape),
                expected,
            } => write!(
                f,
                "The name map gives {role} the tensor {} of shape {shape:?}; it must have {expected:?}.",
                shown(name),
            ),
            Error::UnknownRoles(roles) => write!(
                f,
                "The name map has roles that this model does not: {}.",
                join(roles.iter().map(|role| shown(role)))
            ),
        }
    }
}

impl std::error::Error for Error {}
