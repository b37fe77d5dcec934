//! What a file without a ZIP archive's end is instead.

use super::error::{Error, Foreign, shown};

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
    } else if is_any(&[b"\x93NUMPY"]) {
        Foreign::Numpy
    } else if is_any(&[b"\x89HDF\r\n"]) {
        Foreign::Hdf5
    } else if is_any(&[b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"%PDF"]) {
        Foreign::Media
    } else if let [0x80, 2..=5, ..] = head {
        Foreign::Pickle
    } else if let [8, 3..=32, 0x12 | 0x1a | 0x3a | 0x42, ..] = head {
        // The version of ONNX, then its writer, its graph or its operators.
        Foreign::Onnx
    } else if let Some((_, name)) = ARCHIVES.iter().find(|(magic, _)| head.starts_with(magic)) {
        Foreign::Archive(name)
    } else if head.get(257..262) == Some(b"ustar") {
        Foreign::Archive("tar")
    } else if head.len() > 4 && is_text(head) {
        Foreign::Text
    } else {
        Foreign::Unknown
    })
}

/// How other archives than ZIP begin.
const ARCHIVES: [(&[u8], &str); 5] = [
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"7z\xbc\xaf", "7z"),
];

/// Whether these are the first bytes of a text.
fn is_text(head: &[u8]) -> bool {
    let text = match str::from_utf8(head) {
        Ok(text) => text,
        // The last character may be cut.
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.contains(|c: char| c.is_control() && !c.is_whitespace())
}

/// What a ZIP archive without `data.pkl` is, by the names of its entries.
pub(super) fn archive<'n>(names: impl Iterator<Item = &'n str> + Clone) -> Error {
    let ending = |endings: &[&str]| {
        names.clone().find(|name| endings.iter().any(|ending| name.ends_with(ending)))
    };
    if let Some(name) = ending(&[".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".onnx"]) {
        Error::Inside(shown(name))
    } else if ending(&[".npy"]).is_some() {
        Error::Foreign(Foreign::Numpy)
    } else if ending(&[".weights.h5"]).is_some() {
        Error::Foreign(Foreign::Hdf5)
    } else {
        Error::NoPickle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_foreign_format_is_named() {
        let cases: [(&[u8], Foreign); 18] = [
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
            (b"\x1f\x8b\x08", Foreign::Archive("gzip")),
            (b"Entry not found", Foreign::Text),
            (b"\x93NUMPY\x01\0", Foreign::Numpy),
            (b"\x89HDF\r\n\x1a\n", Foreign::Hdf5),
            (b"\x89PNG\r\n", Foreign::Media),
            (b"\x80\x04\x95\x10\0", Foreign::Pickle),
            (b"\x08\x08\x12\x07pytorch", Foreign::Onnx),
            (b"\0\x01\x02", Foreign::Unknown),
            (b"\x80", Foreign::Unknown),
        ];
        for (head, expected) in cases {
            assert_eq!(recognise(head, 1000), Error::Foreign(expected), "{head:?}");
        }
    }

    #[test]
    fn a_tar_is_named() {
        let mut head = vec![0; 512];
        head[..8].copy_from_slice(b"model.pt");
        head[257..263].copy_from_slice(b"ustar\0");
        assert_eq!(recognise(&head, 10_240), Error::Foreign(Foreign::Archive("tar")));
    }

    #[test]
    fn an_archive_of_other_things_is_named_by_what_is_inside() {
        let named = |names: &[&'static str]| archive(names.iter().copied());
        assert_eq!(named(&["a/b.txt", "a/model.pt"]), Error::Inside("a/model.pt".into()));
        assert_eq!(named(&["arr_0.npy"]), Error::Foreign(Foreign::Numpy));
        assert_eq!(named(&["config.json", "model.weights.h5"]), Error::Foreign(Foreign::Hdf5));
        assert_eq!(named(&["word/document.xml"]), Error::NoPickle);
    }

    #[test]
    fn the_beginning_of_an_archive_is_a_cut_off_checkpoint() {
        assert_eq!(recognise(b"PK\x03\x04\0\0", 6), Error::CutOff { len: 6 });
    }
}
