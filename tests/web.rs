//! The crate in a real browser, and the offline demo: `wasm-pack test --headless --chrome` loads the
//! embedded model, prints what it writes, and holds it against what native code and PyTorch write.
#![cfg(target_arch = "wasm32")]

mod common;

use cpu1::checkpoint::codes::Codes;
use cpu1::generate::from_bytes;
use cpu1::kernels::{self, KERNELS, QuantizedVector, ROWS, TernaryMatrix, matvec};
use cpu1::parallel::Team;
use cpu1::sample::Settings;
use cpu1::web;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::*;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

const EMBEDDED: &[u8] = include_bytes!("../www/models/cpu1-rust-docs.pt");
const RUN_14: &[u8] = include_bytes!("fixtures/run_14.compact.pt");
const DIGESTS: &str = include_str!("fixtures/digests.json");

macro_rules! models {
    ($($name:literal,)*) => { &[$(($name, include_bytes!(concat!("../", $name)))),*] };
}
/// The models of [`DIGESTS`].
const MODELS: &[(&str, &[u8])] = models![
    "www/models/cpu1-rust-docs.pt",
    "tests/fixtures/run_01.compact.pt",
    "tests/fixtures/run_02a_byte_only_heads.compact.pt",
    "tests/fixtures/run_02.compact.pt",
    "tests/fixtures/run_03.compact.pt",
    "tests/fixtures/run_05.compact.pt",
    "tests/fixtures/run_05b_kernel_strict.compact.pt",
    "tests/fixtures/run_06.compact.pt",
    "tests/fixtures/run_07.compact.pt",
    "tests/fixtures/run_08.compact.pt",
    "tests/fixtures/run_09.compact.pt",
    "tests/fixtures/run_10.compact.pt",
    "tests/fixtures/run_13.compact.pt",
    "tests/fixtures/run_14.compact.pt",
];

#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    /// A line in the terminal, at once and whether or not the test passes.
    #[wasm_bindgen(js_name = "__wbg_test_output_writeln")]
    fn print(line: &str);
}

/// Whether a global is there, and true.
fn has(name: &str) -> bool {
    let value = js_sys::Reflect::get(&js_sys::global(), &name.into());
    value.is_ok_and(|value| value.is_truthy())
}

fn is_isolated() -> bool {
    has("crossOriginIsolated")
}

/// A team of two where workers can share memory, else of one. The pool is started once for all tests.
async fn team() -> Team {
    use std::sync::atomic::{AtomicBool, Ordering};
    static STARTED: AtomicBool = AtomicBool::new(false);
    if !is_isolated() || !has("SharedArrayBuffer") {
        return Team::new(1);
    }
    if !STARTED.swap(true, Ordering::Relaxed) {
        let pool = wasm_bindgen_futures::JsFuture::from(web::init_thread_pool(2));
        pool.await.expect("a thread pool where memory is shared");
    }
    Team::new(2)
}

/// Loads a model as JavaScript would.
fn web_model(file: &[u8], threads: usize) -> web::Model {
    let mut loader = web::Loader::new(file.len() as f64, None).ok().unwrap();
    while let Some(range) = loader.wants() {
        let bytes = &file[range[0] as usize..range[1] as usize];
        loader.feed(bytes).ok().unwrap();
    }
    loader.finish().ok().unwrap().model(threads).ok().unwrap()
}

#[wasm_bindgen_test]
async fn demo_the_embedded_model_writes() {
    let team = team().await;
    let model = web_model(EMBEDDED, team.members());
    let settings = r#"{"max_bytes": 400, "temperature": 0.7, "seed": "7"}"#;
    let prompt = "Ownership is ";
    let mut generation = model.generate(prompt.as_bytes(), settings).ok().unwrap();
    let start = js_sys::Date::now();
    let mut bytes = Vec::new();
    while !generation.done() {
        bytes.extend(generation.advance(16).to_vec());
    }
    let seconds = (js_sys::Date::now() - start) / 1000.0;
    print(&format!(
        "\n{prompt}{}\n\n{} bytes in {seconds:.2} s: {:.0} bytes a second, kernel {}, {} thread(s), page {}isolated\n",
        String::from_utf8_lossy(&bytes),
        bytes.len(),
        bytes.len() as f64 / seconds,
        cpu1::kernels::chosen().name,
        team.members(),
        if is_isolated() { "" } else { "not " },
    ));
    assert_eq!(bytes.len(), 400);
}

/// By every kernel of this build, alone and by a team: what `digests.rs` says of native code.
#[wasm_bindgen_test]
async fn twenty_texts_are_those_of_every_other_machine() {
    use js_sys::{Array, JSON, Reflect};
    let team = team().await;
    let at = |object: &JsValue, key: &str| Reflect::get(object, &key.into()).unwrap();
    let text = |object: &JsValue, key: &str| at(object, key).as_string().expect(key);
    for entry in Array::from(&JSON::parse(DIGESTS).unwrap()).iter() {
        let options = at(&entry, "options");
        let number = |key, usual: f32| at(&options, key).as_f64().map_or(usual, |x| x as f32);
        let usual = Settings::default();
        let settings = Settings {
            max_bytes: number("maxBytes", 0.0) as usize,
            temperature: number("temperature", usual.temperature),
            top_k: number("topK", 0.0) as usize,
            top_p: number("topP", usual.top_p),
            min_p: number("minP", usual.min_p),
            repetition_penalty: number("repetitionPenalty", usual.repetition_penalty),
            seed: at(&options, "seed").as_string().map_or(0, |seed| seed.parse().unwrap()),
        };
        let prompt: Vec<u32> = match at(&entry, "prompt").as_string() {
            Some(text) => from_bytes(text.as_bytes()),
            None => {
                let symbols = Array::from(&at(&entry, "prompt"));
                let numbers = symbols.iter().map(|symbol| symbol.as_f64().unwrap() as u32);
                numbers.collect()
            }
        };
        let name = text(&entry, "model");
        let file = MODELS.iter().find(|(model, _)| *model == name);
        let model = common::load(file.expect(&name).1);
        for (place, kernel) in KERNELS.iter().enumerate() {
            kernels::choose(place);
            for team in [Team::new(1), team] {
                let written = common::continuation(&model, team, &prompt, settings.clone());
                let found =
                    format!("{:016x}", common::digest(&[common::bytes_of(&model, &written)]));
                let threads = team.members();
                let what = format!("{name}, {settings:?}, {}, {threads} threads", kernel.name);
                assert_eq!(found, text(&entry, "digest"), "{what}");
            }
        }
    }
    kernels::choose(0);
}

fn pack(weights: &[i8], cols: usize) -> TernaryMatrix {
    let codes = Codes::pack(weights);
    let rows = (0..weights.len() / cols).map(|row| (codes.bytes(), row * cols));
    TernaryMatrix::from_rows(&rows.collect::<Vec<_>>(), cols)
}

#[wasm_bindgen_test]
fn simd_quantises_as_the_definition_does() {
    for len in 0..70 {
        let x: Vec<f32> = (0..len)
            .map(|i| match i % 13 {
                5 => f32::NAN,
                _ => (i * 7 % 41) as f32 * 0.5 - 10.0,
            })
            .collect();
        let mut quantized = QuantizedVector::default();
        quantized.set(&x);
        let round = |x: &f32| (x * quantized.scale()).round_ties_even() as i8;
        let mut want: Vec<i8> = x.iter().map(round).collect();
        want.resize(usize::div_ceil(len, 4) * 4, 0);
        assert_eq!(quantized.quads().as_flattened(), want);
    }
}

#[wasm_bindgen_test]
fn simd_sums_equal_the_definition() {
    // Xorshift, so that a failure can be repeated.
    let mut state = 0x9e37_79b9u32;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let sizes = [1, 7, 8, 32, 63, 64, 65, 128, 320, 512, 853, 1376];
    for (i, cols) in sizes.into_iter().cycle().take(200).enumerate() {
        let rows = 1 + i % 35;
        let weights: Vec<i8> = (0..rows * cols).map(|_| (random() % 3) as i8 - 1).collect();
        let matrix = pack(&weights, cols);
        // Several vectors at once, some of which share the unpacking.
        let vectors: Vec<Vec<i8>> =
            (0..1 + i % 23).map(|_| (0..cols).map(|_| random() as i8).collect()).collect();
        let x: Vec<QuantizedVector> =
            vectors.iter().map(|q| QuantizedVector::from_integers(q)).collect();
        let groups = rows.div_ceil(ROWS);
        for kernel in KERNELS {
            let mut sums = vec![[0; ROWS]; groups * x.len()];
            matvec(kernel, &matrix, &x, 0..groups, &mut sums);
            for (q, sums) in vectors.iter().zip(sums.chunks(groups)) {
                for (row, weights) in weights.chunks(cols).enumerate() {
                    let product = |(&w, &q): (&i8, &i8)| i32::from(w) * i32::from(q);
                    let want: i32 = weights.iter().zip(q).map(product).sum();
                    let got = sums.as_flattened()[row];
                    assert_eq!(got, want, "{}: row {row} of {rows} x {cols}", kernel.name);
                }
            }
        }
    }
    // The extremes, where a kernel's narrower sums come nearest to their limits. Of five vectors: kernels take many
    // together, and the rest one by one.
    for (weight, q) in [(1, -128), (-1, -128), (1, 127), (-1, 127)] {
        for cols in [64, 65, 1376, 5000] {
            let matrix = pack(&vec![weight; ROWS * cols], cols);
            let x = [0; 5].map(|_| QuantizedVector::from_integers(&vec![q; cols]));
            for kernel in KERNELS {
                let mut sums = [[0; ROWS]; 5];
                matvec(kernel, &matrix, &x, 0..1, &mut sums);
                let want = i32::from(weight) * i32::from(q) * cols as i32;
                assert_eq!(sums, [[want; ROWS]; 5], "{}: {cols} columns", kernel.name);
            }
        }
    }
}

#[wasm_bindgen_test]
fn bad_input_is_a_sentence_and_no_trap() {
    let message = |error: JsValue| {
        let error = js_sys::Error::from(error);
        String::from(error.message())
    };
    let mut loader = web::Loader::new(1000.0, None).ok().unwrap();
    let range = loader.wants().unwrap();
    let page = b"<!DOCTYPE html>".iter().copied().cycle();
    let junk: Vec<u8> = page.take((range[1] - range[0]) as usize).collect();
    let error = loader.feed(&junk).expect_err("a refusal");
    assert!(message(error).ends_with('.'));

    let map = web::Loader::new(1000.0, Some(r#"{"names": "[1"}"#.into()));
    assert!(message(map.err().expect("a refusal").into()).contains("name map"));

    let model = web_model(RUN_14, 1);
    for (settings, says) in [
        (r#"{"temperature": -1}"#, "temperature"),
        (r#"{"temperature": "hot"}"#, "temperature"),
        (r#"{"top_p": 0}"#, "top-p"),
        (r#"{"max_bytes": 1e300}"#, "length"),
        (r#"{"top_k": 1.5}"#, "top-k"),
        (r#"{"seed": -1}"#, "seed"),
        (r#"{"seed": "99999999999999999999"}"#, "seed"),
        ("{", "JSON"),
    ] {
        let error = model.generate(b"x", settings).err().expect(settings);
        let text = message(error.into());
        assert!(text.contains(says), "{settings}: {text}");
    }
    let error = model.generate(&vec![b'x'; 1 << 20], "{}").err().unwrap();
    assert!(message(error.into()).contains("1048576 bytes"));
    let error = model.score(b"abcd").err().unwrap();
    assert!(message(error.into()).contains("at least 5"));
}

#[wasm_bindgen_test]
fn without_a_seed_texts_differ() {
    let model = web_model(RUN_14, 1);
    let text = || {
        let settings = r#"{"max_bytes": 64, "temperature": 1}"#;
        let mut generation = model.generate(b"", settings).ok().unwrap();
        generation.advance(100).to_vec()
    };
    assert_ne!(text(), text());
}
