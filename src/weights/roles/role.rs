//! A role of a model, and what gave it to a tensor.

use std::fmt;
use std::ops::Range;

/// A role, and the tensor (or rows of it) that plays it.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// Canonical name.
    pub name: String,
    /// Index of the tensor.
    pub tensor: usize,
    /// Rows of a fused tensor; all of them otherwise.
    pub rows: Option<Range<usize>>,
    /// The shape that the role has in the model, which is that of its tensor or rows but for sides of
    /// length 1.
    pub shape: Vec<usize>,
    /// Whether ternary runs hold it as T·γ.
    pub ternary: bool,
    /// What settled it.
    pub why: Why,
}

/// What settled a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No other free tensor has the shape.
    Shape,
    /// Of several tensors of the shape, its name says so.
    Name,
    /// The numbers in the names.
    Number,
    /// It is a part of a fused tensor.
    Fused,
    /// It is the bias beside a settled weight.
    Beside,
    /// The role has no tensor of its own: it is tied to another.
    Tied,
    /// A person said so.
    Mapped,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Why::Shape => "by its shape",
            Why::Name => "by its name",
            Why::Number => "by its number",
            Why::Fused => "as part of a fused tensor",
            Why::Beside => "as the bias of its weight",
            Why::Tied => "as tied to another role",
            Why::Mapped => "by the name map",
        })
    }
}
