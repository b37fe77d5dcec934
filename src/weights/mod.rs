//! From a file's named tensors to a model.
//!
//! [`Loader`] drives the checkpoint reader and does no I/O itself: it says which bytes it wants,
//! and is handed them. Once the file's table of contents is there, [`roles`] settles which tensor is
//! which part of the model; then each tensor is packed ([`pack`]) as it arrives and dropped, so that
//! loading needs the packed model and little more.

mod assemble;
#[cfg(not(target_arch = "wasm32"))]
pub mod convert;
pub mod file_config;
pub mod pack;
pub mod roles;

use crate::checkpoint::write::Writer;
use crate::checkpoint::{
    self, Contents, Data, Encoding, Flavour, Reader, Tensor, TensorInfo, Value,
};
use crate::config::Config;
use crate::dialect::Dialect;
use crate::model::Model;
use file_config::Hints;
use roles::{Assignment, NameMap, Refusal, Role, Why};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// Why a file does not become a model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] checkpoint::Error),
    /// The tensors do not make a model, or not one alone.
    #[error("{0}")]
    Roles(Box<Refusal>),
    /// Nothing but the low-rank changes of another model's weights.
    #[error(
        "This is a LoRA adapter: it has changes of another model's weights, and not a model. Merge it into that \
        model in Python, by merge_and_unload of peft, and save the whole."
    )]
    Adapter,
    /// A tensor holds NaN or an infinity.
    #[error("The tensor {} holds a NaN or an infinity; the file is damaged or its training \
        diverged.", checkpoint::shown(.tensor))]
    NotFinite {
        /// Its name in the file.
        tensor: String,
    },
    /// The packed model needs more memory than there is.
    #[error("The model needs {} MB of memory, which is more than can be had; give up other models, \
        or choose a smaller one.", .needed.div_ceil(1_000_000))]
    Memory {
        /// Bytes, at least.
        needed: u64,
    },
    /// `finish` was called before every byte was handed over.
    #[error("The file is not read to its end yet; hand over the bytes that are wanted first.")]
    Unfinished,
}

impl From<Box<roles::Error>> for Error {
    fn from(error: Box<roles::Error>) -> Self {
        Error::Roles(Box::new(error.into()))
    }
}

impl From<Box<Refusal>> for Error {
    fn from(refusal: Box<Refusal>) -> Self {
        Error::Roles(refusal)
    }
}

/// What the loader made of one tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The role it plays, by its canonical name ([spec](crate::spec) §3).
    pub role: String,
    /// Its name in the file.
    pub tensor: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// How the file encodes it.
    pub encoding: Encoding,
    /// What settled the role.
    pub why: Why,
    /// How it is held in memory.
    pub held: &'static str,
    /// Share of weights that are zero, as packed.
    pub zeros: f64,
}

/// A whole file, decided on: what `inspect` shows.
#[derive(Debug, Clone)]
pub struct Report {
    /// Which kind of file it is.
    pub flavour: Flavour,
    /// The training step, where the file tells.
    pub step: Option<u64>,
    /// A decision for each tensor used, in file order.
    pub decisions: Vec<Decision>,
    /// Model tensors that no role took.
    pub unused: Vec<String>,
    /// Tensors outside the model: optimizer state and the like.
    pub skipped: usize,
    /// How packed tensors were read, as far as that was settled for the whole file.
    pub packing: checkpoint::PackingChoice,
    /// What a person should know of how the file was read, each a sentence: a value of the config that was not used,
    /// a number that was assumed.
    pub notes: Vec<String>,
    /// The copies of the model that the file holds, where there are several.
    pub copies: Vec<roles::Copy>,
}

/// How a file is to be read where it leaves a choice.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which tensor plays which role, by a person's word.
    pub names: NameMap,
    /// Which of the model's weights, where the file holds them twice.
    pub weights: roles::Copy,
    /// How packed tensors are read where the file does not declare it; what is not given here is found out.
    pub packing: checkpoint::PackingChoice,
    /// How the model is read where nobody wrote it down; else as the file's config says.
    pub dialect: Option<Dialect>,
    /// Whether weights that are to become ternary are kept as the file has them, for a [probe](crate::probe) to round
    /// them in several ways.
    pub latent: bool,
    /// The model's settings as JSON, by a person's word: instead of those that the file has.
    pub config: Option<String>,
    /// What `config.json` beside the file holds: it counts where the file has no settings.
    pub config_beside: Option<String>,
}

impl Options {
    /// The settings of a model, and notes on what was done to get them.
    fn settings<'c>(
        &self,
        contents: &'c Contents,
        notes: &mut Vec<String>,
    ) -> Result<Option<Cow<'c, Value>>, Error> {
        let own = contents.config.as_ref();
        if let Some(config) = &self.config {
            if own.is_some() {
                notes.push("The config that was given is used, and the file's own is not.".into());
            }
            return Ok(Some(Cow::Owned(checkpoint::config(config)?)));
        }
        if let Some(beside) = &self.config_beside
            && says_nothing(&[own.unwrap_or(&Value::None), &contents.beside])
        {
            match checkpoint::config(beside) {
                Ok(config) => {
                    let note = "The file has no config; the config.json beside it is used.";
                    notes.push(note.into());
                    return Ok(Some(Cow::Owned(config)));
                }
                Err(error) => {
                    notes.push(format!("The config.json beside the file is not used. {error}"));
                }
            }
        }
        Ok(own.map(Cow::Borrowed))
    }
}

/// Whether settings say nothing of a model.
fn says_nothing(settings: &[&Value]) -> bool {
    Hints { notes: Vec::new(), ..Hints::read(settings) } == Hints::default()
}

/// A model and the parts it was made of.
pub struct Loaded {
    /// Ready to run.
    pub model: Model,
    /// How it came to be.
    pub report: Report,
}

/// A model's config and parts, packed but not put together yet.
pub struct Packed {
    /// What the model is.
    pub config: Config,
    /// How it was read.
    pub report: Report,
    parts: HashMap<String, Tensor>,
    /// Roles of parts that are not ternary yet and have to be.
    latent: Vec<String>,
}

impl Packed {
    /// The model, ready to run.
    ///
    /// # Errors
    /// When a part is missing.
    pub fn model(self) -> Result<Loaded, Error> {
        let model = match self.latent.is_empty() {
            true => assemble::model(self.config, self.parts)?,
            false => self.build(self.config.clone())?,
        };
        Ok(Loaded { model, report: self.report })
    }

    /// Whether weights are kept that can be rounded in several ways.
    pub fn has_latent_weights(&self) -> bool {
        !self.latent.is_empty()
    }

    /// The model under another config of its own, from copies of the parts.
    ///
    /// # Errors
    /// When a part is missing.
    pub(crate) fn build(&self, config: Config) -> Result<Model, Error> {
        let part = |(role, tensor): (&String, &Tensor)| {
            let dialect = Some(&config.dialect).filter(|_| self.latent.contains(role));
            let packed = dialect.and_then(|_| pack::pack(tensor.clone(), dialect));
            (role.clone(), packed.unwrap_or_else(|| tensor.clone()))
        };
        let parts = self.parts.iter().map(part).collect();
        Ok(assemble::model(config, parts)?)
    }

    /// The same with every float rounded to bf16, as the archive's compact files have it.
    pub fn rounded(mut self) -> Self {
        let rounded = |(role, tensor): (String, Tensor)| {
            let data = pack::rounded(tensor.data);
            (role, Tensor { data, ..tensor })
        };
        self.parts = self.parts.into_iter().map(rounded).collect();
        self
    }

    /// A compact file of this model under canonical names; [`piece`](Self::piece) writes it piece by
    /// piece. Loaded again it is the same model, bit for bit. `None` when it would
    /// be too large for one.
    pub fn writer(&self) -> Option<Writer> {
        let tensors = (0..self.report.decisions.len())
            .map(|index| (self.report.decisions[index].role.as_str(), self.tensor(index)));
        Writer::compact(&file_config::value(&self.config), tensors)
    }

    /// The writer's next piece, `None` after the last.
    pub fn piece(&self, writer: &mut Writer) -> Option<Vec<u8>> {
        writer.piece(|index| self.tensor(index))
    }

    fn tensor(&self, index: usize) -> &Tensor {
        // Every decision's part was packed before the file counted as read.
        &self.parts[&self.report.decisions[index].role]
    }
}

/// Reads a checkpoint into a model, a range at a time.
pub struct Loader {
    reader: Reader,
    options: Options,
    plan: Option<Plan>,
}

/// What is settled once the table of contents is read.
struct Plan {
    config: Config,
    roles: Vec<Role>,
    parts: HashMap<String, Tensor>,
    report: Report,
    /// Where latent weights are kept, the roles of those that are.
    latent: Option<Vec<String>>,
}

impl Loader {
    /// A loader for a file of `file_len` bytes.
    ///
    /// # Errors
    /// When no checkpoint can be that short.
    pub fn new(file_len: u64) -> Result<Self, Error> {
        Ok(Loader { reader: Reader::new(file_len)?, options: Options::default(), plan: None })
    }

    /// Reads the file as a person says.
    pub fn with(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// The bytes wanted next; `None` when the file is read.
    pub fn wants(&self) -> Option<Range<u64>> {
        self.reader.wants()
    }

    /// Where the bytes end that will be wanted one after another, without a gap, from
    /// [`wants`](Self::wants) on.
    pub fn ahead(&self) -> Option<u64> {
        self.reader.ahead()
    }

    /// Takes exactly the bytes of [`wants`](Self::wants).
    ///
    /// # Errors
    /// When the file turns out not to be a model that can be run.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.reader.feed(bytes)?;
        if self.plan.is_none()
            && let Some(contents) = self.reader.contents()
        {
            let plan = Plan::new(contents, &self.options)?;
            let mut selected: Vec<usize> = plan.roles.iter().map(|role| role.tensor).collect();
            selected.dedup();
            let needed = plan.least_memory();
            self.reader.choose_packing(self.options.packing);
            self.reader.select(&selected)?;
            if !is_room_for(needed) {
                return Err(Error::Memory { needed });
            }
            self.plan = Some(plan);
        }
        if let Some(plan) = &mut self.plan {
            while let Some((index, tensor)) = self.reader.take()? {
                plan.take(index, tensor)?;
            }
        }
        Ok(())
    }

    /// Bytes of weights read so far, and in all.
    pub fn progress(&self) -> (u64, u64) {
        self.reader.progress()
    }

    /// What was read, packed, once nothing more is wanted.
    ///
    /// # Errors
    /// When bytes are still missing.
    pub fn packed(self) -> Result<Packed, Error> {
        let mut plan = self.plan.filter(|_| self.reader.done()).ok_or(Error::Unfinished)?;
        plan.report.notes.extend_from_slice(self.reader.notes());
        plan.report.packing = self.reader.packing();
        let Plan { config, parts, report, latent, .. } = plan;
        Ok(Packed { config, parts, report, latent: latent.unwrap_or_default() })
    }

    /// The model, once nothing more is wanted.
    ///
    /// # Errors
    /// When bytes are still missing.
    pub fn finish(self) -> Result<Loaded, Error> {
        self.packed()?.model()
    }

    /// Reads a whole file that is in memory.
    ///
    /// # Errors
    /// As [`new`](Self::new) and [`feed`](Self::feed).
    pub fn read(file: &[u8]) -> Result<Self, Error> {
        Self::read_with(file, Options::default())
    }

    /// The same [with options](Self::with).
    ///
    /// # Errors
    /// As [`new`](Self::new) and [`feed`](Self::feed).
    pub fn read_with(file: &[u8], options: Options) -> Result<Self, Error> {
        let mut loader = Loader::new(file.len() as u64)?.with(options);
        while let Some(range) = loader.wants() {
            loader.feed(&file[range.start as usize..range.end as usize])?;
        }
        Ok(loader)
    }
}

impl Plan {
    fn new(contents: &Contents, options: &Options) -> Result<Self, Error> {
        let mut notes = Vec::new();
        let config = options.settings(contents, &mut notes)?;
        let config = config.as_deref().unwrap_or(&Value::None);
        // What a person gives leaves nothing to look for.
        let beside = if options.config.is_some() { &Value::None } else { &contents.beside };
        let mut hints = Hints::read(&[config, beside]);
        if contents.tensors.iter().all(|tensor| tensor.name.contains("lora_")) {
            return Err(Error::Adapter);
        }
        let assigned = roles::assign(&hints, &contents.tensors, &options.names, options.weights);
        let Assignment { config, roles, unused, copies, notes: of_roles } =
            assigned.map_err(|error| unreadable(&contents.tensors).unwrap_or(error.into()))?;
        notes.extend(of_roles);
        notes.append(&mut hints.notes);
        notes.extend(hints.compare(&config));
        let decide = |role: &Role| {
            let TensorInfo { name, shape, encoding } = &contents.tensors[role.tensor];
            Decision {
                role: role.name.clone(),
                tensor: match &role.rows {
                    Some(rows) => format!("{name}[{}:{}]", rows.start, rows.end),
                    None => name.clone(),
                },
                shape: shape.clone(),
                encoding: encoding.clone(),
                why: role.why,
                held: "",
                zeros: 0.0,
            }
        };
        let dialect = options.dialect.or(hints.dialect).unwrap_or_default();
        let config = config.under(dialect);
        let name = |&index: &usize| contents.tensors[index].name.clone();
        Ok(Plan {
            config,
            parts: HashMap::with_capacity(roles.len()),
            report: Report {
                flavour: contents.flavour,
                step: contents.step,
                decisions: roles.iter().map(decide).collect(),
                unused: unused.iter().map(name).collect(),
                skipped: contents.skipped_tensors,
                packing: checkpoint::PackingChoice::default(),
                notes,
                copies,
            },
            roles,
            latent: options.latent.then(Vec::new),
        })
    }

    /// Bytes that the packed model takes at least. What reading it takes on top is not asked for: in a
    /// browser memory never shrinks.
    fn least_memory(&self) -> u64 {
        let held = self.roles.iter().map(|role| {
            let sides = role.shape.iter().map(|&side| side as u64);
            let weights = sides.fold(1, u64::saturating_mul);
            match role.ternary && self.config.ternary {
                true => weights / 4,
                // Floats may turn out to be bf16.
                false => weights.saturating_mul(2),
            }
        });
        held.fold(0, u64::saturating_add)
    }

    /// Packs a tensor that has arrived, for each role that it or its rows play.
    fn take(&mut self, index: usize, tensor: Tensor) -> Result<(), Error> {
        let decisions = self.roles.iter().zip(&mut self.report.decisions);
        let mut uses: Vec<_> = decisions.filter(|(role, _)| role.tensor == index).collect();
        let last = uses.pop();
        let mut pack = |role: &Role, decision: &mut Decision, tensor: Tensor| {
            let mut dialect =
                Some(&self.config.dialect).filter(|_| role.ternary && self.config.ternary);
            if let Some(latent) = &mut self.latent
                && dialect.is_some()
                && !matches!(tensor.data, Data::Ternary { .. })
            {
                latent.push(role.name.clone());
                dialect = None;
            }
            let part = pack::pack(tensor, dialect)
                .ok_or_else(|| Error::NotFinite { tensor: decision.tensor.clone() })?;
            decision.held = pack::held(&part.data);
            decision.zeros = pack::zeros(&part);
            self.parts.insert(role.name.clone(), part);
            Ok(())
        };
        for (role, decision) in uses {
            pack(role, decision, pack::cut(&tensor, role))?;
        }
        match last {
            Some((role, decision)) => match &role.rows {
                Some(_) => pack(role, decision, pack::cut(&tensor, role)),
                None => {
                    let shape = role.shape.clone();
                    pack(role, decision, Tensor { shape, ..tensor })
                }
            },
            None => Ok(()),
        }
    }
}

/// What is wrong where most matrices of a file are of a type that is not read.
fn unreadable(tensors: &[TensorInfo]) -> Option<Error> {
    let matrices = || tensors.iter().filter(|tensor| tensor.shape.len() > 1);
    let mut unread = matrices().filter(|tensor| matches!(tensor.encoding, Encoding::Other(_)));
    let (all, count) = (matrices().count(), unread.clone().count());
    let first = unread.next().filter(|_| 2 * count > all)?;
    let tensor = checkpoint::shown(&first.name);
    Some(Error::Checkpoint(checkpoint::Error::Unreadable {
        tensor,
        encoding: first.encoding.to_string(),
    }))
}

/// Whether so many bytes can be allocated now. In a browser, memory once allocated stays allocated.
fn is_room_for(bytes: u64) -> bool {
    // In pieces, as it may be here and there.
    const PIECE: usize = 64 << 10;
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    (0..bytes.div_ceil(PIECE as u64)).all(|_| {
        let mut piece = Vec::new();
        let found = piece.try_reserve_exact(PIECE).is_ok();
        // Compilers would leave out memory that is never used.
        pieces.push(std::hint::black_box(piece));
        found
    })
}
