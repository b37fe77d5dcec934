//! Puts packed parts together into a model, freeing each as it goes. The model is told how it is read at the end
//! ([`Model::read_under`]).

use super::roles::{Error, Result};
use crate::checkpoint::{Data, Tensor};
use crate::config::{Config, Mixer};
use crate::dialect::{Dialect, NormRoot, Rope};
use crate::kernels::TernaryMatrix;
use crate::kernels::dense::{DenseMatrix, Weight};
use crate::model::attention::Attention;
use crate::model::block::{Block, MixerLayer};
use crate::model::bolmo::{Bolmo, Square};
use crate::model::delete_gate::DeleteGate;
use crate::model::embedding::{Embedding, PatchEmbedding};
use crate::model::ffn::FeedForward;
use crate::model::linear::{Linear, Matrix, RmsNorm};
use crate::model::local_decoder::LocalDecoder;
use crate::model::low_rank::LowRank;
use crate::model::mlgru::Mlgru;
use crate::model::{Head, Model};
use std::collections::HashMap;

/// The parts by role, each taken once. Shapes were settled when roles were.
struct Parts {
    parts: HashMap<String, Tensor>,
    /// Whether activations are quantised; else ternary weights multiply as floats.
    quantize: bool,
    packed_bytes: usize,
}

/// Builds the model that `config` describes.
pub fn model(config: Config, parts: HashMap<String, Tensor>) -> Result<Model> {
    let parameters = parts.values().map(Tensor::numel).sum();
    let mut parts = Parts { parts, quantize: config.activation_bits != 0, packed_bytes: 0 };
    let embedding = parts.embedding(&config)?;
    let blocks = (0..config.n_layers)
        .map(|i| parts.backbone_block(&config, &format!("blocks.{i}")))
        .collect::<Result<_>>()?;
    let gate = config.delete_gate.then(|| parts.delete_gate(config.delete_threshold));
    let delete_gate = gate.transpose()?;
    let norm = parts.norm("norm")?;
    let head = parts.head(&config)?;
    // What no layer took would be missing from the sums: a bias of a table, for example.
    if let Some((role, part)) = parts.parts.iter().min_by_key(|(role, _)| *role) {
        return Err(Error::Unexplained {
            block: "without a place in the model".into(),
            tensors: vec![(role.clone(), part.shape.clone())],
        }
        .into());
    }
    let ours = config.under(Dialect::default());
    let mut model = Model {
        config: ours,
        embedding,
        blocks,
        delete_gate,
        norm,
        head,
        parameters,
        packed_bytes: parts.packed_bytes,
    };
    model.read_under(config);
    Ok(model)
}

impl Parts {
    fn take(&mut self, role: &str) -> Result<Tensor> {
        let missing = || Error::Unsettled {
            role: role.into(),
            expected: Vec::new(),
            candidates: Vec::new(),
            unused: Vec::new(),
        };
        Ok(self.parts.remove(role).ok_or_else(missing)?)
    }

    fn vector(&mut self, role: &str) -> Result<Vec<f32>> {
        let values = self.take(role)?.to_f32();
        self.packed_bytes += 4 * values.len();
        Ok(values)
    }

    fn optional(&mut self, role: &str) -> Result<Option<Vec<f32>>> {
        self.parts.contains_key(role).then(|| self.vector(role)).transpose()
    }

    fn square(&mut self, at: &str) -> Result<Square> {
        Ok(Square {
            weight: self.vector(&format!("{at}.weight"))?,
            bias: self.optional(&format!("{at}.bias"))?,
        })
    }

    fn norm(&mut self, at: &str) -> Result<RmsNorm> {
        Ok(RmsNorm {
            weight: self.vector(&format!("{at}.weight"))?,
            bias: self.optional(&format!("{at}.bias"))?,
            eps: 0.0,
            root: NormRoot::default(),
        })
    }

    fn optional_norm(&mut self, at: &str) -> Result<Option<RmsNorm>> {
        self.parts.contains_key(&format!("{at}.weight")).then(|| self.norm(at)).transpose()
    }

    /// A matrix for lookups, not for products.
    fn table(&mut self, role: &str) -> Result<Matrix> {
        self.stack(&[role.to_string()])
    }

    /// Tensors `[rows, cols]` of one width, stacked as rows.
    fn stack(&mut self, roles: &[String]) -> Result<Matrix> {
        let parts = roles.iter().map(|role| self.take(role)).collect::<Result<Vec<_>>>()?;
        let cols = parts[0].shape[1];
        let ternary = parts.iter().all(|p| matches!(p.data, Data::Ternary { .. }));
        let bf16 = parts.iter().all(|p| matches!(p.data, Data::Bf16(_)));
        let matrix = if ternary && self.quantize {
            stack_ternary(&parts, cols)
        } else if bf16 {
            Matrix::Bf16(stack_dense(parts, cols, |part| match part.data {
                Data::Bf16(values) => values,
                _ => unreachable!("all parts are bf16"),
            }))
        } else {
            Matrix::F32(stack_dense(parts, cols, |part| part.to_f32()))
        };
        self.packed_bytes += matrix.bytes();
        Ok(matrix)
    }

    /// Linear layers that read one input, as one: `at.name` for each name.
    fn linears(&mut self, at: &str, names: &[&str]) -> Result<Linear> {
        let role = |name: &&str, kind| match name.is_empty() {
            true => format!("{at}.{kind}"),
            false => format!("{at}.{name}.{kind}"),
        };
        let weights: Vec<String> = names.iter().map(|name| role(name, "weight")).collect();
        let rows: Vec<usize> =
            weights.iter().map(|w| self.parts.get(w).map_or(0, |part| part.shape[0])).collect();
        let ternary = weights.iter().all(|weight| {
            self.parts.get(weight).is_some_and(|part| matches!(part.data, Data::Ternary { .. }))
        });
        let matrix = self.stack(&weights)?;
        let mut biases = Vec::new();
        for (name, rows) in names.iter().zip(rows) {
            let bias = self.optional(&role(name, "bias"))?;
            biases.push(bias.unwrap_or_else(|| vec![0.0; rows]));
        }
        let bias = Some(biases.concat()).filter(|bias| bias.iter().any(|&b| b != 0.0));
        Ok(Linear { matrix, bias, ternary, inner_norm: None })
    }

    fn linear(&mut self, at: &str) -> Result<Linear> {
        self.linears(at, &[""])
    }

    fn embedding(&mut self, config: &Config) -> Result<Embedding> {
        if config.is_bpe() {
            return self.table("embed.tokens.weight").map(Embedding::Token);
        }
        Ok(Embedding::Patch(Box::new(PatchEmbedding {
            bytes: self.table("embed.bytes.weight")?,
            bolmo: config.bolmo.then(|| self.bolmo()).transpose()?,
            project: self.linear("embed.patch")?,
        })))
    }

    fn bolmo(&mut self) -> Result<Bolmo> {
        let bias = self.optional("embed.bolmo.boundary.bias")?;
        Ok(Bolmo {
            query: self.square("embed.bolmo.query")?,
            key: self.square("embed.bolmo.key")?,
            value: self.square("embed.bolmo.value")?,
            out: self.square("embed.bolmo.out")?,
            boundary: self.vector("embed.bolmo.boundary.weight")?,
            boundary_bias: bias.map_or(0.0, |bias| bias[0]),
            dialect: Dialect::default(),
        })
    }

    fn backbone_block(&mut self, config: &Config, at: &str) -> Result<Block> {
        let mixer = match config.mixer {
            Mixer::Attention => {
                let mixer = self.attention(at, config.n_heads, config.output_projection)?;
                MixerLayer::Attention(mixer)
            }
            Mixer::Mlgru => MixerLayer::Mlgru(self.mlgru(config, at)?),
        };
        let mut block = self.block(at, mixer)?;
        if config.fp_residual_rank > 0 {
            block.fp_residual = Some(self.low_rank(&format!("{at}.fp_residual"))?);
        }
        if config.pfnet_hidden > 0 {
            block.pfnet = Some(self.low_rank(&format!("{at}.pfnet"))?);
        }
        Ok(block)
    }

    fn block(&mut self, at: &str, mixer: MixerLayer) -> Result<Block> {
        let gate = self.parts.contains_key(&format!("{at}.ffn.gate.weight"));
        let gate_up: &[&str] = if gate { &["gate", "up"] } else { &["up"] };
        Ok(Block {
            norm1: self.norm(&format!("{at}.norm1"))?,
            mixer,
            fp_residual: None,
            norm2: self.norm(&format!("{at}.norm2"))?,
            ffn: FeedForward {
                gate_up: self.linears(&format!("{at}.ffn"), gate_up)?,
                down_norm: self.optional_norm(&format!("{at}.ffn.down_norm"))?,
                down: self.linear(&format!("{at}.ffn.down"))?,
                dialect: Dialect::default(),
            },
            pfnet: None,
            dialect: Dialect::default(),
        })
    }

    fn low_rank(&mut self, at: &str) -> Result<LowRank> {
        Ok(LowRank {
            down: self.linear(&format!("{at}.down"))?,
            up: self.linear(&format!("{at}.up"))?,
            activation: None,
        })
    }

    fn mlgru(&mut self, config: &Config, at: &str) -> Result<Mlgru> {
        let d = config.d_model;
        let at = format!("{at}.mixer");
        // One for all channels or one each.
        let decay = self.optional(&format!("{at}.decay"))?;
        let gates = self.linears(&at, &["forget", "candidate", "gate"])?;
        let (out_norm, out) = self.output(&at, config.output_projection)?;
        Ok(Mlgru { gates, decay, floor: vec![0.0; d], dialect: Dialect::default(), out_norm, out })
    }

    fn attention(&mut self, at: &str, heads: usize, output_projection: bool) -> Result<Attention> {
        let at = format!("{at}.mixer");
        let qkv = self.linears(&at, &["query", "key", "value"])?;
        let (out_norm, out) = self.output(&at, output_projection)?;
        Ok(Attention { qkv, out_norm, out, heads, rope_base: 0.0, rope: Rope::None })
    }

    /// `W_o` and the SubLN before it.
    fn output(&mut self, at: &str, present: bool) -> Result<(Option<RmsNorm>, Option<Linear>)> {
        if !present {
            return Ok((None, None));
        }
        let norm = self.optional_norm(&format!("{at}.out_norm"))?;
        Ok((norm, Some(self.linear(&format!("{at}.out"))?)))
    }

    fn delete_gate(&mut self, threshold: f32) -> Result<DeleteGate> {
        let hidden = self.linear("delete_gate.hidden")?;
        let score = self.vector("delete_gate.score.weight")?;
        let bias = self.optional("delete_gate.score.bias")?;
        Ok(DeleteGate {
            hidden,
            score,
            score_bias: bias.map_or(0.0, |b| b[0]),
            threshold,
            dialect: Dialect::default(),
        })
    }

    fn head(&mut self, config: &Config) -> Result<Head> {
        if config.is_bpe() {
            return self.linear("head").map(Head::Token);
        }
        if !config.local_decoder {
            let heads = (0..config.patch_size).map(|p| self.linear(&format!("heads.{p}")));
            return heads.collect::<Result<_>>().map(Head::Bytes);
        }
        let mut blocks = Vec::new();
        loop {
            let at = format!("decoder.blocks.{}", blocks.len());
            if !self.parts.contains_key(&format!("{at}.norm1.weight")) {
                break;
            }
            let mixer = self.attention(&at, config.local_heads, true)?;
            blocks.push(self.block(&at, MixerLayer::Attention(mixer))?);
        }
        Ok(Head::Local(Box::new(LocalDecoder {
            input: self.linear("decoder.input")?,
            bytes: self.table("decoder.bytes.weight")?,
            positions: self.optional("decoder.positions")?,
            blocks,
            norm: self.norm("decoder.norm")?,
            head: self.linear("decoder.head")?,
            dialect: Dialect::default(),
        })))
    }
}

/// Dense tensors of one width as one matrix; each is freed once its rows are in.
fn stack_dense<T: Weight>(
    parts: Vec<Tensor>,
    cols: usize,
    values: impl Fn(Tensor) -> Vec<T>,
) -> DenseMatrix<T> {
    let rows = parts.iter().map(|part| part.shape[0]).sum();
    let mut weights = DenseMatrix::zeros(rows, cols);
    let mut next = 0;
    for part in parts {
        for row in values(part).chunks(cols) {
            weights.set_row(next, row);
            next += 1;
        }
    }
    weights
}

/// Ternary tensors of one width as one matrix.
fn stack_ternary(parts: &[Tensor], cols: usize) -> Matrix {
    let (mut rows, mut all_gamma) = (Vec::new(), Vec::new());
    for part in parts {
        let Data::Ternary { codes, scales } = &part.data else {
            unreachable!("the caller stacks ternary parts only")
        };
        for row in 0..part.shape[0] {
            rows.push((codes.bytes(), row * cols));
            all_gamma.push(scales[row % scales.len()]);
        }
    }
    Matrix::Ternary { weights: TernaryMatrix::from_rows(&rows, cols), gamma: all_gamma }
}
