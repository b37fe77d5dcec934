//! From the bytes of a torch `.pt` file or a safetensors file to named tensors ([spec](crate::spec) §3), without doing any I/O.
//!
//! A [`Reader`] says which byte range of the file it [wants](Reader::wants) next and is
//! [fed](Reader::feed) those bytes, from an HTTP range, a slice of a local file or a test. First
//! come the archive's directory and the pickled description, or the header; after that [`Reader::contents`] tells
//! what there is. The tensors then [selected](Reader::select) are read in file order, and each can
//! be [taken](Reader::take) as soon as its storage has arrived, a packed one as soon as all have, so that a file never has to be in
//! memory as a whole and what is not selected is never fetched. [`read`] does all of this with a file
//! that is in memory.
//!
//! ```
//! use cpu1::checkpoint::{Data, Error, Reader, Tensor, Value, write};
//!
//! let weight = Tensor { shape: vec![2, 2], data: Data::F32(vec![1.0, 2.0, 3.0, 4.0]) };
//! let config = Value::Dict(vec![(Value::Str("d_model".into()), Value::Int(2))]);
//! let file = write::compact(&config, &[("weight".into(), weight.clone())]);
//!
//! let mut reader = Reader::new(file.len() as u64)?;
//! reader.feed_all(&file)?; // one that is in memory
//! let contents = reader.contents().expect("all of the description was read");
//! assert_eq!(contents.tensors[0].name, "weight");
//! reader.select(&[0])?;
//! while let Some(range) = reader.wants() {
//!     reader.feed(&file[range.start as usize..range.end as usize])?;
//!     while let Some((index, tensor)) = reader.take()? {
//!         assert_eq!((index, &tensor), (0, &weight));
//!     }
//! }
//! assert!(reader.done());
//! # Ok::<(), Error>(())
//! ```
//!
//! The files are untrusted. Nothing in them is executed, every size is checked against the file's
//! before memory is set aside for it, and all that can be wrong is an [`Error`].
//!
//! - `zip`: the archive's directory and entries;
//! - `legacy`: the same from the format before archives;
//! - `ranges`: the ranges to ask for;
//! - `pickle`: the description, as values; `dtype`: the types of elements;
//! - `safetensors`: the header of the other format, as such values too;
//! - `state_dict`: which of these values is the model; `packed_groups`: packed tensors in it;
//! - `settings`: what is beside it, as plain values;
//! - `contents`: its tensors and settings;
//! - `tensor`: a storage's bytes as a tensor's values;
//! - [`codes`]: two bits a weight; `packing`: how another file lays them out;
//! - [`write`](mod@write): the way back.

pub mod codes;
mod contents;
mod dtype;
mod error;
mod foreign;
mod legacy;
mod packed_groups;
mod packing;
mod pickle;
mod ranges;
mod reader;
mod safetensors;
mod settings;
mod state_dict;
mod tensor;
pub mod write;
mod zip;

pub use contents::{Contents, Encoding, Flavour, TensorInfo};
pub(crate) use error::shown;
pub use error::{Error, Foreign};
pub use packing::PackingChoice;
pub use pickle::Value;
pub use reader::{Reader, read};
pub use safetensors::config;
pub use tensor::{Data, Tensor};

/// The bytes of a file of `tests/fixtures/checkpoint`.
#[cfg(test)]
macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/checkpoint/",
            $name,
            ".pt"
        ))
    };
}
#[cfg(test)]
pub(crate) use fixture;
