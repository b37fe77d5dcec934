//! What a file without a ZIP archive's end is instead.

use super::error::{Error, Foreign};

/// Bytes from the beginning of a file that are enough to tell. A safetensors file of a whole model has its header in
/// them.
pub(super) const HEAD: u64 = 64 << 10;

/// How `torch.save` began its files before torch 1.6: a pickle of its magic number.
const LEGACY_TORCH: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

/// Recognises a file by its first bytes.
pub(super) fn recognise(head: &[u8], len: u64) -> Error {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let begins = |with: &[u8]| text.get(..with.len()).is_some_and(|t| t.eq_ignore_ascii_case(with));
    let is_any = |magics: &[&[u8]]| magics.iter().any(|magic| head.starts_with(magic));
    Error::Foreign(if head.starts_with(b"PK\x03\x04") {
        return Error::CutOff { len };
    } else if head.len() > 2 && head[0] == 0x80 && head[2..].starts_with(LEGACY_TORCH) {
        Foreign::LegacyTorch
    } else if head.starts_with(b"GGUF") {
        Foreign::Gguf
    } else if begins(b"version https://git-lfs") {
        Foreign::LfsPointer
    } else if begins(b"<!doctype") || begins(b"<html") || begins(b"<?xml") || begins(b"<head") {
        Foreign::Html
    } else if begins(b"{") && head.windows(12).any(|word| word == b"\"weight_map\"") {
        Foreign::Index
    } else if begins(b"{") || begins(b"[") {
        Foreign::Json
    } else if is_any(&[b"\x1f\x8b", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"BZh", b"7z\xbc\xaf"]) {
        Foreign::Compressed
    } else {
        Foreign::Unknown
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_foreign_format_is_named() {
        let cases: [(&[u8], Foreign); 12] = [
            (
                b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80",
                Foreign::LegacyTorch,
            ),
            (b"{\n \"metadata\": {},\n \"weight_map\": {\"norm", Foreign::Index),
            (b"GGUF\x03\0\0\0", Foreign::Gguf),
            (b"\n <!DOCTYPE html><title>404", Foreign::Html),
            (b"<HTML>", Foreign::Html),
            (b"<?xml version=\"1.0\"?><Error>", Foreign::Html),
            (b"{\"error\":\"Entry not found\"}", Foreign::Json),
            (b"\xef\xbb\xbf [1]", Foreign::Json),
            (b"version https://git-lfs.github.com/spec/v1\noid", Foreign::LfsPointer),
            (b"\x1f\x8b\x08", Foreign::Compressed),
            (b"Entry not found", Foreign::Unknown),
            (b"\x80", Foreign::Unknown),
        ];
        for (head, expected) in cases {
            assert_eq!(recognise(head, 1000), Error::Foreign(expected), "{head:?}");
        }
    }

    #[test]
    fn the_beginning_of_an_archive_is_a_cut_off_checkpoint() {
        assert_eq!(recognise(b"PK\x03\x04\0\0", 6), Error::CutOff { len: 6 });
    }
}
