//! What hostile files are made with, and an allocator that counts what reading them takes: shared by
//! the tests and the fuzz targets.
#![allow(unsafe_code)] // an allocator that counts
// Each of them uses its part.
#![allow(dead_code)]

use cpu1::checkpoint::{self, Contents, Error, Tensor};
use cpu1::weights;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Display;

/// Counts what each thread allocates.
struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static TOTAL: Cell<usize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that is ending has lost its counters, and no test reads them then.
    let _ = LIVE.try_with(|live| {
        live.set(live.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(live.get())));
        let _ = TOTAL.try_with(|total| total.set(total.get() + bytes.max(0) as usize));
    });
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller keeps the contract of `dealloc`, and `alloc` was the system's.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that this thread has allocated and not given back.
pub fn live() -> isize {
    LIVE.get()
}

/// What some work allocated.
pub struct Allocated {
    /// The most bytes at once.
    pub peak: usize,
    /// All bytes, those given back too: a measure of work that no clock disturbs.
    pub total: usize,
}

/// Does some work on this thread, and counts what it allocates.
pub fn allocated<R>(work: impl FnOnce() -> R) -> (R, Allocated) {
    let (live, total) = (LIVE.get(), TOTAL.get());
    PEAK.set(live);
    let result = work();
    let peak = (PEAK.get() - live) as usize;
    let total = TOTAL.get() - total;
    (result, Allocated { peak, total })
}

/// What reading any file may allocate at once: a constant for tables, and a
/// factor for values that take more bytes in memory than in the file.
fn bound(file: &[u8]) -> usize {
    (64 << 10) + 80 * file.len()
}

/// A checkpoint's contents and its tensors by name.
pub type Checkpoint = (Contents, Vec<(String, Tensor)>);

/// Reads all that is readable in a file, within the bound.
pub fn read(file: &[u8]) -> Result<Checkpoint, Error> {
    let (loaded, Allocated { peak, .. }) = allocated(|| checkpoint::read(file));
    let len = file.len();
    assert!(peak <= bound(file), "{peak} bytes allocated for a file of {len}");
    if let Err(error) = &loaded {
        is_sentence(error);
    }
    keep(file);
    loaded
}

/// Loads a model, or fails to, within bounds on memory and on work: work that grows with the square of the
/// file would be above them.
pub fn load<R>(
    file: &[u8],
    load: impl FnOnce() -> Result<R, weights::Error>,
) -> Result<R, weights::Error> {
    let (loaded, Allocated { peak, total }) = allocated(load);
    let len = file.len();
    assert!(peak <= (1 << 20) + 200 * len, "{peak} bytes at once for a file of {len}");
    assert!(total <= (4 << 20) + 4000 * len, "{total} bytes in all for a file of {len}");
    loaded.inspect_err(is_sentence)
}

/// Whether an error is fit to be shown.
pub fn is_sentence(error: &impl Display) {
    let sentence = error.to_string();
    assert!(sentence.ends_with('.') && sentence.len() < 4000, "{sentence}");
    assert!(!sentence.contains(char::is_control), "{sentence:?}");
}

/// Writes the first files of every test to the folder that `CPU1_CORPUS` names, if it names one: they
/// are what the fuzzer starts from.
fn keep(file: &[u8]) {
    const MOST: usize = 24;
    const LARGEST: usize = 16 << 10;
    thread_local!(static KEPT: Cell<usize> = const { Cell::new(0) });
    let number = KEPT.get();
    if number < MOST
        && file.len() <= LARGEST
        && let Some(folder) = std::env::var_os("CPU1_CORPUS")
    {
        KEPT.set(number + 1);
        let thread = std::thread::current();
        let name = format!("{}-{number}", thread.name().unwrap_or("attack"));
        std::fs::write(std::path::Path::new(&folder).join(name), file)
            .expect("a folder to write to");
    }
}

/// xorshift64*: the same numbers on every run.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 8
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// An archive of stored entries without checksums.
pub fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let (at, name) = ((file.len() as u32).to_le_bytes(), name.as_bytes());
        let [size, name_len] = [data, name].map(|part| (part.len() as u32).to_le_bytes());
        // Flags, method, time and checksum are 0; behind the name's length, that of an extra field is.
        let fields = [&[0; 14][..], &size, &size, &name_len].concat();
        directory.extend([b"PK\x01\x02\0\0", &fields[..], &[0; 10], &at, name].concat());
        file.extend([b"PK\x03\x04", &fields[..], name, data].concat());
    }
    let [offset, size] = [&file, &directory].map(|part| (part.len() as u32).to_le_bytes());
    let count = (entries.len() as u16).to_le_bytes();
    file.extend(directory);
    file.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &size, &offset, &[0; 2]].concat());
    file
}

/// Sets the checksums in the central directory to 0, which stands for none: so damage reaches the pickle and
/// the tensors.
pub fn drop_checksums(file: &mut [u8]) {
    for at in 0..file.len().saturating_sub(46) {
        if file[at..].starts_with(b"PK\x01\x02") {
            file[at + 16..at + 20].fill(0);
        }
    }
}

#[derive(Clone)]
pub struct Pickle(pub Vec<u8>);

impl Pickle {
    pub fn new() -> Self {
        Self(vec![0x80, 2])
    }

    pub fn op(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    pub fn text(self, text: &str) -> Self {
        self.op(b"X").op(&(text.len() as u32).to_le_bytes()).op(text.as_bytes())
    }

    pub fn int(self, value: i64) -> Self {
        self.op(&[0x8a, 8]).op(&value.to_le_bytes())
    }

    /// An integer of four bytes.
    pub fn int32(self, value: u32) -> Self {
        self.op(b"J").op(&value.to_le_bytes())
    }

    pub fn tuple(self, values: &[i64]) -> Self {
        values.iter().fold(self.op(b"("), |pickle, &value| pickle.int(value)).op(b"t")
    }

    /// A tensor in storage "0", see `tensor_in`.
    pub fn tensor(
        self,
        class: &str,
        len: i64,
        offset: i64,
        shape: &[i64],
        strides: &[i64],
    ) -> Self {
        self.tensor_in("0", class, len, offset, shape, strides)
    }

    /// A tensor in the storage `key` of `class`, said to have `len` elements.
    pub fn tensor_in(
        self,
        key: &str,
        class: &str,
        len: i64,
        offset: i64,
        shape: &[i64],
        strides: &[i64],
    ) -> Self {
        self.op(b"ctorch._utils\n_rebuild_tensor_v2\n((")
            .text("storage")
            .op(format!("ctorch\n{class}\n").as_bytes())
            .text(key)
            .text("cpu")
            .int(len)
            .op(b"tQ")
            .int(offset)
            .tuple(shape)
            .tuple(strides)
            .op(b"\x89NtR")
    }

    /// `{"w": tensor}` of four floats.
    pub fn one_vector() -> Self {
        Self::new().op(b"}").text("w").vector().op(b"s")
    }

    /// Four floats.
    pub fn vector(self) -> Self {
        self.tensor("FloatStorage", 16, 0, &[4], &[1])
    }
}
