//! Which tensor of a file is which part of the model (SPEC §3).
//!
//! Widths come from the tensors; names are the canonical ones, behind any of the prefixes that
//! training frameworks add.

use crate::checkpoint::TensorInfo;
use crate::config::{Config, Mixer};
use std::collections::HashMap;
use std::fmt;

/// A part that a model has, and what fits it.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// Canonical name.
    pub name: String,
    /// The shape it must have.
    pub shape: Vec<usize>,
    /// Whether ternary runs hold it as T·γ.
    pub ternary: bool,
    /// Whether a model can do without it.
    optional: bool,
}

/// Which tensor plays which role.
#[derive(Debug)]
pub struct Assignment {
    /// By index of the tensor.
    pub roles: HashMap<usize, Role>,
    /// Tensors without a role.
    pub unused: Vec<usize>,
}

/// Why the tensors do not make the model.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// Roles that no tensor plays.
    Missing {
        /// Name and expected shape of each.
        roles: Vec<(String, Vec<usize>)>,
        /// Tensors that no role took.
        unused: Vec<String>,
    },
    /// A tensor has the right name and the wrong shape.
    Shape {
        /// The role.
        role: String,
        /// The tensor's name in the file.
        tensor: String,
        /// Its shape.
        found: Vec<usize>,
        /// The role's.
        expected: Vec<usize>,
    },
    /// Two tensors have the same name once prefixes are taken off.
    Ambiguous {
        /// The role.
        role: String,
        /// The tensors.
        tensors: [String; 2],
    },
    /// The local decoder's four heads do not divide its width.
    LocalWidth(usize),
}

/// Lists at most this many names in an error.
const LISTED: usize = 8;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Missing { roles, unused } => {
                write!(f, "The file lacks {} of the model's tensors: ", roles.len())?;
                let some: Vec<String> = roles
                    .iter()
                    .take(LISTED)
                    .map(|(name, shape)| format!("{name} {shape:?}"))
                    .collect();
                write!(f, "{}", some.join(", "))?;
                if roles.len() > LISTED {
                    write!(f, " …")?;
                }
                match unused.len() {
                    0 => write!(f, "; every tensor it has is used."),
                    n => {
                        let some: Vec<&str> =
                            unused.iter().take(LISTED).map(String::as_str).collect();
                        let more = if n > LISTED { " …" } else { "" };
                        write!(f, "; unused are {}{more}.", some.join(", "))
                    }
                }
            }
            Error::Shape {
                role,
                tensor,
                found,
                expected,
            } => write!(
                f,
                "The tensor {tensor} has shape {found:?}; as {role} it must have {expected:?}."
            ),
            Error::Ambiguous {
                role,
                tensors: [a, b],
            } => write!(f, "Both {a} and {b} could be {role}."),
            Error::LocalWidth(width) => write!(
                f,
                "The local decoder is {width} wide, which its four heads do not divide evenly."
            ),
        }
    }
}

impl std::error::Error for Error {}

/// Heads of the local decoder's attention, at any width (SPEC §2).
pub const LOCAL_HEADS: usize = 4;

/// What wrappers put before a tensor's name.
const PREFIXES: [&str; 3] = ["module.", "_orig_mod.", "model."];

fn canonical(mut name: &str) -> &str {
    while let Some(rest) = PREFIXES.iter().find_map(|p| name.strip_prefix(p)) {
        name = rest;
    }
    name
}

/// The tensors of a file by canonical name.
struct Names<'a> {
    by_name: HashMap<&'a str, usize>,
    tensors: &'a [TensorInfo],
}

impl<'a> Names<'a> {
    fn new(tensors: &'a [TensorInfo]) -> Result<Self, Error> {
        let mut by_name = HashMap::with_capacity(tensors.len());
        for (index, tensor) in tensors.iter().enumerate() {
            let name = canonical(&tensor.name);
            if let Some(other) = by_name.insert(name, index) {
                return Err(Error::Ambiguous {
                    role: name.into(),
                    tensors: [tensors[other].name.clone(), tensor.name.clone()],
                });
            }
        }
        Ok(Names { by_name, tensors })
    }

    /// One side of a tensor's shape.
    fn side(&self, name: &str, axis: usize) -> Option<usize> {
        let tensor = &self.tensors[*self.by_name.get(name)?];
        tensor.shape.get(axis).copied()
    }

    /// How many blocks a name such as `decoder.blocks.` counts up to.
    fn blocks(&self, prefix: &str) -> usize {
        let number = |name: &&str| {
            name.strip_prefix(prefix)?
                .split('.')
                .next()?
                .parse()
                .ok()
                .filter(|n| *n < self.tensors.len())
        };
        let last: Option<usize> = self.by_name.keys().filter_map(number).max();
        last.map_or(0, |n| n + 1)
    }
}

/// Collects the roles of a model.
struct Roles<'a> {
    names: &'a Names<'a>,
    roles: Vec<Role>,
}

impl Roles<'_> {
    fn push(&mut self, name: String, shape: &[usize], ternary: bool, optional: bool) {
        self.roles.push(Role {
            name,
            shape: shape.into(),
            ternary,
            optional,
        });
    }

    /// A linear layer that is a BitLinear in ternary runs, with the bias a file may have.
    fn linear(&mut self, name: String, outputs: usize, inputs: usize) {
        self.push(format!("{name}.bias"), &[outputs], false, true);
        self.push(format!("{name}.weight"), &[outputs, inputs], true, false);
    }

    /// A linear layer that stays in floats.
    fn float_linear(&mut self, name: String, outputs: usize, inputs: usize) {
        self.push(format!("{name}.bias"), &[outputs], false, true);
        self.push(format!("{name}.weight"), &[outputs, inputs], false, false);
    }

    fn vector(&mut self, name: String, len: usize) {
        self.push(name, &[len], false, false);
    }

    /// A vector that counts where it is present.
    fn optional(&mut self, name: String, shape: &[usize]) {
        self.push(name, shape, false, true);
    }

    /// Everything of a block but the mixer's own projections.
    fn block(&mut self, at: &str, width: usize, inner: usize) {
        self.vector(format!("{at}.norm1.weight"), width);
        self.vector(format!("{at}.norm2.weight"), width);
        self.linear(format!("{at}.ffn.gate"), inner, width);
        self.linear(format!("{at}.ffn.up"), inner, width);
        self.optional(format!("{at}.ffn.down_norm.weight"), &[inner]);
        self.linear(format!("{at}.ffn.down"), width, inner);
    }

    fn mixer(&mut self, at: &str, inputs: &[&str], width: usize, output_projection: bool) {
        for input in inputs {
            self.linear(format!("{at}.mixer.{input}"), width, width);
        }
        if output_projection {
            self.optional(format!("{at}.mixer.out_norm.weight"), &[width]);
            self.linear(format!("{at}.mixer.out"), width, width);
        }
    }

    fn low_rank(&mut self, name: String, rank: usize, width: usize, ternary: bool) {
        let rank = self
            .names
            .side(&format!("{name}.down.weight"), 0)
            .unwrap_or(rank);
        if ternary {
            self.linear(format!("{name}.down"), rank, width);
            self.linear(format!("{name}.up"), width, rank);
        } else {
            self.float_linear(format!("{name}.down"), rank, width);
            self.float_linear(format!("{name}.up"), width, rank);
        }
    }

    fn embedding(&mut self, config: &Config) {
        let d = config.d_model;
        if config.is_bpe() {
            self.push(
                "embed.tokens.weight".into(),
                &[config.vocab_size, d],
                true,
                false,
            );
            return;
        }
        let width = self.names.side("embed.bytes.weight", 1).unwrap_or(8);
        self.push("embed.bytes.weight".into(), &[256, width], true, false);
        self.linear("embed.patch".into(), d, config.patch_size * width);
        if config.bolmo {
            for part in ["query", "key", "value", "out"] {
                let name = format!("embed.bolmo.{part}.weight");
                self.push(name, &[width, width], false, false);
            }
            self.push(
                "embed.bolmo.boundary.weight".into(),
                &[1, width],
                false,
                false,
            );
            self.vector("embed.bolmo.boundary.bias".into(), 1);
        }
    }

    fn backbone(&mut self, config: &Config) {
        let d = config.d_model;
        for i in 0..config.n_layers {
            let at = format!("blocks.{i}");
            self.block(&at, d, config.d_ff);
            match config.mixer {
                Mixer::Attention => {
                    self.mixer(&at, &["query", "key", "value"], d, config.output_projection);
                }
                Mixer::Mlgru => {
                    let inputs = ["forget", "candidate", "gate"];
                    self.mixer(&at, &inputs, d, config.output_projection);
                    let decay = format!("{at}.mixer.decay");
                    let len = self.names.side(&decay, 0).unwrap_or(1);
                    self.optional(decay, &[if len == 1 { 1 } else { d }]);
                }
            }
            if config.fp_residual_rank > 0 {
                let rank = config.fp_residual_rank;
                self.low_rank(format!("{at}.fp_residual"), rank, d, false);
            }
            if config.pfnet_hidden > 0 {
                self.low_rank(format!("{at}.pfnet"), config.pfnet_hidden, d, true);
            }
        }
        if config.delete_gate {
            let hidden = self
                .names
                .side("delete_gate.hidden.weight", 0)
                .unwrap_or(64);
            self.float_linear("delete_gate.hidden".into(), hidden, d);
            self.float_linear("delete_gate.score".into(), 1, hidden);
        }
        self.vector("norm.weight".into(), d);
    }

    fn head(&mut self, config: &Config) -> Result<(), Error> {
        let d = config.d_model;
        if config.is_bpe() {
            self.linear("head".into(), config.vocab_size, d);
        } else if !config.local_decoder {
            for p in 0..config.patch_size {
                self.linear(format!("heads.{p}"), 256, d);
            }
        } else {
            let width = self.names.side("decoder.bytes.weight", 1).unwrap_or(128);
            if !width.is_multiple_of(LOCAL_HEADS) {
                return Err(Error::LocalWidth(width));
            }
            self.linear("decoder.input".into(), config.patch_size * width, d);
            self.push("decoder.bytes.weight".into(), &[256, width], true, false);
            self.optional("decoder.positions".into(), &[config.patch_size, width]);
            for i in 0..self.names.blocks("decoder.blocks.") {
                let at = format!("decoder.blocks.{i}");
                let inner = self
                    .names
                    .side(&format!("{at}.ffn.up.weight"), 0)
                    .unwrap_or(512);
                self.block(&at, width, inner);
                self.mixer(&at, &["query", "key", "value"], width, true);
            }
            self.vector("decoder.norm.weight".into(), width);
            self.linear("decoder.head".into(), 256, width);
        }
        Ok(())
    }
}

/// Settles the roles of a file's tensors for the model that `config` describes.
///
/// # Errors
/// When a needed role has no tensor, or a tensor of the wrong shape, or two of them.
pub fn assign(config: &Config, tensors: &[TensorInfo]) -> Result<Assignment, Error> {
    let names = Names::new(tensors)?;
    let mut collected = Roles {
        names: &names,
        roles: Vec::new(),
    };
    collected.embedding(config);
    collected.backbone(config);
    collected.head(config)?;

    let mut roles = HashMap::new();
    let mut missing = Vec::new();
    for role in collected.roles {
        match names.by_name.get(role.name.as_str()) {
            Some(&index) => {
                let tensor = &tensors[index];
                if !fits(&tensor.shape, &role.shape) {
                    return Err(Error::Shape {
                        role: role.name,
                        tensor: tensor.name.clone(),
                        found: tensor.shape.clone(),
                        expected: role.shape,
                    });
                }
                roles.insert(index, role);
            }
            None if role.optional => {}
            None => missing.push((role.name, role.shape)),
        }
    }
    let unused: Vec<usize> = (0..tensors.len())
        .filter(|index| !roles.contains_key(index))
        .collect();
    if missing.is_empty() {
        return Ok(Assignment { roles, unused });
    }
    Err(Error::Missing {
        roles: missing,
        unused: unused.iter().map(|&i| tensors[i].name.clone()).collect(),
    })
}

/// Whether a tensor's shape is a role's; a single number may have any rank.
fn fits(found: &[usize], expected: &[usize]) -> bool {
    found == expected
        || (expected.iter().product::<usize>() == 1 && found.iter().product::<usize>() == 1)
}
