//! Text laid out by words is what the trainer's Python lays out (`tests/reference/layout.py`).
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::golden::{json, symbols};
use cpu1::config::{FILL, Layout};
use cpu1::layout::End;

#[test]
fn rust_lays_out_what_python_does() {
    let layout = Layout::Words { fill: FILL };
    let cases = json("layout.json");
    let cases = cases.as_array().unwrap();
    assert!(cases.len() > 20);
    for case in cases {
        let lay = |end| layout.lay(&symbols(&case["text"]), end).unwrap();
        assert_eq!(lay(End::Whole), symbols(&case["laid_out"]), "{}", case["seen"]);
        assert_eq!(lay(End::Open), symbols(&case["prompt"]), "{}", case["seen"]);
    }
}
