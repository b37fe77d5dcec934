//! The native command line: generate, score, inspect, pack.

#[cfg(not(target_arch = "wasm32"))]
mod cli {
    use clap::{Args, Parser, Subcommand};
    use cpu1::generate::{Generation, from_bytes, to_bytes};
    use cpu1::kernels;
    use cpu1::model::{Model, Symbol};
    use cpu1::parallel::Team;
    use cpu1::sample::Settings;
    use cpu1::score::Scoring;
    use cpu1::tokenizer::Tokenizer;
    use cpu1::weights::roles::{Copy, NameMap};
    use cpu1::weights::{Loaded, Loader, Options, file_config};
    use serde_json::{Value, json};
    use std::ffi::OsString;
    use std::fmt::Display;
    use std::fs::File;
    use std::io::{self, Read, Seek, SeekFrom, Write};
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::time::Instant;

    /// Runs CPU-1 models, 1.58-bit language models of bytes.
    #[derive(Parser)]
    #[command(version)]
    struct Cli {
        /// Threads that share a pass; any number gives the same bytes.
        #[arg(long, global = true, default_value_t = default_threads())]
        threads: usize,
        /// JSON file that says which tensor plays a role where names do not tell: {"role": "tensor"}.
        #[arg(long, global = true)]
        name_map: Option<PathBuf>,
        /// Which weights of a file that has both: live, or ema for the averaged ones.
        #[arg(long, global = true, default_value = "live")]
        weights: Copy,
        /// tokenizer.json of a model of BPE tokens; else the one beside the model is taken.
        #[arg(long, global = true)]
        tokenizer: Option<PathBuf>,
        #[command(subcommand)]
        command: Command,
    }

    #[derive(Subcommand)]
    enum Command {
        /// Continues a prompt.
        Generate(Generate),
        /// Tells the bits per byte of a file's text.
        Score {
            /// Checkpoint, any flavour.
            model: PathBuf,
            /// Any file.
            file: PathBuf,
            #[arg(long)]
            json: bool,
            /// With --json, the bits of each byte too.
            #[arg(long)]
            per_byte: bool,
        },
        /// Shows what a checkpoint holds and which tensor plays which role.
        Inspect {
            /// Checkpoint, any flavour.
            model: PathBuf,
            #[arg(long)]
            json: bool,
        },
        /// Writes a checkpoint as compact_2bit.
        Pack {
            /// Checkpoint, any flavour.
            model: PathBuf,
            /// The file to write.
            out: PathBuf,
        },
    }

    #[derive(Args)]
    struct Generate {
        /// Checkpoint, any flavour.
        model: PathBuf,
        /// Text to continue, or @FILE to read it from a file.
        #[arg(long, default_value = "")]
        prompt: OsString,
        #[arg(long, default_value_t = Settings::default().max_bytes)]
        max_bytes: usize,
        /// The prompt is token ids, for models of BPE tokens; so is what comes out.
        #[arg(long)]
        tokens: bool,
        /// 0 always takes the likeliest byte.
        #[arg(long, default_value_t = Settings::default().temperature)]
        temperature: f32,
        /// 0 keeps all.
        #[arg(long, default_value_t = Settings::default().top_k)]
        top_k: usize,
        #[arg(long, default_value_t = Settings::default().top_p)]
        top_p: f32,
        #[arg(long, default_value_t = Settings::default().min_p)]
        min_p: f32,
        #[arg(long, default_value_t = Settings::default().repetition_penalty)]
        repetition_penalty: f32,
        /// The same seed gives the same text; random when left out.
        #[arg(long)]
        seed: Option<u64>,
        #[arg(long)]
        json: bool,
    }

    /// An error is a sentence for the person at the terminal.
    type Result<T> = std::result::Result<T, String>;

    /// An error with the file that it is about.
    fn at<E: Display>(path: &Path) -> impl Fn(E) -> String {
        let path = path.display().to_string();
        move |error| format!("{path}: {error}")
    }

    fn default_threads() -> usize {
        std::thread::available_parallelism().map_or(1, |n| n.get().min(4))
    }

    pub fn main() -> Result<()> {
        let cli = Cli::parse();
        let team = Team::new(cli.threads);
        let names = match &cli.name_map {
            Some(path) => name_map(path)?,
            None => NameMap::new(),
        };
        let reading = Options { names, weights: cli.weights };
        match cli.command {
            Command::Generate(options) => generate(options, team, reading, cli.tokenizer),
            Command::Score { model, file, json, per_byte } => {
                let loaded = load(&model, reading)?.model;
                let tokenizer = tokenizer(&loaded, &model, cli.tokenizer)?;
                score(loaded, tokenizer, &file, team, json, per_byte)
            }
            Command::Inspect { model, json } => inspect(load(&model, reading)?, json),
            Command::Pack { model, out } => pack(&model, reading, &out),
        }
    }

    /// Reads a checkpoint, range by range as a browser would.
    fn read(path: &Path, options: Options) -> Result<Loader> {
        let mut file = File::open(path).map_err(at(path))?;
        let len = file.metadata().map_err(at(path))?.len();
        let mut loader = Loader::new(len).map_err(at(path))?.with(options);
        let mut bytes = Vec::new();
        while let Some(range) = loader.wants() {
            bytes.resize((range.end - range.start) as usize, 0);
            file.seek(SeekFrom::Start(range.start))
                .and_then(|_| file.read_exact(&mut bytes))
                .map_err(at(path))?;
            loader.feed(&bytes).map_err(at(path))?;
        }
        Ok(loader)
    }

    fn load(path: &Path, options: Options) -> Result<Loaded> {
        read(path, options)?.finish().map_err(at(path))
    }

    fn name_map(path: &Path) -> Result<NameMap> {
        NameMap::read(&read_file(path)?).map_err(at(path))
    }

    fn read_file(path: &Path) -> Result<Vec<u8>> {
        std::fs::read(path).map_err(at(path))
    }

    fn print(text: &[u8]) -> Result<()> {
        let mut out = io::stdout().lock();
        let written = out.write_all(text).and_then(|()| out.flush());
        written.map_err(|error| format!("The output could not be written: {error}."))
    }

    fn print_json(value: &Value) -> Result<()> {
        print(format!("{value}\n").as_bytes())
    }

    /// The tokenizer of a model that reads tokens: the file given, or that beside the model.
    fn tokenizer(model: &Model, path: &Path, given: Option<PathBuf>) -> Result<Option<Tokenizer>> {
        if !model.config.is_bpe() {
            return Ok(None);
        }
        let beside = path.with_file_name("tokenizer.json");
        let path = match given {
            Some(path) => path,
            None if beside.exists() => beside,
            None => return Ok(None),
        };
        let tokenizer = Tokenizer::read(&read_file(&path)?).and_then(|tokenizer| {
            tokenizer.check(model.config.vocab_size)?;
            Ok(tokenizer)
        });
        tokenizer.map(Some).map_err(at(&path))
    }

    const NO_TOKENIZER: &str = "This model reads BPE tokens and has no tokenizer: put its tokenizer.json beside it, or give one by --tokenizer FILE; with --tokens, prompt and text are token ids.";

    fn generate(
        options: Generate,
        team: Team,
        reading: Options,
        given: Option<PathBuf>,
    ) -> Result<()> {
        let prompt = options.prompt.as_encoded_bytes();
        let prompt = match prompt.strip_prefix(b"@") {
            Some(_) => {
                let path = options.prompt.to_string_lossy();
                read_file(Path::new(&path[1..]))?
            }
            None => prompt.to_vec(),
        };
        let seed = match options.seed {
            Some(seed) => seed,
            None => getrandom::u64().map_err(|e| format!("No random seed could be had: {e}."))?,
        };
        let settings = Settings {
            max_bytes: options.max_bytes,
            temperature: options.temperature,
            top_k: options.top_k,
            top_p: options.top_p,
            min_p: options.min_p,
            repetition_penalty: options.repetition_penalty,
            seed,
        };
        let model = Arc::new(load(&options.model, reading)?.model);
        if options.tokens && !model.config.is_bpe() {
            return Err("This model reads bytes; leave out --tokens.".into());
        }
        let tokenizer = match options.tokens {
            true => None,
            false => tokenizer(&model, &options.model, given)?,
        };
        let prompt = match (&tokenizer, options.tokens) {
            (Some(tokenizer), _) => tokenizer.encode(&prompt).map_err(|e| e.to_string())?,
            (None, true) => parse_tokens(&prompt)?,
            (None, false) if model.config.is_bpe() => return Err(NO_TOKENIZER.into()),
            (None, false) => from_bytes(&prompt),
        };
        let printable = |symbols: &[Symbol]| match (&tokenizer, options.tokens) {
            (Some(tokenizer), _) => tokenizer.decode(symbols),
            (None, true) => symbols.iter().flat_map(|id| format!("{id} ").into_bytes()).collect(),
            (None, false) => to_bytes(symbols),
        };
        let unit = if model.config.is_bpe() { "tokens" } else { "bytes" };
        let mut generation =
            Generation::new(model, team, &prompt, settings).map_err(|e| e.to_string())?;

        let start = Instant::now();
        let mut symbols = Vec::new();
        while !generation.is_done() {
            let shown = symbols.len();
            generation.advance(16, &mut symbols);
            if !options.json {
                print(&printable(&symbols[shown..]))?;
            }
        }
        let progress = generation.progress();
        let seconds = start.elapsed().as_secs_f64();
        if options.json {
            let mut result = match options.tokens {
                true => json!({"tokens": symbols}),
                false => {
                    let bytes = printable(&symbols);
                    json!({"text": String::from_utf8_lossy(&bytes), "bytes": bytes})
                }
            };
            result["patches"] = progress.patches.into();
            result["deleted_patches"] = progress.deleted_patches.into();
            result["ended"] = generation.has_ended().into();
            result["seconds"] = seconds.into();
            result["seed"] = seed.into();
            return print_json(&result);
        }
        print(b"\n")?;
        let rate = symbols.len() as f64 / seconds;
        eprintln!("{} {unit}, {rate:.0} a second, seed {seed}", symbols.len());
        Ok(())
    }

    /// Token ids with anything but digits between them.
    fn parse_tokens(text: &[u8]) -> Result<Vec<Symbol>> {
        let text = String::from_utf8_lossy(text);
        let ids = text.split(|c: char| !c.is_ascii_digit()).filter(|id| !id.is_empty());
        ids.map(|id| id.parse().map_err(|_| format!("{id} is too large for a token id."))).collect()
    }

    fn score(
        model: Model,
        tokenizer: Option<Tokenizer>,
        file: &Path,
        team: Team,
        json: bool,
        per_byte: bool,
    ) -> Result<()> {
        let text = read_file(file)?;
        let model = Arc::new(model);
        let symbols = match &tokenizer {
            Some(tokenizer) => tokenizer.encode(&text).map_err(|e| e.to_string())?,
            None if model.config.is_bpe() => return Err(NO_TOKENIZER.into()),
            None => from_bytes(&text),
        };
        let mut scoring = Scoring::new(model, team, symbols).map_err(|e| e.to_string())?;
        while !scoring.is_done() {
            scoring.advance(256);
        }
        let bytes_of = tokenizer.as_ref().map(|tokenizer| |token| tokenizer.bytes(token).len());
        let score = scoring.result(text.len(), bytes_of);
        let (bits, bytes) = (score.bits_per_byte, text.len());
        if !json {
            return print(format!("{bits:.4} bits per byte over {bytes} bytes\n").as_bytes());
        }
        let mut result = json!({"bits_per_byte": bits, "bytes": bytes});
        if per_byte {
            result["per_byte"] = score.per_byte.into();
        }
        print_json(&result)
    }

    fn inspect(loaded: Loaded, json: bool) -> Result<()> {
        let Loaded { model, report } = loaded;
        let config = &model.config;
        let flavour = report.flavour.to_string();
        if json {
            let roles: Vec<Value> = report
                .decisions
                .iter()
                .map(|d| {
                    json!({
                        "role": d.role,
                        "tensor": d.tensor,
                        "shape": d.shape,
                        "encoding": d.encoding.to_string(),
                        "why": d.why.to_string(),
                        "held": d.held,
                        "zeros": d.zeros,
                    })
                })
                .collect();
            return print_json(&json!({
                "run": config.run,
                "internal_name": config.internal_name,
                "flavour": flavour,
                "step": report.step,
                "parameters": model.parameters,
                "packed_bytes": model.packed_bytes,
                "config": header_json(&model),
                "roles": roles,
                "unused": report.unused,
                "skipped": report.skipped,
                "notes": report.notes,
            }));
        }
        let mut text = format!(
            "{} ({}), {}\n{flavour} file, {} parameters, {} bytes packed, kernel {}\n\n",
            config.run,
            config.internal_name,
            config.summary(),
            model.parameters,
            model.packed_bytes,
            kernels::chosen().name,
        );
        for d in &report.decisions {
            let (shape, encoding) = (format!("{:?}", d.shape), d.encoding.to_string());
            let zeros = 100.0 * d.zeros;
            text += &format!(
                "{:<36} {shape:<14} {encoding:<8} held as {:<8} {zeros:5.1} % zero   {} {}\n",
                d.role, d.held, d.tensor, d.why,
            );
        }
        if !report.unused.is_empty() {
            text += &format!("\nunused: {}\n", report.unused.join(", "));
        }
        if report.skipped > 0 {
            text += &format!("\n{} tensors outside the model skipped\n", report.skipped);
        }
        for note in &report.notes {
            text += &format!("\nnote: {note}\n");
        }
        print(text.as_bytes())
    }

    /// The config under the keys of [spec](cpu1::spec) §3.
    fn header_json(model: &Model) -> Value {
        use cpu1::checkpoint::Value as Pickled;
        let Pickled::Dict(entries) = file_config::value(&model.config) else {
            return Value::Null;
        };
        let plain = |value| match value {
            Pickled::Bool(b) => b.into(),
            Pickled::Int(n) => n.into(),
            Pickled::Float(x) => x.into(),
            Pickled::Str(s) => s.into(),
            _ => Value::Null,
        };
        let entry = |(key, value)| match key {
            Pickled::Str(key) => Some((key, plain(value))),
            _ => None,
        };
        Value::Object(entries.into_iter().filter_map(entry).collect())
    }

    fn pack(path: &Path, options: Options, out: &Path) -> Result<()> {
        let packed = read(path, options)?.packed().map_err(at(path))?.rounded();
        const TOO_LARGE: &str = "a compact file holds at most 4 GiB and 65,535 entries.";
        let mut writer = packed.writer().ok_or(TOO_LARGE).map_err(at(out))?;
        let mut file = File::create(out).map_err(at(out))?;
        while let Some(piece) = packed.piece(&mut writer) {
            file.write_all(&piece).map_err(at(out))?;
        }
        eprintln!("{}: {} bytes", out.display(), writer.file_len());
        Ok(())
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    match cli::main() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// In a browser the page is the front end.
#[cfg(target_arch = "wasm32")]
fn main() {}
