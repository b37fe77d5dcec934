//! Everything that can be wrong with a checkpoint, each as a sentence.

use crate::decimal;

/// A file that is not a torch ZIP archive, recognised by how it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// `torch.save` before torch 1.6, or with `_use_new_zipfile_serialization=False`.
    #[error(
        "This is a torch file in the format used before torch 1.6, which is not read; load it \
        in Python and save it again with torch.save."
    )]
    LegacyTorch,
    /// The list of a model's several files.
    #[error(
        "This is the index of a model that is saved in several files; merge these in Python, by \
        load_file and save_file of safetensors.torch, and choose the file that this gives."
    )]
    Index,
    /// A llama.cpp GGUF file.
    #[error("This is a GGUF file for llama.cpp; a torch .pt checkpoint was expected.")]
    Gguf,
    /// A web page, most often an error page saved under the model's name.
    #[error(
        "This is a web page, not a checkpoint: a server probably answered with an error or a \
        login page. Open the address in a browser to see what it says."
    )]
    Html,
    /// JSON, most often a server's error message.
    #[error(
        "This is JSON text, not a checkpoint: a server probably answered with an error. Open \
        the file in an editor to see what it says."
    )]
    Json,
    /// The small text that stands for a large file in a repository cloned without Git LFS.
    #[error(
        "This is a Git LFS pointer that only stands for the checkpoint; run `git lfs pull` in \
        the repository, or download the file itself."
    )]
    LfsPointer,
    /// A gzip, xz, zstd, bzip2 or 7z archive.
    #[error("This is a compressed archive; unpack it and choose the .pt file inside.")]
    Compressed,
    /// None of these.
    #[error(
        "This is not a torch checkpoint: a .pt file is a ZIP archive, and this file is neither \
        one nor a format that is recognised."
    )]
    Unknown,
}

/// Why a checkpoint could not be read. `Display` is a sentence for the person who chose the file.
///
/// Names that come from the file are cut to a displayable length before they are stored here.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The file has no bytes at all.
    #[error("The file is empty; a torch .pt checkpoint was expected.")]
    Empty,
    /// The file is something else than a torch ZIP archive.
    #[error(transparent)]
    Foreign(Foreign),
    /// The file begins like a ZIP archive but has no end record.
    #[error(
        "The checkpoint is cut off: it begins as a ZIP archive, but its {len} bytes do not \
        hold the directory that belongs at the end. Download it again."
    )]
    CutOff {
        /// Length of the file in bytes.
        len: u64,
    },
    /// The end record contradicts itself or the file.
    #[error("The archive's end record is damaged: {0}. Download the file again.")]
    EndRecord(&'static str),
    /// The zip64 records contradict the plain ones or the file.
    #[error("The archive's zip64 record is damaged: {0}. Download the file again.")]
    Zip64(&'static str),
    /// The archive is spread over several disks.
    #[error("The archive says that it is one part of several; only whole files are read.")]
    MultiDisk,
    /// The number of entries disagrees with the directory.
    #[error(
        "The archive claims {claimed} entries, but its directory has {found}; the file is \
        damaged. Download it again."
    )]
    EntryCount {
        /// Entries that the end record claims.
        claimed: u64,
        /// Entries that the directory holds or has room for.
        found: u64,
    },
    /// An entry of the central directory is malformed.
    #[error("Entry {index} of the archive's directory is damaged: {why}. Download the file again.")]
    DirectoryEntry {
        /// Position of the entry in the directory.
        index: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// An entry is compressed.
    #[error(
        "The entry '{0}' is compressed; torch stores entries as they are. Unpack the file and \
        save it again with torch.save."
    )]
    Compressed(String),
    /// An entry is encrypted.
    #[error("The entry '{0}' is encrypted; checkpoints are read only unencrypted.")]
    Encrypted(String),
    /// Two entries claim the same bytes of the file.
    #[error(
        "The entries '{0}' and '{1}' claim the same bytes of the file; it is damaged or made \
        to mislead, and is not read."
    )]
    Overlap(String, String),
    /// Two entries have the same name.
    #[error(
        "The archive has two entries named '{0}'; it is damaged or made to mislead, and is not \
        read."
    )]
    DuplicateEntry(String),
    /// The header before an entry's data disagrees with the central directory.
    #[error(
        "The header before the entry '{name}' does not fit the archive's directory: {why}. \
        Download the file again."
    )]
    LocalHeader {
        /// Name of the entry.
        name: String,
        /// What is wrong with the header.
        why: &'static str,
    },
    /// An entry's bytes do not have the checksum that the directory gives.
    #[error(
        "The bytes of the entry '{0}' do not have the checksum recorded for them; the file was \
        damaged on its way. Download it again."
    )]
    Checksum(String),
    /// A ZIP archive without `data.pkl`.
    #[error(
        "This is a ZIP archive, but it has no data.pkl, so torch.save did not write it; a \
        torch .pt checkpoint was expected."
    )]
    NoPickle,
    /// A ZIP archive with more than one `data.pkl`.
    #[error(
        "The archive has more than one data.pkl, so it is not clear which is the checkpoint; a \
        file written by torch.save has exactly one."
    )]
    TwoPickles,
    /// A TorchScript archive: a program, not a checkpoint.
    #[error(
        "This is a TorchScript program, not a checkpoint; save the module's state_dict() with \
        torch.save."
    )]
    TorchScript,
    /// The storages are big-endian.
    #[error(
        "The checkpoint was written on a big-endian machine; only little-endian files are \
        read. Save it again on an ordinary computer."
    )]
    BigEndian,
    /// The `byteorder` entry is neither `little` nor `big`.
    #[error("The checkpoint's byte order is '{0}'; 'little' was expected.")]
    ByteOrder(String),
    /// Something is far larger, or there is far more of it, than in any checkpoint.
    #[error("{0}; it is not read.")]
    TooMuch(String),
    /// `data.pkl` is no pickle as torch writes it.
    #[error("The checkpoint's data.pkl {why}.")]
    Pickle {
        /// Position of the instruction that cannot be followed.
        at: usize,
        /// What is wrong with it: the rest of a sentence about `data.pkl`.
        why: String,
    },
    /// The header of a safetensors file is not as the format has it, or does not fit the file.
    #[error("The header of the safetensors file {0}.")]
    Header(String),
    /// A config from beside the file is no JSON object.
    #[error("The config is not a JSON object: at byte {at}, {expected} was expected.")]
    Config {
        /// The byte where it is none.
        at: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// The values of `data.pkl` are nested too deeply or inside themselves.
    #[error(
        "The checkpoint's values are nested too deeply, or inside themselves; a dict of named \
        tensors was expected."
    )]
    TooDeep,
    /// A value that is shared many times would grow beyond all proportion when written out.
    #[error(
        "The checkpoint's settings repeat themselves so often that they would not fit in \
        memory; they are not read."
    )]
    TooMuchSharing,
    /// No dict with tensors was found.
    #[error(
        "The checkpoint holds no dict of named weight tensors; save {{\"config\": …, \
        \"state_dict\": model.state_dict()}} with torch.save."
    )]
    NoTensors,
    /// A tensor's name has control characters, which could mislead its reader.
    #[error(
        "The checkpoint has a tensor named '{0}', with control characters in its name; it is \
        damaged or made to mislead, and is not read."
    )]
    NameUnprintable(String),
    /// Two tensors have the same name.
    #[error("The checkpoint has two tensors named '{0}', so it is not clear which is meant.")]
    DuplicateTensor(String),
    /// A tensor's storage is not in the archive.
    #[error(
        "The values of tensor '{tensor}' should be in the entry data/{key}, which the archive \
        lacks. Download the file again."
    )]
    MissingStorage {
        /// Name of the tensor.
        tensor: String,
        /// Key of the storage, as in `data/<key>`.
        key: String,
    },
    /// A storage holds fewer bytes than `data.pkl` says.
    #[error(
        "The values of tensor '{tensor}' are in the entry data/{key}, which has {have} bytes \
        where {need} were announced. Download the file again."
    )]
    StorageShort {
        /// Name of the tensor that needs it.
        tensor: String,
        /// Key of the storage.
        key: String,
        /// Bytes in the archive.
        have: u64,
        /// Bytes that `data.pkl` announces.
        need: u64,
    },
    /// A tensor reaches beyond the end of its storage.
    #[error(
        "The tensor '{tensor}' reaches beyond the {have} values of its storage; the file is \
        damaged or made to mislead."
    )]
    OutsideStorage {
        /// Name of the tensor.
        tensor: String,
        /// Elements in the storage.
        have: u64,
    },
    /// A tensor's strides let several of its elements share one place.
    #[error(
        "The tensor '{0}' uses the same stored values for several of its elements; save it \
        with .contiguous() to make it plain."
    )]
    OverlappingStrides(String),
    /// The selected tensors read the same storages over and over.
    #[error(
        "The checkpoint's tensors read the same values over and over, so that the model would \
        be many times larger than its file; it is not read."
    )]
    SharedTooOften,
    /// A `{"packed", "scale", "shape"}` group does not fit together.
    #[error("The packed ternary tensor '{tensor}' does not fit together: {why}.")]
    Group {
        /// Name of the tensor.
        tensor: String,
        /// What is wrong with it.
        why: String,
    },
    /// Two bits that stand for no weight.
    #[error(
        "The packed ternary tensor '{tensor}' has the code {code} at weight {index}, which \
        stands for no weight; unless a file declares otherwise, 0, 1 and 2 stand for -1, 0 and +1."
    )]
    TernaryCode {
        /// Name of the tensor.
        tensor: String,
        /// Position of the weight, counted row by row.
        index: usize,
        /// The two bits.
        code: u8,
    },
    /// A ternary tensor's scale is no usable number.
    #[error("The packed ternary tensor '{tensor}' has the scale {}; a finite number that is not \
        negative was expected.", decimal::text(decimal::nearest(*.value)))]
    Scale {
        /// Name of the tensor.
        tensor: String,
        /// The scale found.
        value: f32,
    },
    /// A tensor whose element type is not read.
    #[error(
        "The tensor '{tensor}' is stored as {encoding}; float32, float16, bfloat16, float64 \
        and plain integers are read."
    )]
    Unreadable {
        /// Name of the tensor.
        tensor: String,
        /// Its element type.
        encoding: String,
    },
    /// `feed` was given another number of bytes than `wants` asked for. The reader can go on.
    #[error("{wanted} bytes of the file were asked for and {got} arrived; fetch the range again.")]
    WrongLength {
        /// Bytes asked for.
        wanted: u64,
        /// Bytes given.
        got: u64,
    },
    /// `feed` was called while nothing was wanted.
    #[error("Bytes were handed over although the reader wanted none.")]
    NothingWanted,
    /// `select` was called before the contents were known, or a second time.
    #[error("Tensors are selected once, after the checkpoint's contents are known.")]
    NotSelectable,
    /// `select` was given an index that is no tensor, or the same one twice.
    #[error("Tensor {0} was selected twice or is not in the checkpoint.")]
    NoSuchTensor(usize),
}

/// What the modules of this folder return. Boxed: an error is large and rare, and every `?` would
/// copy it.
pub(super) type Result<T, E = Box<Error>> = std::result::Result<T, E>;

impl From<Box<Error>> for Error {
    fn from(error: Box<Error>) -> Self {
        *error
    }
}

/// A name from a file, made short and printable enough to stand in a sentence.
pub(crate) fn shown(name: &str) -> String {
    const LONGEST: usize = 80;
    let mut text: String = name.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if name.chars().nth(LONGEST).is_some() {
        text.push('…');
    }
    text
}
