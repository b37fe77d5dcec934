//! The JavaScript surface. Everything here translates; nothing here computes.
//!
//! Work is done in bursts that JavaScript asks for, so that a worker can hear a stop between them.
//! Every error is a JavaScript `Error` whose message is a sentence.

use crate::checkpoint::Value;
use crate::checkpoint::codes::Codes;
use crate::checkpoint::write::Writer;
use crate::dialect::Dialect;
use crate::generate;
use crate::json::Json;
use crate::kernels;
use crate::model::Symbol;
use crate::model::bolmo::Boundaries;
use crate::parallel::Team;
use crate::probe::{self, Tried};
use crate::sample::Settings;
use crate::score;
use crate::tokenizer::{Form, Tokenizer};
use crate::trace::Trace;
use crate::weights::roles::{self, NameMap};
use crate::weights::{self, Options, Report};
use js_sys::{Array, JSON, JsString, Object, Reflect, Uint8Array};
use std::sync::Arc;
use wasm_bindgen::prelude::*;

#[cfg(target_feature = "atomics")]
pub use wasm_bindgen_rayon::init_thread_pool;

#[wasm_bindgen(start)]
fn start() {
    // What visitors download ends at a panic before any hook is called, see build.sh.
    if cfg!(debug_assertions) {
        console_error_panic_hook::set_once();
    }
}

/// Names of the ternary kernels of this build.
#[wasm_bindgen]
pub fn kernels() -> Vec<String> {
    let all = kernels::KERNELS.iter();
    all.map(|kernel| kernel.name.into()).collect()
}

/// Makes every model use the kernel of this place among [`kernels`].
#[wasm_bindgen(js_name = chooseKernel)]
pub fn choose_kernel(kernel: usize) -> Result<(), JsError> {
    find_kernel(kernel)?;
    kernels::choose(kernel);
    Ok(())
}

/// A matrix and a vector to try kernels on.
#[wasm_bindgen]
pub struct KernelTrial {
    matrix: kernels::TernaryMatrix,
    x: [kernels::QuantizedVector; 1],
    sums: Vec<[i32; kernels::ROWS]>,
}

#[wasm_bindgen]
impl KernelTrial {
    /// Weights and activations of all kinds; the size is up to the caller's memory.
    #[wasm_bindgen(constructor)]
    pub fn new(rows: usize, cols: usize) -> KernelTrial {
        // Codes 0, 1 and 2 without a pattern that repeats within a row: the squares mod 61, mod 3.
        let weights: Vec<i8> = (0..cols).map(|i| (i * i % 61 % 3) as i8 - 1).collect();
        let codes = Codes::pack(&weights);
        let rows = vec![(codes.bytes(), 0); rows];
        let q: Vec<i8> = (0..cols).map(|i| (i * 37 % 255) as u8 as i8).collect();
        KernelTrial {
            matrix: kernels::TernaryMatrix::from_rows(&rows, cols),
            x: [kernels::QuantizedVector::from_integers(&q)],
            sums: vec![[0; kernels::ROWS]; rows.len().div_ceil(kernels::ROWS)],
        }
    }

    /// Multiplies so many times by the kernel of this place among [`kernels`].
    pub fn run(&mut self, kernel: usize, times: usize) -> Result<(), JsError> {
        let kernel = find_kernel(kernel)?;
        let groups = 0..self.sums.len();
        for _ in 0..times {
            kernels::matvec(kernel, &self.matrix, &self.x, groups.clone(), &mut self.sums);
        }
        Ok(())
    }
}

/// Multiplies by the instruction of a kernel alone, in registers, so many times; returns how many pairs.
#[wasm_bindgen(js_name = kernelPeak)]
pub fn kernel_peak(kernel: usize, times: usize) -> Result<usize, JsError> {
    Ok(find_kernel(kernel)?.peak(times))
}

fn find_kernel(kernel: usize) -> Result<&'static kernels::Kernel, JsError> {
    kernels::KERNELS.get(kernel).ok_or_else(|| sentence(format!("There is no kernel {kernel}.")))
}

fn sentence(error: impl std::fmt::Display) -> JsError {
    JsError::new(&error.to_string())
}

/// An object from names and values.
fn object(entries: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (key, value) in entries {
        // Setting a property of a fresh plain object cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(key), value);
    }
    object.into()
}

/// The same as JSON.
fn json(entries: &[(&str, JsValue)]) -> String {
    let text = JSON::stringify(&object(entries)).ok();
    text.and_then(|t| t.as_string()).unwrap_or_default()
}

/// A count as JavaScript has it; exact below 2⁵³.
fn number(n: usize) -> JsValue {
    JsValue::from_f64(n as f64)
}

fn plain(value: &Value) -> JsValue {
    match value {
        Value::Bool(b) => (*b).into(),
        Value::Int(n) => (*n as f64).into(),
        Value::Float(x) => (*x).into(),
        Value::Str(s) => s.as_str().into(),
        Value::Dict(entries) => {
            let object = Object::new();
            for (key, value) in entries {
                let _ = Reflect::set(&object, &plain(key), &plain(value));
            }
            object.into()
        }
        _ => JsValue::NULL,
    }
}

/// Reads a checkpoint, range by range.
#[wasm_bindgen]
pub struct Loader {
    loader: weights::Loader,
}

#[wasm_bindgen]
impl Loader {
    /// A loader for a file of so many bytes, and how it is to be read where it leaves a choice: a JSON object of texts,
    /// all of them optional. `names` is a name map (JSON), `weights` which of the file's, "live" or "ema". `config` is the
    /// model's config instead of the file's, `beside` what lies beside the file as `config.json`, `dialect` readings
    /// (JSON: feature → reading). Where there is a `probed`, the file is read to be [probed](Packed::probe).
    #[wasm_bindgen(constructor)]
    pub fn new(file_bytes: f64, reading: Option<String>) -> Result<Loader, JsError> {
        let loader = weights::Loader::new(file_bytes as u64).map_err(sentence)?;
        let options = reading.map_or(Ok(Options::default()), |text| read_options(&text))?;
        Ok(Loader { loader: loader.with(options) })
    }

    /// `[start, end, ahead]`: the bytes from `start` to `end` are wanted next, and after these, in
    /// order and without a gap, those up to `ahead`; `undefined` when the file is read.
    pub fn wants(&self) -> Option<Vec<f64>> {
        let range = self.loader.wants()?;
        let ahead = self.loader.ahead().unwrap_or(range.end);
        Some([range.start, range.end, ahead].map(|at| at as f64).into())
    }

    /// Takes exactly the bytes from `start` to `end`. An error that a name map settles has the `code` "names" and
    /// `details`, a JSON text: `{guess}`, the map as far as it can be guessed, and where a role is open `{role,
    /// expected, candidates, unused}`, tensors as `[name, shape]`; one of memory has the `code` "memory".
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        self.loader.feed(bytes).map_err(refusal)
    }

    /// Bytes of weights read so far, and in all.
    pub fn progress(&self) -> Vec<f64> {
        let (read, all) = self.loader.progress();
        vec![read as f64, all as f64]
    }

    /// What was read; `wants` has to be `undefined` by now.
    pub fn finish(self) -> Result<Packed, JsError> {
        let packed = self.loader.packed().map_err(sentence)?;
        let writer = packed.writer();
        Ok(Packed { packed, writer })
    }
}

/// The error of a loader; with its `code`, where that is not the usual one, and with what a person
/// needs to know to write a name map.
fn refusal(error: weights::Error) -> JsValue {
    let value = JsValue::from(sentence(&error));
    // Setting a property of a fresh error cannot fail.
    let set = |key: &str, text: &str| _ = Reflect::set(&value, &key.into(), &text.into());
    match &error {
        weights::Error::Memory { .. } => set("code", "memory"),
        weights::Error::Roles(refusal) => {
            let entries = refusal.guess.iter();
            let entries: Vec<(&str, JsValue)> =
                entries.map(|(role, tensor)| (role.as_str(), tensor.as_str().into())).collect();
            let mut details = vec![("guess", object(&entries))];
            if let roles::Error::Unsettled { role, expected, candidates, unused } = &refusal.error {
                details.extend([
                    ("role", role.as_str().into()),
                    ("expected", sizes(expected).into()),
                    ("candidates", listed(candidates).into()),
                    ("unused", listed(unused).into()),
                ]);
            }
            set("code", "names");
            set("details", &json(&details));
        }
        _ => {}
    }
    value
}

fn sizes(shape: &[usize]) -> Array {
    shape.iter().map(|&size| number(size)).collect()
}

fn listed(tensors: &[roles::Listed]) -> Array {
    let pair = |(name, shape): &roles::Listed| Array::of2(&name.as_str().into(), &sizes(shape));
    tensors.iter().map(pair).collect()
}

/// A model that is read and packed, and can be written to a cache before it is put together.
#[wasm_bindgen]
pub struct Packed {
    packed: weights::Packed,
    writer: Option<Writer>,
}

#[wasm_bindgen]
impl Packed {
    /// JSON: what kind of file it was, and what was made of its tensors.
    pub fn report(&self) -> String {
        let Report { flavour, step, decisions, unused, skipped, notes, copies, .. } =
            &self.packed.report;
        let decisions: Array = decisions
            .iter()
            .map(|decision| {
                object(&[
                    ("role", decision.role.as_str().into()),
                    ("tensor", decision.tensor.as_str().into()),
                    ("shape", sizes(&decision.shape).into()),
                    ("encoding", decision.encoding.to_string().into()),
                    ("why", decision.why.to_string().into()),
                    ("held", decision.held.into()),
                ])
            })
            .collect();
        let [unused, notes] = [unused, notes]
            .map(|texts| texts.iter().map(|text| JsValue::from_str(text)).collect::<Array>());
        let copies: Array = copies.iter().map(|copy| JsValue::from(copy.to_string())).collect();
        json(&[
            ("copies", copies.into()),
            ("flavour", flavour.to_string().into()),
            ("step", step.map_or(JsValue::NULL, |step| JsValue::from_f64(step as f64))),
            ("run", self.packed.config.run.as_str().into()),
            ("unused", unused.into()),
            ("skipped", number(*skipped)),
            ("notes", notes.into()),
            ("decisions", decisions.into()),
        ])
    }

    /// Bytes of the file that [`piece`](Self::piece) writes; 0 where it cannot be one.
    #[wasm_bindgen(getter)]
    pub fn bytes(&self) -> f64 {
        self.writer.as_ref().map_or(0, Writer::file_len) as f64
    }

    /// The next piece of the model as a compact file, which loads to the same model bit for bit;
    /// `undefined` after the last.
    pub fn piece(&mut self) -> Option<Vec<u8>> {
        self.packed.piece(self.writer.as_mut()?)
    }

    /// Searches how the model has to be read, by a text of the kind that it knows or some plain English.
    pub fn probe(self, threads: usize, text: Option<Vec<u8>>) -> Result<Probe, JsError> {
        const TOKENS: &str = "Other readings of a model of BPE tokens are tried by the command line: cpu1 probe FILE.";
        if self.packed.config.is_bpe() {
            return Err(sentence(TOKENS));
        }
        let text = text.unwrap_or_else(|| probe::TEXT.into());
        let symbols = generate::from_bytes(&text);
        let probe = probe::Probe::new(self.packed, Team::new(threads), &symbols, text.len());
        Ok(Probe { probe: probe.map_err(sentence)? })
    }

    /// The model, run by a team of so many threads; more than one needs the thread pool.
    pub fn model(self, threads: usize) -> Result<Model, JsError> {
        let loaded = self.packed.model().map_err(sentence)?;
        Ok(Model { model: Arc::new(loaded.model), team: Team::new(threads), tokenizer: None })
    }
}

/// A search for the dialect of a model.
#[wasm_bindgen]
pub struct Probe {
    probe: probe::Probe,
}

#[wasm_bindgen]
impl Probe {
    /// Works through at most so many patches; true when all is done.
    pub fn advance(&mut self, patches: usize) -> bool {
        self.probe.advance(patches);
        self.probe.is_done()
    }

    /// Roughly what share of the work is done, from 0 to 1.
    pub fn progress(&self) -> f64 {
        self.probe.progress()
    }

    /// JSON: what was found so far. `dialect` is a text for [`Loader::new`]; `second` came closest to it.
    pub fn result(&self) -> String {
        let found = self.probe.result();
        let tried = |tried: &Tried| {
            object(&[
                ("changed", tried.changed().into()),
                ("bits_per_byte", tried.bits_per_byte.into()),
                ("difference", tried.difference.into()),
                ("noise", tried.noise.into()),
                ("kept", tried.kept.into()),
            ])
        };
        json(&[
            ("dialect", found.dialect.json().into()),
            ("bits_per_byte", found.bits_per_byte.into()),
            ("bits_per_byte_as_ours", found.bits_per_byte_as_ours.into()),
            ("sentence", found.sentence().into()),
            ("second", found.second().map_or(JsValue::NULL, tried)),
            ("tried", found.tried.iter().map(tried).collect::<Array>().into()),
        ])
    }
}

/// What [`Loader::new`] is told of how to read a file.
fn read_options(text: &str) -> Result<Options, JsError> {
    let refusal = |_| sentence("How to read the file is not said in JSON.");
    let reading = Json::read(text.as_bytes()).map_err(refusal)?;
    let said = |key| reading.get(key).text().map(str::to_owned);
    Ok(Options {
        names: said("names")
            .map_or(Ok(NameMap::new()), |text| NameMap::read(text.as_bytes()))
            .map_err(sentence)?,
        weights: said("weights")
            .map_or(Ok(roles::Copy::Live), |text| text.parse())
            .map_err(sentence)?,
        config: said("config"),
        config_beside: said("beside"),
        dialect: said("dialect")
            .map(|text| Dialect::read(text.as_bytes()).map_err(sentence))
            .transpose()?,
        latent: said("probed").is_some(),
        ..Options::default()
    })
}

/// A model, ready to run.
#[wasm_bindgen]
pub struct Model {
    model: Arc<crate::model::Model>,
    team: Team,
    /// Of models that read tokens, once it is given.
    tokenizer: Option<Arc<Tokenizer>>,
}

#[wasm_bindgen]
impl Model {
    /// JSON: what the model is, and what it runs on.
    pub fn info(&self) -> String {
        let config = &self.model.config;
        json(&[
            ("run", config.run.as_str().into()),
            ("internal_name", config.internal_name.as_str().into()),
            ("summary", config.summary().into()),
            ("parameters", number(self.model.parameters)),
            ("ternary", config.ternary.into()),
            ("deletes_patches", config.delete_gate.into()),
            ("reads", if config.is_bpe() { "tokens" } else { "bytes" }.into()),
            ("tokenizer", self.tokenizer.is_some().into()),
            ("packed_bytes", number(self.model.packed_bytes)),
            ("kernel", kernels::chosen().name.into()),
            ("threads", number(self.team.members())),
            ("max_prompt_bytes", number(generate::MAX_PROMPT)),
            ("config", plain(&weights::file_config::value(config))),
        ])
    }

    /// Starts to continue a prompt of any bytes, by settings as JSON.
    pub fn generate(&self, prompt: &[u8], settings: &str) -> Result<Generation, JsError> {
        self.generate_tokens(&self.symbols(prompt)?, settings)
    }

    /// Starts to continue token ids, by settings as JSON; for models that read tokens.
    #[wasm_bindgen(js_name = generateTokens)]
    pub fn generate_tokens(&self, prompt: &[u32], settings: &str) -> Result<Generation, JsError> {
        let settings = read_settings(settings)?;
        let model = Arc::clone(&self.model);
        let generation =
            generate::Generation::new(model, self.team, prompt, settings).map_err(sentence)?;
        Ok(Generation {
            generation,
            tokenizer: self.tokenizer.clone(),
            tokens: Vec::new(),
            bytes: 0,
        })
    }

    /// Gives a model that reads tokens its `tokenizer.json`; returns what a person should know of
    /// it, each a sentence.
    #[wasm_bindgen(js_name = setTokenizer)]
    pub fn set_tokenizer(&mut self, json: &[u8]) -> Result<Vec<String>, JsError> {
        let normalize = |text: &str, form: Form| JsString::from(text).normalize(form.name()).into();
        let tokenizer = Tokenizer::read_with(json, normalize);
        let size = self.model.config.vocab_size;
        let tokenizer = tokenizer.and_then(|tokenizer| tokenizer.for_model(size));
        let tokenizer = tokenizer.map_err(sentence)?;
        let notes = tokenizer.notes();
        self.tokenizer = Some(Arc::new(tokenizer));
        Ok(notes)
    }

    /// Starts to score a text of any bytes.
    pub fn score(&self, text: &[u8]) -> Result<Scoring, JsError> {
        let symbols = self.symbols(text)?;
        let model = Arc::clone(&self.model);
        let scoring = score::Scoring::new(model, self.team, symbols).map_err(sentence)?;
        Ok(Scoring { scoring, bytes: text.len(), tokenizer: self.tokenizer.clone() })
    }

    /// What a symbol says; nothing where it is a token without a tokenizer.
    #[wasm_bindgen(js_name = bytesOf)]
    pub fn bytes_of(&self, symbol: Symbol) -> Vec<u8> {
        match (self.model.config.is_bpe(), &self.tokenizer) {
            (false, _) => vec![symbol as u8],
            (true, Some(tokenizer)) => tokenizer.bytes(symbol).to_vec(),
            (true, None) => Vec::new(),
        }
    }

    /// A text as the model reads it.
    fn symbols(&self, text: &[u8]) -> Result<Vec<Symbol>, JsError> {
        match (self.model.config.is_bpe(), &self.tokenizer) {
            (false, _) => Ok(generate::from_bytes(text)),
            (true, Some(tokenizer)) => tokenizer.encode(text).map_err(sentence),
            (true, None) => Err(sentence(
                "This model reads BPE tokens and has no tokenizer, so it cannot read text: give its tokenizer.json.",
            )),
        }
    }
}

/// Settings from JSON; what is left out keeps its default, and the seed is then random.
fn read_settings(text: &str) -> Result<Settings, JsError> {
    let object = JSON::parse(text).map_err(|_| sentence("The settings are not JSON."))?;
    let get = |key: &str| {
        let value = Reflect::get(&object, &key.into()).unwrap_or(JsValue::UNDEFINED);
        Some(value).filter(|value| !value.is_undefined() && !value.is_null())
    };
    // NaN stands for anything that is no number: it is refused with the value's own sentence.
    let float = |key: &str, default: f32| match get(key) {
        Some(value) => value.as_f64().unwrap_or(f64::NAN) as f32,
        None => default,
    };
    let whole = |key: &str, name: &str, default: usize| match get(key) {
        Some(value) => match value.as_f64() {
            Some(n) if n >= 0.0 && n.fract() == 0.0 && n <= f64::from(u32::MAX) => Ok(n as usize),
            _ => Err(sentence(format!("The {name} must be a whole number, 0 or more."))),
        },
        None => Ok(default),
    };
    let seed = match get("seed") {
        Some(value) => seed(&value).ok_or_else(|| {
            sentence("The seed must be a whole number from 0 to 18,446,744,073,709,551,615.")
        })?,
        None => getrandom::u64().map_err(sentence)?,
    };
    let default = Settings::default();
    Ok(Settings {
        max_bytes: whole("max_bytes", "length", default.max_bytes)?,
        temperature: float("temperature", default.temperature),
        top_k: whole("top_k", "top-k", default.top_k)?,
        top_p: float("top_p", default.top_p),
        min_p: float("min_p", default.min_p),
        repetition_penalty: float("repetition_penalty", default.repetition_penalty),
        seed,
    })
}

/// A seed given as a safe integer or, for all 64 bits, as decimal digits.
fn seed(value: &JsValue) -> Option<u64> {
    const SAFE: f64 = 9_007_199_254_740_991.0;
    match value.as_f64() {
        Some(n) => (n >= 0.0 && n.fract() == 0.0 && n <= SAFE).then_some(n as u64),
        None => value.as_string()?.parse().ok(),
    }
}

/// A trace as numbers, which `readTrace` in `worker/program.js` reads: how many symbols there are, and for each itself,
/// its bits, and the likeliest with their probabilities, as many as there are; then the patches, for each the
/// byte (or token) of the text where it starts, how many it holds, its fills as bits, the gate's probability
/// (NaN without one), whether it was deleted, four boundaries and four shares of attention (NaN without
/// Bolmo), and the forget gates, as many as there are.
fn flat(trace: &Trace) -> Vec<f64> {
    let mut numbers = vec![trace.foresights.len() as f64];
    let floats = |numbers: &mut Vec<f64>, floats: &[f32]| {
        numbers.extend(floats.iter().map(|&x| f64::from(x)));
    };
    for foresight in &trace.foresights {
        let alternatives = foresight.alternatives.len();
        numbers.extend([
            f64::from(foresight.symbol),
            f64::from(foresight.bits),
            alternatives as f64,
        ]);
        for &(symbol, probability) in &foresight.alternatives {
            numbers.extend([f64::from(symbol), f64::from(probability)]);
        }
    }
    for (passage, place) in trace.passages.iter().zip(&trace.places) {
        let deletion = passage.deletion.unwrap_or(f32::NAN);
        numbers.extend([
            place.start as f64,
            place.length as f64,
            f64::from(place.fills),
            f64::from(deletion),
            f64::from(u8::from(passage.deleted)),
        ]);
        let none = Boundaries { boundary: [f32::NAN; 4], attention: [f32::NAN; 4] };
        let boundaries = passage.boundaries.unwrap_or(none);
        floats(&mut numbers, &boundaries.boundary);
        floats(&mut numbers, &boundaries.attention);
        numbers.push(passage.forget.len() as f64);
        floats(&mut numbers, &passage.forget);
    }
    numbers
}

/// A text being generated.
#[wasm_bindgen]
pub struct Generation {
    generation: generate::Generation,
    tokenizer: Option<Arc<Tokenizer>>,
    /// What the last burst brought.
    tokens: Vec<Symbol>,
    /// Bytes of all bursts.
    bytes: usize,
}

#[wasm_bindgen]
impl Generation {
    /// Works through at most so many patches and returns the new bytes; none while it reads the prompt.
    pub fn advance(&mut self, patches: usize) -> Uint8Array {
        self.tokens.clear();
        self.generation.advance(patches, &mut self.tokens);
        let bytes = match (self.generation.passes.config().is_bpe(), &self.tokenizer) {
            (false, _) => generate::to_bytes(&self.tokens),
            (true, Some(tokenizer)) => tokenizer.decode(&self.tokens),
            (true, None) => Vec::new(),
        };
        self.bytes += bytes.len();
        Uint8Array::from(bytes.as_slice())
    }

    /// Gives the bursts to come so many threads, of those the model has; no byte changes by that.
    #[wasm_bindgen(setter)]
    pub fn set_threads(&mut self, threads: usize) {
        self.generation.passes.set_threads(threads);
    }

    /// The tokens of the last [`advance`](Self::advance); `undefined` for models that read bytes.
    pub fn tokens(&self) -> Option<Vec<u32>> {
        let reads_tokens = self.generation.passes.config().is_bpe();
        reads_tokens.then(|| self.tokens.clone())
    }

    /// Where patches end in the bytes of the last [`advance`](Self::advance): after so many of them. A
    /// token is a patch of its own.
    pub fn ends(&self) -> Vec<u32> {
        let bytes_before = |end: usize| match &self.tokenizer {
            Some(tokenizer) => {
                self.tokens[..end].iter().map(|&token| tokenizer.bytes(token).len()).sum()
            }
            None => end,
        };
        self.generation.ends().iter().map(|&end| bytes_before(end) as u32).collect()
    }

    /// Records a trace from now on.
    pub fn watch(&mut self) {
        self.generation.passes.watch();
    }

    /// What the last [`advance`](Self::advance) recorded, see [`flat`]; `undefined` unless the text
    /// is [watched](Self::watch).
    pub fn trace(&mut self) -> Option<Vec<f64>> {
        let trace = self.generation.passes.take_trace()?;
        Some(flat(&trace))
    }

    /// Whether every byte asked for is there.
    #[wasm_bindgen(getter)]
    pub fn done(&self) -> bool {
        self.generation.is_done()
    }

    /// JSON: how far it is.
    pub fn stats(&self) -> String {
        let progress = self.generation.progress();
        json(&[
            ("prompt_patches", number(progress.prompt_patches)),
            ("read_patches", number(progress.read_patches)),
            ("patches", number(progress.patches)),
            ("deleted_patches", number(progress.deleted_patches)),
            ("bytes", number(self.bytes)),
            ("ended", self.generation.has_ended().into()),
        ])
    }
}

/// A text being scored.
#[wasm_bindgen]
pub struct Scoring {
    scoring: score::Scoring,
    /// Length of the text.
    bytes: usize,
    tokenizer: Option<Arc<Tokenizer>>,
}

#[wasm_bindgen]
impl Scoring {
    /// Works through at most so many patches.
    pub fn advance(&mut self, patches: usize) {
        self.scoring.advance(patches);
    }

    /// Gives the bursts to come so many threads, of those the model has; no bit changes by that.
    #[wasm_bindgen(setter)]
    pub fn set_threads(&mut self, threads: usize) {
        self.scoring.passes.set_threads(threads);
    }

    /// Records a trace from now on.
    pub fn watch(&mut self) {
        self.scoring.passes.watch();
    }

    /// What the last [`advance`](Self::advance) recorded, see [`flat`]; `undefined` unless the text
    /// is [watched](Self::watch).
    pub fn trace(&mut self) -> Option<Vec<f64>> {
        let trace = self.scoring.passes.take_trace()?;
        Some(flat(&trace))
    }

    /// Whether every byte is scored.
    #[wasm_bindgen(getter)]
    pub fn done(&self) -> bool {
        self.scoring.is_done()
    }

    /// Share of the text that is scored, from 0 to 1.
    #[wasm_bindgen(getter)]
    pub fn fraction(&self) -> f64 {
        self.scoring.fraction()
    }

    /// JSON: bits per byte, and the bits of each byte after the first patch.
    pub fn result(&self) -> String {
        let tokenizer = self.tokenizer.as_ref();
        let bytes_of = tokenizer.map(|tokenizer| |token| tokenizer.bytes(token).len());
        let score = self.scoring.result(self.bytes, bytes_of);
        let bits = score.per_byte.iter();
        let per_byte: Array = bits.map(|&bits| JsValue::from_f64(f64::from(bits))).collect();
        json(&[
            ("bits_per_byte", score.bits_per_byte.into()),
            ("bytes", number(score.bytes)),
            ("per_byte", per_byte.into()),
        ])
    }
}
