//! From bytes (or a token) to the vector that enters the backbone ([spec](crate::spec) §2).

use super::bolmo::Bolmo;
use super::linear::{Linear, Matrix};
use super::scratch::Scratch;
use crate::config::Symbol;
use crate::parallel::Crew;

/// The entrance of a model.
#[derive(Clone, Debug)]
pub enum Embedding {
    /// Byte runs: four bytes become one patch.
    Patch(Box<PatchEmbedding>),
    /// BPE runs: one row for each token, `[V, d]`.
    Token(Matrix),
}

/// The patch embedding of byte runs.
#[derive(Clone, Debug)]
pub struct PatchEmbedding {
    /// E `[256, w]`.
    pub bytes: Matrix,
    /// Boundary-aware encoding of the four byte vectors.
    pub bolmo: Option<Bolmo>,
    /// W_patch `[d, 4w]`.
    pub project: Linear,
}

impl PatchEmbedding {
    /// Writes the embeddings `[patches, d]` of some patches of `size` bytes.
    pub fn forward(
        &self,
        patches: &[Symbol],
        size: usize,
        scratch: &mut Scratch,
        crew: &Crew,
        out: &mut [f32],
    ) {
        let width = self.bytes.cols();
        let vectors = &mut scratch.out[..patches.len() * width];
        for (vector, &byte) in vectors.chunks_exact_mut(width).zip(patches) {
            self.bytes.row(byte as usize, vector);
        }
        if let Some(bolmo) = &self.bolmo {
            for vectors in vectors.chunks_exact_mut(size * width) {
                let boundaries = bolmo.forward(vectors, &mut scratch.wide);
                if let Some(seen) = &mut scratch.seen {
                    seen.boundaries.push(boundaries);
                }
            }
        }
        scratch.inner.set_normed(vectors, size * width, None, crew);
        self.project.apply(&scratch.inner, crew, out);
    }
}
