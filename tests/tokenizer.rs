//! The tokenizer equals Hugging Face's `tokenizers`, whose ids `tests/reference/write_bpe.py` wrote, and
//! takes damaged and foreign files for what they are.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::golden::{fixture, score};
use common::load;
use cpu1::tokenizer::{Error, Tokenizer};
use proptest::prelude::*;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

fn file(name: &str) -> Vec<u8> {
    fixture(&format!("tokenizers/{name}"))
}

fn tokenizer(name: &str) -> Tokenizer {
    Tokenizer::read(&file(&format!("{name}.json"))).unwrap()
}

const KINDS: [&str; 7] = ["gpt2", "prefix", "llama3", "qwen2", "digits", "forms", "small"];

#[test]
fn ids_are_those_of_the_library() {
    for kind in KINDS {
        let tokenizer = tokenizer(kind);
        let goldens: Vec<Value> =
            serde_json::from_slice(&file(&format!("{kind}.ids.json"))).unwrap();
        assert!(goldens.len() >= 3);
        let (opening, closing) = (tokenizer.opening(), tokenizer.closing());
        for golden in goldens {
            let text = golden[0].as_str().unwrap();
            let ids = tokenizer.encode(text.as_bytes()).unwrap();
            // A complete text ends in special tokens, which one that is continued does not have.
            assert_eq!(json!([&ids, closing].concat()), golden[1], "{kind}: {text:?}");
            let without = golden.get(2).unwrap_or(&golden[1]);
            assert_eq!(json!(ids[opening.len()..]), *without, "{kind}: {text:?}");
        }
    }
}

proptest! {
    #[test]
    fn tokens_say_the_text_again(text in ".{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        for kind in ["gpt2", "llama3", "digits"] {
            let tokenizer = tokenizer(kind);
            // Bytes that are no UTF-8 too.
            for text in [text.as_bytes(), &bytes, &[text.as_bytes(), &bytes].concat()] {
                let tokens = tokenizer.encode(text).unwrap();
                prop_assert_eq!(tokenizer.decode(&tokens), text);
            }
        }
    }
}

proptest! {
    #[test]
    fn tokens_say_the_normal_form_of_the_text(
        text in "([a-zé가각ᄀ-다-ᅣᆨ-ᆪかカ\\u{0300}-\\u{0345}\\u{3099}\\u{93c}क-फ़Å豈]|.){0,60}",
    ) {
        let tokenizer = tokenizer("qwen2");
        let tokens = tokenizer.encode(text.as_bytes()).unwrap();
        let normal: String = text.nfc().collect();
        prop_assert_eq!(tokenizer.decode(&tokens), normal.as_bytes());
        // Bytes that are no UTF-8 stay, and part what is normalised.
        let mixed = [text.as_bytes(), b"\xff", text.as_bytes()].concat();
        let tokens = tokenizer.encode(&mixed).unwrap();
        prop_assert_eq!(tokenizer.decode(&tokens), [normal.as_bytes(), b"\xff", normal.as_bytes()].concat());
    }
}

#[test]
fn long_pieces_are_no_burden() {
    // Were merging quadratic, these would take minutes.
    let tokenizer = tokenizer("gpt2");
    for text in
        ["a".repeat(1 << 16), "ab".repeat(1 << 15), " ".repeat(1 << 16), "<|".repeat(1 << 15)]
    {
        let tokens = tokenizer.encode(text.as_bytes()).unwrap();
        assert_eq!(tokenizer.decode(&tokens), text.as_bytes());
    }
}

#[test]
fn what_cannot_be_said_gets_a_sentence() {
    assert_eq!(tokenizer("small").encode(b"a Z").unwrap_err(), Error::NoToken(b'Z'));
    assert!(tokenizer("small").check(96).is_ok());
    assert!(matches!(tokenizer("gpt2").check(96), Err(Error::Vocabulary { .. })));
}

#[test]
fn a_template_with_a_token_of_another_model_is_refused_before_any_prompt() {
    let template = json!({"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [5000], "tokens": ["<s>"]}}});
    let error = changed("/post_processor", template).unwrap().check(420);
    assert!(matches!(error, Err(Error::Vocabulary { highest: 5000, model: 420 })));
}

#[test]
fn added_tokens_beyond_the_model_are_never_set() {
    let padded = || {
        let tokens =
            json!([{"id": 420, "content": "[PAD]", "special": true}, {"id": 9, "content": "[IN]"}]);
        changed("/added_tokens", tokens).unwrap()
    };
    let text = "a [PAD] and [IN]";
    assert!(padded().encode(text.as_bytes()).unwrap().contains(&420));
    let tokenizer = padded().for_model(420).unwrap();
    let tokens = tokenizer.encode(text.as_bytes()).unwrap();
    assert!(tokens.iter().all(|&token| token < 420) && tokens.contains(&9));
    assert_eq!(tokenizer.decode(&tokens), text.as_bytes());
    assert!(matches!(&tokenizer.notes()[..], [note] if note.contains("([PAD])")));
    // What was learnt is needed.
    assert!(matches!(padded().for_model(419), Err(Error::Vocabulary { highest: 419, model: 419 })));
    // A whole piece that is such a token is merged like any other.
    let mut json: Value = serde_json::from_slice(&file("llama3.json")).unwrap();
    json["model"]["vocab"]["zzz"] = 420.into();
    json["added_tokens"] = json!([{"id": 420, "content": "zzz", "single_word": true}]);
    let tokenizer = Tokenizer::read(json.to_string().as_bytes()).unwrap().for_model(420).unwrap();
    assert!(tokenizer.encode(b"zzz").unwrap().iter().all(|&token| token < 420));
}

#[test]
fn a_closing_token_that_is_left_out_is_told() {
    let says = "sets <mask> before a text and <|endoftext|> behind it";
    assert!(matches!(&tokenizer("forms").notes()[..], [note] if note.contains(says)));
    // What is set as the file says needs no word.
    assert!(tokenizer("prefix").notes().is_empty());
}

#[test]
fn white_space_around_added_tokens_is_no_burden() {
    let tokens = json!([{"id": 1, "content": " ", "rstrip": true, "lstrip": true}, {"id": 2, "content": "\t"}]);
    let tokenizer = changed("/added_tokens", tokens).unwrap();
    // Were all of it looked at for every token, this would take minutes.
    assert_eq!(tokenizer.encode(" \t".repeat(1 << 18).as_bytes()).unwrap().len(), 1 << 19);
}

/// The tokenizer of GPT-2's kind with one thing changed.
fn changed(pointer: &str, value: Value) -> Result<Tokenizer, Error> {
    let mut json: Value = serde_json::from_slice(&file("gpt2.json")).unwrap();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    json.pointer_mut(parent).unwrap()[key] = value;
    Tokenizer::read(json.to_string().as_bytes())
}

#[test]
fn bits_of_tokens_are_told_over_the_bytes_of_the_text() {
    let tokenizer = tokenizer("small");
    let model = load(&fixture("run_13.compact.pt"));
    tokenizer.check(model.config.vocab_size).unwrap();
    let text = b"the owner of a value, and its borrower.";
    let tokens = tokenizer.encode(text).unwrap();
    assert!(tokens.len() < text.len());
    let scoring = score(&model, &tokens);
    let score = scoring.result(text.len(), Some(|token| tokenizer.bytes(token).len()));
    let total: f64 = scoring.bits().iter().map(|&bits| f64::from(bits)).sum();
    assert_eq!(score.bytes, text.len());
    assert!((score.bits_per_byte * text.len() as f64 - total).abs() < 1e-3);
    // The first token is given, so its bytes have no bits.
    assert_eq!(score.per_byte.len(), text.len() - tokenizer.bytes(tokens[0]).len());
    let spread: f64 = score.per_byte.iter().map(|&bits| f64::from(bits)).sum();
    assert!((spread - total).abs() < 1e-3);
}

#[test]
fn foreign_tokenizers_are_named() {
    let regex = |regex: &str| {
        json!({"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": false},
            {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false},
        ]})
    };
    for (pointer, value, says) in [
        ("/model/type", json!("Unigram"), "Unigram"),
        ("/model/dropout", json!(0.1), "dropout of 0.1"),
        ("/model/end_of_word_suffix", json!("</w>"), "end_of_word_suffix"),
        ("/model/byte_fallback", json!(true), "byte_fallback"),
        ("/model/fuse_unk", json!(true), "fuse_unk"),
        ("/model/vocab", json!({}), "model.vocab"),
        ("/model/vocab", json!({"a": -1}), "id below"),
        ("/model/vocab", json!({"a": 1e300}), "id below"),
        ("/model/vocab", json!({"a": 4_000_000_000u64}), "id below"),
        ("/model/vocab", json!({"a": 1, "b": 1}), "two tokens the id 1"),
        ("/model/merges", json!(null), "model.merges"),
        ("/model/merges", json!(["a"]), "Merge 0"),
        ("/model/merges", json!([["a", "b", "c"]]), "Merge 0"),
        ("/model/merges", json!([["nothing", "of this"]]), "Merge 0"),
        ("/normalizer", json!({"type": "Lowercase"}), "Lowercase"),
        (
            "/normalizer",
            json!({"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Strip"}]}),
            "Strip",
        ),
        ("/pre_tokenizer", json!(null), "missing"),
        ("/pre_tokenizer", json!({"type": "Metaspace"}), "Metaspace"),
        ("/pre_tokenizer", json!({"type": "Sequence", "pretokenizers": []}), "empty"),
        ("/pre_tokenizer", regex(".*"), "splitting pattern"),
        ("/post_processor", json!({"type": "BertProcessing"}), "BertProcessing"),
        ("/added_tokens", json!([{"id": 1}]), "added_tokens"),
        ("/post_processor", json!({"type": "RobertaProcessing", "cls": ["<s>"]}), "post_processor"),
        ("/added_tokens", json!(vec![json!({"id": 1, "content": "x"}); 5000]), "5000"),
    ] {
        let error = changed(pointer, value).expect_err(says).to_string();
        assert!(error.contains(says) && error.ends_with('.'), "{error}");
        assert!(error.len() < 400, "{error}");
    }
}

#[test]
fn files_cut_at_any_byte_are_refused_in_a_sentence() {
    let file = file("small.json");
    for end in 0..file.len() - 1 {
        let error = Tokenizer::read(&file[..end]).expect_err("a part").to_string();
        assert!(error.ends_with('.'), "{error}");
    }
}
