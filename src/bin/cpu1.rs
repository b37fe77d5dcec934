//! The native command line: generate, score, inspect, probe, convert.

#[cfg(not(target_arch = "wasm32"))]
mod cli {
    use clap::{Args, Parser, Subcommand, ValueEnum};
    use cpu1::checkpoint::write::safetensors;
    use cpu1::config::Config;
    use cpu1::dialect::Dialect;
    use cpu1::generate::{Generation, from_bytes, to_bytes};
    use cpu1::kernels;
    use cpu1::model::{Model, Symbol};
    use cpu1::parallel::Team;
    use cpu1::probe::{self, Probe, Tried};
    use cpu1::sample::Settings;
    use cpu1::score::Scoring;
    use cpu1::tokenizer::Tokenizer;
    use cpu1::weights::convert::Kind;
    use cpu1::weights::roles::{Copy, NameMap};
    use cpu1::weights::{Loaded, Loader, Options, Packed, file_config};
    use serde_json::{Value, json};
    use std::ffi::{OsStr, OsString};
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
        /// JSON file that says how the model is read where nobody wrote it down, as `probe` tells: {"rope": "halves"}.
        #[arg(long, global = true)]
        dialect: Option<PathBuf>,
        /// JSON file of the model's settings, instead of those in its file; for a safetensors file without any, the
        /// config.json beside it is taken.
        #[arg(long, global = true)]
        config: Option<PathBuf>,
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
        /// Finds out how a model has to be read, by which reading it foresees a text best.
        Probe {
            /// Checkpoint, any flavour.
            model: PathBuf,
            /// A text of the kind that the model knows; else some plain English.
            #[arg(long)]
            text: Option<PathBuf>,
            #[arg(long)]
            json: bool,
        },
        /// Writes a checkpoint as a file of another kind.
        Convert {
            /// Checkpoint, any flavour.
            model: PathBuf,
            /// The file to write.
            out: PathBuf,
            /// Its kind; by its name when left out: safetensors for NAME.safetensors, else compact.
            #[arg(long)]
            to: Option<To>,
        },
        /// The same as convert --to compact.
        Pack {
            /// Checkpoint, any flavour.
            model: PathBuf,
            /// The file to write.
            out: PathBuf,
        },
    }

    /// A kind of file.
    #[derive(Clone, Copy, ValueEnum)]
    enum To {
        /// float32 in a safetensors file, the config in its header.
        Safetensors,
        /// float32 in a torch file.
        Unpacked,
        /// Two bits a ternary weight, all else bfloat16, in a torch file.
        Compact,
        /// bfloat16 in a torch file, as training leaves it.
        Step,
    }

    #[derive(Args)]
    struct Generate {
        /// Checkpoint, any flavour.
        model: PathBuf,
        /// Text to continue; @FILE reads it from a file, - from the standard input, and @@ begins a text with @.
        #[arg(long, default_value = "", allow_hyphen_values = true)]
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
        let dialect = match &cli.dialect {
            Some(path) => Some(Dialect::read(&read_file(path)?).map_err(at(path))?),
            None => None,
        };
        let config = cli.config.as_deref().map(read_text).transpose()?;
        let reading =
            Options { names, dialect, config, weights: cli.weights, ..Options::default() };
        match cli.command {
            Command::Generate(options) => generate(options, team, reading, cli.tokenizer),
            Command::Score { model, file, json, per_byte } => {
                let loaded = load(&model, reading)?.model;
                let tokenizer = tokenizer(&loaded.config, &model, cli.tokenizer)?;
                score(loaded, tokenizer, &file, team, json, per_byte)
            }
            Command::Inspect { model, json } => inspect(load(&model, reading)?, json),
            Command::Probe { model, text, json } => {
                let reading = Options { latent: true, ..reading };
                let packed = read(&model, reading)?.packed().map_err(at(&model))?;
                let tokenizer = tokenizer(&packed.config, &model, cli.tokenizer)?;
                probe(packed, tokenizer, text, team, json)
            }
            Command::Convert { model, out, to } => convert(&model, reading, &out, to),
            Command::Pack { model, out } => convert(&model, reading, &out, Some(To::Compact)),
        }
    }

    /// Reads a checkpoint, range by range as a browser would.
    fn read(path: &Path, mut options: Options) -> Result<Loader> {
        refuse_part(path)?;
        if is_safetensors(path) {
            options.config_beside = read_text(&path.with_file_name("config.json")).ok();
        }
        let mut file = File::open(path).map_err(unreadable(path))?;
        let len = file.metadata().map_err(unreadable(path))?.len();
        let mut loader = Loader::new(len).map_err(at(path))?.with(options);
        let mut bytes = Vec::new();
        while let Some(range) = loader.wants() {
            bytes.resize((range.end - range.start) as usize, 0);
            file.seek(SeekFrom::Start(range.start))
                .and_then(|_| file.read_exact(&mut bytes))
                .map_err(unreadable(path))?;
            loader.feed(&bytes).map_err(at(path))?;
        }
        Ok(loader)
    }

    fn is_safetensors(path: &Path) -> bool {
        path.extension().is_some_and(|extension| extension == "safetensors")
    }

    /// One of the files of a model that is saved in several, `model-00001-of-00002.safetensors`, is no model.
    fn refuse_part(path: &Path) -> Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let count = name.strip_suffix(".safetensors").and_then(|stem| stem.rsplit_once("-of-"));
        let count: usize = count.and_then(|(_, count)| count.parse().ok()).unwrap_or(1);
        if count < 2 {
            return Ok(());
        }
        Err(format!(
            "{}: This is one of {count} files that hold a model together. Merge them in Python, by load_file and \
             save_file of safetensors.torch, and take what this gives.",
            path.display()
        ))
    }

    fn load(path: &Path, options: Options) -> Result<Loaded> {
        read(path, options)?.finish().map_err(at(path))
    }

    fn name_map(path: &Path) -> Result<NameMap> {
        NameMap::read(&read_file(path)?).map_err(at(path))
    }

    fn read_file(path: &Path) -> Result<Vec<u8>> {
        std::fs::read(path).map_err(unreadable(path))
    }

    /// Why a file cannot be read, as a sentence.
    fn unreadable(path: &Path) -> impl Fn(io::Error) -> String {
        let path = path.display().to_string();
        move |error| match error.kind() {
            io::ErrorKind::NotFound => format!("There is no file {path}."),
            io::ErrorKind::IsADirectory => format!("{path} is a folder; a file was expected."),
            _ => format!("{path} cannot be read: {error}."),
        }
    }

    /// The prompt that a person gave: the text, or where it is.
    fn prompt(given: &OsStr) -> Result<Vec<u8>> {
        let text = given.as_encoded_bytes();
        match text {
            b"-" | b"@-" => {
                let mut text = Vec::new();
                let read = io::stdin().lock().read_to_end(&mut text);
                read.map_err(|error| format!("The standard input cannot be read: {error}."))?;
                match text.is_empty() {
                    true => Err("The standard input is empty; a prompt was expected there.".into()),
                    false => Ok(text),
                }
            }
            [b'@', b'@', ..] => Ok(text[1..].to_vec()),
            [b'@', ..] => {
                let path = given.to_string_lossy();
                read_file(Path::new(&path[1..])).map_err(|sentence| {
                    format!("{sentence} For a text that begins with @, write @@.")
                })
            }
            _ => Ok(text.to_vec()),
        }
    }

    fn read_text(path: &Path) -> Result<String> {
        std::fs::read_to_string(path).map_err(at(path))
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
    fn tokenizer(
        config: &Config,
        path: &Path,
        given: Option<PathBuf>,
    ) -> Result<Option<Tokenizer>> {
        if !config.is_bpe() {
            return Ok(None);
        }
        let beside = path.with_file_name("tokenizer.json");
        let path = match given {
            Some(path) => path,
            None if beside.exists() => beside,
            None => return Ok(None),
        };
        let tokenizer = Tokenizer::read(&read_file(&path)?);
        let tokenizer = tokenizer.and_then(|tokenizer| tokenizer.for_model(config.vocab_size));
        let tokenizer = tokenizer.map_err(at(&path))?;
        for note in tokenizer.notes() {
            eprintln!("{note}");
        }
        Ok(Some(tokenizer))
    }

    const NO_TOKENIZER: &str = "This model reads BPE tokens and has no tokenizer: put its tokenizer.json beside it, or give one by --tokenizer FILE; with --tokens, prompt and text are token ids.";

    fn generate(
        options: Generate,
        team: Team,
        reading: Options,
        given: Option<PathBuf>,
    ) -> Result<()> {
        let prompt = prompt(&options.prompt)?;
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
            false => tokenizer(&model.config, &options.model, given)?,
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

    fn dialect_json(dialect: Dialect) -> Value {
        Value::Object(dialect.differences().map(|(k, v)| (k.to_string(), v.into())).collect())
    }

    fn probe(
        packed: Packed,
        tokenizer: Option<Tokenizer>,
        text: Option<PathBuf>,
        team: Team,
        json: bool,
    ) -> Result<()> {
        let text = match text {
            Some(path) => read_file(&path)?,
            None => probe::TEXT.into(),
        };
        let symbols = match &tokenizer {
            Some(tokenizer) => tokenizer.encode(&text).map_err(|e| e.to_string())?,
            None if packed.config.is_bpe() => return Err(NO_TOKENIZER.into()),
            None => from_bytes(&text),
        };
        let mut probe =
            Probe::new(packed, team, &symbols, text.len()).map_err(|e| e.to_string())?;
        let mut shown = 0;
        while !probe.is_done() {
            probe.advance(16);
            let found = probe.result();
            for tried in found.tried.iter().skip(shown).filter(|_| !json) {
                let Tried { bits_per_byte, difference, noise, kept, .. } = tried;
                let kept = if *kept { "kept" } else { "" };
                print(format!("{:<40} {bits_per_byte:8.4} bits per byte  {difference:+8.4} ± {noise:.4}  {kept}\n", tried.changed()).as_bytes())?;
            }
            shown = found.tried.len();
        }
        let found = probe.result();
        let second = found.second();
        if json {
            let tried = |tried: &Tried| {
                json!({
                    "changed": tried.changed(),
                    "bits_per_byte": tried.bits_per_byte,
                    "difference": tried.difference,
                    "noise": tried.noise,
                    "kept": tried.kept,
                })
            };
            return print_json(&json!({
                "dialect": dialect_json(found.dialect),
                "bits_per_byte": found.bits_per_byte,
                "bits_per_byte_as_ours": found.bits_per_byte_as_ours,
                "second": second.map(tried),
                "tried": found.tried.iter().map(tried).collect::<Vec<_>>(),
                "sentence": found.sentence(),
            }));
        }
        let mut told = format!("\n{}\n", found.sentence());
        if let Some(second) = second {
            let (margin, noise) = (second.difference, second.noise);
            told += &format!(
                "The second best, {}, takes {margin:.4} bits per byte more, {:.0} times the noise.\n",
                second.changed(),
                margin / noise
            );
        }
        told += &format!("\n{}\n", found.dialect.json());
        print(told.as_bytes())
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
                "config": safetensors::json(&file_config::value(config)),
                "dialect": dialect_json(config.dialect),
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
        if config.dialect != Dialect::default() {
            text += &format!("read as {}\n\n", config.dialect.json());
        }
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

    fn convert(path: &Path, options: Options, out: &Path, to: Option<To>) -> Result<()> {
        let by_name = if is_safetensors(out) { To::Safetensors } else { To::Compact };
        let kind = match to.unwrap_or(by_name) {
            To::Safetensors => Kind::Safetensors,
            To::Unpacked => Kind::Unpacked,
            To::Compact => Kind::Compact,
            To::Step => Kind::Step,
        };
        let packed = read(path, options)?.packed().map_err(at(path))?;
        let mut file = File::create(out).map_err(at(out))?;
        let len = packed.write(kind, &mut file).map_err(at(out))?;
        eprintln!("{}: {len} bytes", out.display());
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
