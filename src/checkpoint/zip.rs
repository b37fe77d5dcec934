//! The part of the ZIP format that torch writes: stored entries, found through the central
//! directory at the end of the file.
//!
//! Everything here works on slices handed in by [`Reader`](super::Reader). An entry's place is
//! known from the directory, but where its data begins only from its local header, which torch
//! pads so that data starts on a 64-byte boundary; so a request covers both (see
//! [`Entry::span`]), and [`Entry::data`] finds the data in what came back.

use super::error::{Error, Result, shown};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

/// How much of the file's end is read at first. The farthest from the end that the end records can begin: a comment
/// of 65,535 bytes, the end record, the zip64 locator and the zip64 end record. The directory of a whole model is
/// shorter.
const TAIL: u64 = 65_535 + END as u64 + LOCATOR as u64 + END64 as u64;
/// Directories of whole step files have some tens of kilobytes.
const LARGEST_DIRECTORY: u64 = 16 << 20;

const END: usize = 22;
const LOCATOR: usize = 20;
const END64: usize = 56;
const CENTRAL: usize = 46;
const LOCAL: usize = 30;

/// Marks a 16- or 32-bit field whose value is in the zip64 record.
const MOVED_16: u64 = 0xffff;
const MOVED_32: u64 = 0xffff_ffff;

/// Where the central directory is and how many entries it should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) range: Range<u64>,
    count: u64,
}

/// One stored entry of the archive.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Size of the data in bytes.
    pub(super) size: u64,
    /// Where the local header begins, or the data of an entry that has none.
    pub(super) offset: u64,
    /// Where the next entry or the directory begins.
    limit: u64,
    crc: u32,
    flags: u64,
    method: u64,
    /// Whether a local header stands before the data.
    headed: bool,
}

/// The end of the file that has the end records, if there are any.
pub(super) fn tail(file_len: u64) -> Range<u64> {
    file_len.saturating_sub(TAIL)..file_len
}

/// Finds the directory from the [`tail`] of the file; `None` where there is no end record: it is no ZIP archive, or only
/// the beginning of one.
pub(super) fn locate(tail: &[u8], file_len: u64) -> Result<Option<Location>> {
    let tail_start = file_len - tail.len() as u64;
    let Some(end_at) = find_end(tail) else {
        return Ok(None);
    };
    let end = &tail[end_at..];
    let disks = (u16_at(end, 4), u16_at(end, 6));
    let (on_disk, mut count) = (u16_at(end, 8), u16_at(end, 10));
    let (mut size, mut offset) = (u32_at(end, 12), u32_at(end, 16));
    let mut directory_end = tail_start + end_at as u64;

    let locator_at =
        end_at.checked_sub(LOCATOR).filter(|&at| tail[at..].starts_with(b"PK\x06\x07"));
    if let Some(locator_at) = locator_at {
        let locator = &tail[locator_at..];
        if u32_at(locator, 4) != 0 || u32_at(locator, 16) > 1 {
            return Err(Error::MultiDisk.into());
        }
        let claimed = u64_at(locator, 8);
        let end64_at = claimed
            .checked_sub(tail_start)
            .and_then(|at| usize::try_from(at).ok())
            .filter(|&at| at.checked_add(END64).is_some_and(|end| end <= locator_at))
            .ok_or(Error::Zip64("its locator points somewhere else"))?;
        let end64 = &tail[end64_at..];
        if !end64.starts_with(b"PK\x06\x06") {
            return Err(Error::Zip64("its locator points at something else").into());
        }
        if u64_at(end64, 4).checked_add(12) != Some((locator_at - end64_at) as u64) {
            return Err(Error::Zip64("it does not end where its locator begins").into());
        }
        if u32_at(end64, 16) != 0 || u32_at(end64, 20) != 0 {
            return Err(Error::MultiDisk.into());
        }
        let (on_disk64, count64) = (u64_at(end64, 24), u64_at(end64, 32));
        let (size64, offset64) = (u64_at(end64, 40), u64_at(end64, 48));
        // A field that fits is given twice; where both are given they have to agree.
        let agree = |plain: u64, moved: u64, wide: u64| plain == moved || plain == wide;
        if on_disk64 != count64 {
            return Err(Error::MultiDisk.into());
        }
        if !agree(count, MOVED_16, count64)
            || !agree(on_disk, MOVED_16, on_disk64)
            || !agree(size, MOVED_32, size64)
            || !agree(offset, MOVED_32, offset64)
        {
            return Err(Error::Zip64("it contradicts the plain end record").into());
        }
        (count, size, offset) = (count64, size64, offset64);
        directory_end = claimed;
    } else if on_disk != count {
        return Err(Error::MultiDisk.into());
    }
    if !matches!(disks, (0 | MOVED_16, 0 | MOVED_16)) {
        return Err(Error::MultiDisk.into());
    }
    if offset.checked_add(size) != Some(directory_end) {
        return Err(Error::EndRecord(
            "the directory it describes does not end where the end record begins",
        )
        .into());
    }
    if size > LARGEST_DIRECTORY {
        let what = format!(
            "The archive claims a directory of {size} bytes, far more than a checkpoint needs"
        );
        return Err(Error::TooMuch(what).into());
    }
    if count > size / CENTRAL as u64 {
        return Err(Error::EntryCount { claimed: count, found: size / CENTRAL as u64 }.into());
    }
    Ok(Some(Location { range: offset..directory_end, count }))
}

/// The last end record whose comment reaches exactly to the end of the file.
fn find_end(tail: &[u8]) -> Option<usize> {
    let last = tail.len().checked_sub(END)?;
    (0..=last).rev().find(|&at| {
        tail[at..].starts_with(b"PK\x05\x06")
            && at as u64 + END as u64 + u16_at(tail, at + 20) == tail.len() as u64
    })
}

/// Reads the central directory; the entries come back in file order.
pub(super) fn directory(bytes: &[u8], location: &Location) -> Result<Vec<Entry>> {
    let mut entries = Vec::with_capacity(location.count as usize);
    let mut rest = bytes;
    while !rest.is_empty() {
        let index = entries.len();
        let broken = |why| Box::new(Error::DirectoryEntry { index, why });
        if rest.len() < CENTRAL || !rest.starts_with(b"PK\x01\x02") {
            return Err(broken("its signature is missing"));
        }
        let flags = u16_at(rest, 8);
        let method = u16_at(rest, 10);
        let (packed, size, offset) = (u32_at(rest, 20), u32_at(rest, 24), u32_at(rest, 42));
        let [name_len, extra_len, comment_len] = [28, 30, 32].map(|at| u16_at(rest, at) as usize);
        let whole = CENTRAL + name_len + extra_len + comment_len;
        if rest.len() < whole {
            return Err(broken("it reaches beyond the directory"));
        }
        let name = std::str::from_utf8(&rest[CENTRAL..CENTRAL + name_len])
            .map_err(|_| broken("its name is not UTF-8"))?;
        let extra = &rest[CENTRAL + name_len..CENTRAL + name_len + extra_len];
        let [size, packed, offset] = widen(extra, [size, packed, offset])
            .ok_or_else(|| broken("its zip64 field is missing or too short"))?;
        if method == 0 && packed != size {
            return Err(broken("it is stored uncompressed, but in two different sizes"));
        }
        if !matches!(u16_at(rest, 34), 0 | MOVED_16) {
            return Err(Error::MultiDisk.into());
        }
        // `limit` is what this entry needs at least, until its neighbour is known.
        let limit = offset
            .checked_add((LOCAL + name_len) as u64)
            .and_then(|start| start.checked_add(packed))
            .filter(|&end| end <= location.range.start)
            .ok_or_else(|| broken("its data reaches beyond the space for data"))?;
        let crc = u32_at(rest, 16) as u32;
        entries.push(Entry {
            name: name.to_owned(),
            size,
            offset,
            limit,
            crc,
            flags,
            method,
            headed: true,
        });
        rest = &rest[whole..];
    }
    if entries.len() as u64 != location.count {
        return Err(
            Error::EntryCount { claimed: location.count, found: entries.len() as u64 }.into()
        );
    }
    let mut names: HashMap<&str, usize> = HashMap::new();
    if let Some(twice) = (0..)
        .zip(&entries)
        .find_map(|(index, entry)| names.insert(&entry.name, index).and(Some(entry)))
    {
        return Err(Error::DuplicateEntry(shown(&twice.name)).into());
    }
    entries.sort_by_key(|entry| entry.offset);
    let mut next = location.range.start;
    for index in (0..entries.len()).rev() {
        if entries[index].limit > next {
            let (first, second) = (&entries[index].name, &entries[index + 1].name);
            return Err(Error::Overlap(shown(first), shown(second)).into());
        }
        entries[index].limit = next;
        next = entries[index].offset;
    }
    Ok(entries)
}

/// Replaces the fields that the zip64 extra field (id 1) holds, in the order that the format
/// prescribes: size, packed size, offset.
fn widen(mut extra: &[u8], mut fields: [u64; 3]) -> Option<[u64; 3]> {
    if fields.iter().all(|&field| field != MOVED_32) {
        return Some(fields);
    }
    while extra.len() >= 4 {
        let (id, len) = (u16_at(extra, 0), u16_at(extra, 2) as usize);
        let body = extra.get(4..4 + len)?;
        if id == 1 {
            let mut wide = body.chunks_exact(8).map(|chunk| u64_at(chunk, 0));
            for field in fields.iter_mut().filter(|field| **field == MOVED_32) {
                *field = wide.next()?;
            }
            return Some(fields);
        }
        extra = &extra[4 + len..];
    }
    None
}

/// Refuses entries that are encrypted or compressed.
fn readable(name: &str, flags: u64, method: u64) -> Result<()> {
    // Encrypted, strongly encrypted, directory encrypted.
    const ENCRYPTED: u64 = 0x2041;
    if flags & ENCRYPTED != 0 {
        return Err(Error::Encrypted(shown(name)).into());
    }
    if method != 0 {
        return Err(Error::Compressed(shown(name)).into());
    }
    Ok(())
}

impl Entry {
    /// Bytes of a file that is no archive: no header stands before them, and nothing else is known of them.
    pub(super) fn bare(name: String, range: Range<u64>) -> Self {
        let (size, offset, limit) = (range.end - range.start, range.start, range.end);
        Entry { name, size, offset, limit, crc: 0, flags: 0, method: 0, headed: false }
    }

    /// Whether the data are in the file as they are.
    ///
    /// # Errors
    /// [`Error::Encrypted`] and [`Error::Compressed`].
    pub(super) fn check_readable(&self) -> Result<()> {
        readable(&self.name, self.flags, self.method)
    }

    /// The bytes to ask for: from the local header through the data, up to where the next entry
    /// begins or an extra field of the greatest length would end.
    pub(super) fn span(&self) -> Range<u64> {
        let header = if self.headed { (LOCAL + self.name.len() + 0xffff) as u64 } else { 0 };
        self.offset..self.limit.min(self.offset + header + self.size)
    }

    /// Finds where the data are in the bytes of [`span`](Self::span).
    ///
    /// # Errors
    /// When the local header contradicts the directory or the checksum is wrong. A checksum of 0
    /// is not compared: torch writes it when told to compute none.
    pub(super) fn data(&self, span: &[u8]) -> Result<Range<usize>> {
        if !self.headed {
            return Ok(0..span.len());
        }
        let broken = |why| Box::new(Error::LocalHeader { name: shown(&self.name), why });
        if span.len() < LOCAL || !span.starts_with(b"PK\x03\x04") {
            return Err(broken("its signature is missing"));
        }
        readable(&self.name, u16_at(span, 6), u16_at(span, 8))?;
        let name_len = u16_at(span, 26) as usize;
        let start = LOCAL + name_len + u16_at(span, 28) as usize;
        if span.get(LOCAL..LOCAL + name_len) != Some(self.name.as_bytes()) {
            return Err(broken("it bears another name"));
        }
        let data = usize::try_from(self.size)
            .ok()
            .and_then(|size| Some(start..start.checked_add(size)?))
            .filter(|data| data.end <= span.len())
            .ok_or_else(|| broken("the data after it would reach into the next entry"))?;
        if self.crc != 0 && crc32(&span[data.clone()]) != self.crc {
            return Err(Error::Checksum(shown(&self.name)).into());
        }
        Ok(data)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> u64 {
    u16_at(bytes, at) | u16_at(bytes, at + 2) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u32_at(bytes, at) | u32_at(bytes, at + 4) << 32
}

/// `CRC_TABLES[k][b]` is what byte `b` contributes to a checksum when `k` more bytes follow it. They
/// are worked out when first needed: in a file that browsers fetch they would be 8 KB.
static CRC_TABLES: LazyLock<[[u32; 256]; 8]> = LazyLock::new(|| {
    // One byte that adds nothing moves all earlier ones a table on.
    let shift =
        |crc: u32| (0..8).fold(crc, |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()));
    let mut crcs: [u32; 256] = std::array::from_fn(|byte| byte as u32);
    std::array::from_fn(|_| {
        crcs = crcs.map(shift);
        crcs
    })
});

/// The checksum of ZIP: CRC-32 with the reflected polynomial 0xedb88320, eight bytes a step.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let tables = &*CRC_TABLES;
    let mut crc = !0_u32;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let low = crc ^ u32_at(chunk, 0) as u32;
        crc = 0;
        for (k, byte) in low.to_le_bytes().iter().chain(&chunk[4..]).enumerate() {
            crc ^= tables[7 - k][usize::from(*byte)];
        }
    }
    for byte in chunks.remainder() {
        crc = (crc >> 8) ^ tables[0][((crc ^ u32::from(*byte)) & 0xff) as usize];
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{Data, Tensor, Value, read, write};

    #[test]
    fn checksums_of_every_length() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let bytes: Vec<u8> = (0..100_u8).map(|i| i.wrapping_mul(37)).collect();
        for len in 0..bytes.len() {
            // The definition, a bit at a time.
            let mut crc = !0_u32;
            for &byte in &bytes[..len] {
                crc ^= u32::from(byte);
                for _ in 0..8 {
                    crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
                }
            }
            assert_eq!(crc32(&bytes[..len]), !crc, "{len} bytes");
        }
    }

    fn checkpoint(tensors: usize) -> Vec<u8> {
        let tensor = |index: usize| {
            let data = Data::F32(vec![index as f32; 2]);
            (format!("w{index}"), Tensor { shape: vec![2], data })
        };
        write::compact(&Value::None, &(0..tensors).map(tensor).collect::<Vec<_>>())
    }

    /// Gives a file a comment, in which `end` stands last.
    fn commented(mut file: Vec<u8>, len: u16, end: &[u8]) -> Vec<u8> {
        let at = file.len() - 2;
        file[at..].copy_from_slice(&len.to_le_bytes());
        file.resize(file.len() + usize::from(len) - end.len(), b' ');
        file.extend(end);
        file
    }

    #[test]
    fn a_comment_of_any_length() {
        let file = checkpoint(3);
        let good = read(&file).unwrap();
        for len in [0, 1, 21, 22, 65_416, 65_417, 65_514, 65_515, 65_535] {
            assert_eq!(read(&commented(file.clone(), len, b"")).unwrap(), good, "{len} bytes");
        }
    }

    #[test]
    fn the_last_end_record_counts() {
        // An end record inside the comment of another, as of an archive without entries.
        let mut inner = b"PK\x05\x06".to_vec();
        inner.resize(END, 0);
        let file = commented(checkpoint(3), 100, &inner);
        assert!(matches!(read(&file), Err(Error::EndRecord(_))));
    }

    #[test]
    fn a_directory_longer_than_the_tail() {
        let file = checkpoint(2000);
        let tail = tail(file.len() as u64);
        let location = locate(&file[tail.start as usize..], file.len() as u64).unwrap();
        let location = location.expect("the end record is in the tail");
        assert!(location.range.start < tail.start);
        assert_eq!(read(&file).unwrap().1.len(), 2000);
    }

    #[test]
    fn zip64_fields_stand_for_what_does_not_fit() {
        let extra = |sizes: &[u64]| {
            let mut extra = vec![0x46, 0x42, 1, 0, b'Z', 1, 0, 8 * sizes.len() as u8, 0];
            extra.extend(sizes.iter().flat_map(|size| size.to_le_bytes()));
            extra
        };
        let big = 5 << 32;
        assert_eq!(widen(&[], [1, 2, 3]), Some([1, 2, 3]));
        assert_eq!(widen(&extra(&[big]), [1, 2, MOVED_32]), Some([1, 2, big]));
        assert_eq!(widen(&extra(&[big, big, 7]), [MOVED_32; 3]), Some([big, big, 7]));
        assert_eq!(widen(&extra(&[big]), [MOVED_32, MOVED_32, 3]), None);
        assert_eq!(widen(&extra(&[big])[..12], [MOVED_32, 2, 3]), None);
        assert_eq!(widen(&[], [MOVED_32, 2, 3]), None);
    }
}
