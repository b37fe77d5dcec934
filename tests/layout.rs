//! Text laid out by words is what the trainer's Python lays out (`tests/reference/layout.py`).
#![cfg(not(target_arch = "wasm32"))]

use cpu1::config::{FILL, Layout};
use cpu1::layout::End;
use cpu1::model::Symbol;
use serde_json::Value;

#[test]
fn rust_lays_out_what_python_does() {
    let layout = Layout::Words { fill: FILL };
    let cases: Vec<Value> = serde_json::from_str(include_str!("fixtures/layout.json")).unwrap();
    assert!(cases.len() > 20);
    for case in &cases {
        let symbols = |key: &str| -> Vec<Symbol> {
            let bytes = case[key].as_array().unwrap();
            bytes.iter().map(|b| b.as_u64().unwrap() as Symbol).collect()
        };
        let lay = |end| layout.lay(&symbols("text"), end).unwrap();
        assert_eq!(lay(End::Whole), symbols("laid_out"), "{}", case["seen"]);
        assert_eq!(lay(End::Open), symbols("prompt"), "{}", case["seen"]);
    }
}
