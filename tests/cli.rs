//! The command line: what a prompt may be, and a sentence for each end.
#![cfg(not(target_arch = "wasm32"))]

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// What a prompt is continued with, as the program prints it, or its sentence.
fn continued(prompt: &str, input: &[u8]) -> Result<String, String> {
    let model = fixture("run_02.unpacked.pt");
    let settings = ["--prompt", prompt, "--max-bytes", "8", "--temperature", "0"].map(OsStr::new);
    let mut run = Command::new(env!("CARGO_BIN_EXE_cpu1"))
        .args([OsStr::new("generate"), model.as_os_str()])
        .args(settings)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read closes the pipe.
    let _ = run.stdin.take().unwrap().write_all(input);
    let output = run.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[test]
fn a_prompt_is_a_text_a_file_or_the_standard_input() {
    let file = std::env::temp_dir().join(format!("cpu1-prompt-{}", std::process::id()));
    let path = format!("@{}", file.display());
    for (written, text) in [("-x", "-x"), ("--", "--"), ("@@x", "@x"), ("@@@x", "@@x")] {
        fs::write(&file, text).unwrap();
        let want = continued(&path, b"").unwrap();
        assert_eq!(continued(written, b""), Ok(want.clone()), "{written}");
        assert_eq!(continued("-", text.as_bytes()), Ok(want.clone()), "{written}");
        assert_eq!(continued("@-", text.as_bytes()), Ok(want), "{written}");
    }
    fs::remove_file(&file).unwrap();
    let says = |prompt: &str, sentence: &str| {
        let error = continued(prompt, b"").unwrap_err();
        assert!(error.contains(sentence), "{prompt}: {error}");
    };
    says(&path, "There is no file");
    says("@no such file", "write @@");
    says("-", "The standard input is empty");
    says(&format!("@{}", fixture("").display()), "is a folder");
}
