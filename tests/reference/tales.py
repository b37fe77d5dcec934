"""Trains the model that tells tales, in one command: text made on the way, phases by the clock, results as they come.

    python tales.py --minutes 8.5 --out $OUT                                       # the main run on a GPU
    python tales.py --try 25 --variants attention mlgru mix --out $OUT             # which to take: seconds for each
    python tales.py --minutes 60 --workers 1 --rows 4 --out data/tales             # on a CPU; kill and repeat as you like

Processes of `stock.py` write rows of whole documents, laid out by words; the rows stay on the device, and each is read
once before any is read again. The budget is all of the time since the start, and what is not training is kept
short: see `--reserve`. The phases share what is left (`--plan`):

| phase | share | what |
|---|---|---|
| `ternary` | 0.84 | the model, ternary from the first step: 3e-3, warm-up of 200 steps, linear decay to a tenth |
| `gate` | 0.16 | the DeleteGate on top, the rest at what the rate has decayed to: 40 % deleted at the end |
| `twin` | – | `--plan ternary=0.6 gate=0.12 twin=0.28` trains the float twin too, as a figure to compare with |

The twin is no teacher here: by `recipe.py` a float teacher is worth 2.5 % at equal steps, and the time that it takes to
train one and to ask it is worth more than that in steps of the ternary model.

For the first `--lesson` of a new model's phase `--lesson-drills` of the rows are drills, `--drills` after that. Repeated
names and answers weigh more in the loss (`--name-weight`, `--answer-weight`); what is certain, fills after a fill,
weighs nothing and is not scored.

In `--out`: `tales.pt` (compact; again every `--save-every` seconds), `steps.tar` (compact files of early steps and, with a
phase `gate`, of the model before it), `latent_1.bin`, `latent_2.bin` (bfloat16 latent weights as a step file, halved; go
on from them with `--start-from`), `twin_*.bin` likewise, `log.csv`, and `report.txt` with the figures of recall and samples.
In `--work`: rows that wait, and the checkpoint of a killed run.
"""

import argparse
import dataclasses
import io
import math
import os
import pathlib
import tarfile
import tempfile
import time
import traceback

START = time.time()

import torch  # noqa: E402 (the clock first: all of the time counts)

import files  # noqa: E402
import recall  # noqa: E402
import rows as rows_module  # noqa: E402
import stock as stock_module  # noqa: E402
import samples  # noqa: E402
import training  # noqa: E402
from config import TALES, reduced  # noqa: E402
from model import CPU1, MLGRU  # noqa: E402

FLOAT = dict(ternary=False, activation_bits=0)
# What is tried, as fields of Config that differ from TALES.
VARIANTS = {
    "attention": {},
    "wide": dict(d_model=384, n_layers=6, d_ff=1024),          # as many weights in fewer, wider blocks
    "mlgru": dict(mixer="mlgru", decay="channel", window=0),
    "mix": dict(mixer=["mlgru", "attention"] * 4, decay="channel"),
}
COLUMNS = ("model", "phase", "step", "seconds", "rate", "bits", "gradient_norm", "deleted", "patches_per_second", "rows_made", "rows_drawn")
PART = 15 << 20


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, help="folder for rows and checkpoint [in memory on a GPU, in --out on a CPU]")
    parser.add_argument("--minutes", type=float, default=8.5, help="all of it, from the start of the process")
    parser.add_argument("--reserve", type=float, default=25, help="seconds at the end for figures and samples")
    parser.add_argument("--plan", nargs="+", default=["ternary=0.84", "gate=0.16"], metavar="PHASE=SHARE")
    parser.add_argument("--try", dest="trial", type=float, metavar="SECONDS", help="train each of --variants so long, and print speed and recall")
    parser.add_argument("--variants", nargs="+", default=["attention"], choices=VARIANTS, help="the first is what the main run trains")
    parser.add_argument("--set", nargs="+", default=[], metavar="FIELD=VALUE", help="fields of Config that differ, numbers")
    parser.add_argument("--start-from", type=pathlib.Path, help="a file of SPEC §3 with the weights to begin with, or the first of its parts")
    parser.add_argument("--texts", default="world_texts", help="the module that tells: see stock.py")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 2))
    parser.add_argument("--rows", type=int, default=16, help="of a step")
    parser.add_argument("--positions", type=int, default=1024, help="patches of a row")
    parser.add_argument("--capacity", type=int, help="rows that are kept [300,000 on a GPU, 8,000 on a CPU]")
    parser.add_argument("--rate", type=float, help="peak [3e-3 ternary, 1e-3 float]")
    parser.add_argument("--floor", type=float, default=0.1, help="share of the peak at the end of a phase that is not the last")
    parser.add_argument("--warmup", type=int, default=200)
    parser.add_argument("--weight-decay", type=float, default=0.1, help="in the first half of a phase")
    parser.add_argument("--clip", type=float, default=1.0)
    parser.add_argument("--share", type=float, default=0.4, help="of patches to delete")
    parser.add_argument("--lesson", type=float, default=0.15, help="share of the phase that begins with drills")
    parser.add_argument("--lesson-drills", type=float, default=0.6)
    parser.add_argument("--drills", type=float, default=0.1)
    parser.add_argument("--name-weight", type=float, default=2.5, help="of names that come again")
    parser.add_argument("--answer-weight", type=float, default=2.5)
    parser.add_argument("--steps-to-keep", type=int, nargs="*", default=[30, 100, 300, 1000], metavar="STEP")
    parser.add_argument("--held-out", type=int, default=128, metavar="ROWS")
    parser.add_argument("--probes", type=int, default=4, help="times that a phase is measured on held-out rows")
    parser.add_argument("--samples", type=int, default=48)
    parser.add_argument("--sample-patches", type=int, default=420, help="the longest sample")
    parser.add_argument("--log-every", type=int, default=50, help="steps")
    parser.add_argument("--save-every", type=float, default=120, help="seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reduced", action="store_true", help="a tiny model, for trying things out")
    parser.add_argument("--no-graphs", dest="graphs", action="store_false", help="on a GPU: ask for every kernel by itself")
    parser.add_argument("--compiled", type=pathlib.Path, help="`compiled.bin` of a try-out on such a machine, which spares most of the compiling")
    parser.add_argument("--no-compile", dest="compile", action="store_false")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args(words)
    if options.capacity is None:
        options.capacity = 300_000 if options.device == "cuda" else 8_000
    if options.work is None:
        memory = pathlib.Path("/dev/shm")
        scratch = memory if memory.exists() else pathlib.Path(tempfile.gettempdir())
        options.work = scratch / "tales" if options.device == "cuda" else options.out / "work"
    return options


def configuration(options, variant, **more):
    changed = VARIANTS[variant] | more
    for pair in options.set:
        field, value = pair.split("=")
        changed[field] = type(getattr(TALES, field))(float(value))
    config = dataclasses.replace(TALES, **changed)
    if not options.reduced:
        return config
    small = reduced(config)
    return small if isinstance(config.mixer, str) else dataclasses.replace(small, mixer=config.mixer[:small.n_layers])


@torch.no_grad()
def spread_memories(model):
    """Recurrent blocks start with memories of many lengths: half-lives from one patch up to 4 in the first, 256 in the last."""
    last = max(len(model.blocks) - 1, 1)
    for number, block in enumerate(model.blocks):
        if isinstance(block.mixer, MLGRU):
            longest = 2 + 6 * number / last
            half_lives = 2 ** torch.linspace(0, longest, block.mixer.decay.numel(), device=block.mixer.decay.device)
            block.mixer.decay.copy_(torch.logit(0.5 ** (1 / half_lives)))


def weighed(logits, targets, kinds, weights):
    """The weighed mean for the gradient, and the nats and number of the text's bytes for the log; targets and kinds [N]."""
    nats = recall.nats_of(logits, targets)
    weight = weights[kinds]
    known = kinds != rows_module.NOTHING
    return (nats * weight).sum() / weight.sum(), (nats.detach() * known).sum(), (known & (kinds != rows_module.FILLING)).sum()


class Course:
    """One model on its way through one phase or two."""

    def __init__(self, name, config, options, stock, held_out, report):
        self.name, self.config, self.options, self.stock, self.report = name, config, options, stock, report
        self.device = torch.device(options.device)
        torch.manual_seed(options.seed)
        self.model = CPU1(config)
        if config.decay == "channel":
            spread_memories(self.model)
        training.close_gate(self.model)
        if options.start_from and config.ternary:
            self.model.load_state_dict(files.read(joined(options.start_from))[2])
        self.model.to(self.device)
        self.optimizers = training.make_optimizers(self.model)
        self.control = training.GateControl(options.share, config.delete_threshold, self.device)
        self.peak = options.rate or (3e-3 if config.ternary else 1e-3)
        self.held_out = held_out
        weights = torch.ones(len(rows_module.KINDS))
        weights[rows_module.NOTHING] = 0
        weights[rows_module.ANSWER] = options.answer_weight
        weights[rows_module.AGAIN:] = options.name_weight
        self.weights = weights.to(self.device)
        self.step, self.phase, self.elapsed, self.kept = 0, None, 0.0, {}
        self.before, self.seconds = 0.0, None   # seconds of earlier processes; of the phase
        self.new = True               # the optimizer knows nothing yet
        self.batch = self.graph = self.graph_of = None
        self.log = training.Log(options.out / "log.csv", COLUMNS)
        if not self.log.path.exists():
            self.log.begin()

    def spent(self):
        """Seconds since the start, those before a resumption counted in."""
        return self.before + time.time() - START

    @property
    def gate(self):
        return "train" if self.phase == "gate" else "off"

    # ---------------------------------------------------------------- one step

    def rates(self, progress, last):
        """Sets the rates of a step; a phase that is the model's last decays to nothing, others to the floor."""
        options = self.options
        if self.phase == "gate":
            rate, decay, gate = self.peak * options.floor * (1 - progress), 0.0, training.gate_rate(self.step - self.began_at, progress)
        else:
            floor = 0.0 if last else options.floor
            rate = self.peak * (1 - (1 - floor) * progress)
            decay, gate = options.weight_decay if progress < 0.5 else 0.0, 0.0
        if self.new:
            rate *= min(1, (self.step + 1) / options.warmup)
        training.set_rates(self.optimizers, rate, decay, gate)
        return rate

    def gradients(self, batch, progress):
        """Nats and bytes of a batch, and the share deleted, as tensors on the device, which is not waited for."""
        with training.precision(self.device):
            logits, targets, kinds, delete, counted = recall.predictions(self.model, batch, self.gate)
            total, nats, count = weighed(logits, targets, kinds, self.weights)
        share = torch.zeros((), device=self.device)
        if delete is not None:
            reward, share = self.control(delete, progress, counted)
            total = total + reward
        total.backward()
        return torch.stack([nats.double(), count.double(), share.double()])

    def take_step(self, progress, last):
        options = self.options
        rate = self.rates(progress, last)
        drills = options.lesson_drills if self.phase != "gate" and progress < options.lesson else options.drills
        batch = self.stock.draw(options.rows, drills)
        if self.device.type == "cuda" and options.graphs:
            figures, norm = self.replayed(batch, progress)
        else:
            figures, norm = self.update(batch, progress)
        self.step += 1
        return rate, figures, norm

    def update(self, batch, progress):
        """Gradients of a batch, and the weights moved by them."""
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        figures = self.gradients(batch, progress)
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.options.clip)
        for optimizer in self.optimizers:
            # A step whose gradient is no number is left out, without waiting for the device to say so.
            optimizer.grad_scale, optimizer.found_inf = None, (~norm.isfinite()).float()
            optimizer.step()
        return figures, norm

    def replayed(self, batch, progress):
        """The same as a graph, once it has been done a few times; the weight decay is a part of the graph."""
        if self.batch is None:
            self.batch, self.progress = torch.empty_like(batch), torch.zeros((), dtype=torch.float64, device=self.device)
        self.batch.copy_(batch)
        self.progress.fill_(progress)
        key = self.phase, [group["weight_decay"] for group in self.optimizers[0].param_groups]
        if self.graph_of != key:
            self.graph, self.graph_of, self.plain_steps = None, key, 3
        if self.plain_steps:
            self.plain_steps -= 1
            return self.update(self.batch, self.progress)
        if self.graph is None:
            self.graph = training.Replay(lambda: self.update(self.batch, self.progress))
        return self.graph()

    def warm_up_compiler(self, phase):
        """Compiles what a phase needs, before its clock runs. Returns the seconds that took."""
        began, self.phase = time.time(), phase
        self.gradients(self.stock.draw(self.options.rows, 0.5), 0.0)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        self.finish()
        return time.time() - began

    def finish(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    # ---------------------------------------------------------------- a phase

    def train(self, phase, budget, last):
        """Trains for as long as `budget()` says once all is compiled; a phase that was broken off goes on where it was."""
        options = self.options
        resumed = self.phase == phase and self.seconds is not None
        if not resumed:
            self.elapsed, self.began_at = 0.0, self.step
            if phase == "gate":
                training.open_gate(self.model)
        took = self.warm_up_compiler(phase)
        if not resumed:
            self.seconds = budget()
        seconds = self.seconds
        self.say(f"{self.name}, {phase}: {took:.0f} s to compile, then {seconds:.0f} s of training")
        began = time.time() - self.elapsed
        lap = saved = time.time()
        figures, norms, probes = [], [], 1 + int(options.probes * self.elapsed / seconds)
        while (elapsed := time.time() - began) < seconds:
            progress = elapsed / seconds
            rate, of_step, norm = self.take_step(progress, last)
            figures.append(of_step)
            norms.append(norm)
            if self.step % 10 == 0:
                self.stock.collect()
            if self.step in options.steps_to_keep and phase == "ternary":
                self.kept[f"tales_step{self.step}.pt"] = self.compact()
            if self.step % options.log_every == 0:
                nats, count, share = torch.stack(figures).sum(0).tolist()
                now = time.time()
                speed = len(figures) * options.rows * options.positions / (now - lap)
                self.log.write(self.name, phase, self.step, round(self.spent(), 1), rate, nats / count / math.log(2),
                               float(torch.stack(norms).mean()), share / len(figures), speed,
                               sum(self.stock.made.values()), self.stock.asked)
                figures, norms, lap = [], [], now
                if not math.isfinite(nats):
                    self.say("the loss is no number; steps without a finite gradient were left out")
            if time.time() - began > probes * seconds / options.probes and probes < options.probes:
                self.probe()
                probes, lap = probes + 1, time.time()
            if time.time() - saved > options.save_every and not options.trial:
                self.elapsed = time.time() - began
                self.save()
                saved = time.time()
        self.finish()
        self.elapsed, self.new = seconds, False
        if not options.trial:
            self.save()
        self.probe()

    # ---------------------------------------------------------------- figures

    def probe(self):
        """Bits on held-out rows, by kind of byte."""
        figures, count = recall.Figures(self.device), self.options.rows
        for batch in self.held_out[:len(self.held_out) // count * count].split(count):
            # With the gradient's graph, for which everything is compiled already.
            with training.precision(self.device):
                figures.add(self.model, batch, self.gate)
        bits, deleted, lines = figures.table()
        self.say("\n".join([f"{self.name}, {self.phase}, step {self.step}, {self.spent():.0f} s: {bits:.4f} bits per byte held out"
                            + ("" if deleted is None else f", {deleted:.1%} deleted"), *lines]))

    def sample(self):
        """Tales to read and to judge: beginnings that a visitor may type, each told at the page's temperature."""
        plain = self.plain_model().to(self.device)
        with torch.compiler.set_stance("force_eager"), training.precision(self.device):
            prompts = [samples.BEGINNINGS[number % len(samples.BEGINNINGS)] for number in range(self.options.samples)]
            told = samples.tell(plain, prompts, self.options.sample_patches, self.options.seed, gate=self.gate,
                                seconds=max(60 * self.options.minutes - self.spent() - 3, 3))
        self.say("\n".join(f"---- sample {number} ({'ended' if ended else 'cut'})\n{text}" for number, (text, ended) in enumerate(told)))

    def say(self, text):
        self.report.write(text + "\n")
        self.report.flush()
        print(text, flush=True)

    # ---------------------------------------------------------------- results

    def plain_model(self):
        """A copy on the CPU that no optimizer changes."""
        with torch.device("meta"):
            copy = CPU1(self.config)
        copy.load_state_dict({name: tensor.detach().cpu().clone() for name, tensor in self.model.state_dict().items()}, assign=True)
        return copy

    def compact(self):
        """The bytes of a compact file."""
        buffer = io.BytesIO()
        files.write_compact(self.plain_model(), buffer)
        return buffer.getvalue()

    def save(self):
        """What has been reached, into --out, and a checkpoint into --work; every file whole or as it was."""
        out, name = self.options.out, self.name
        if self.config.ternary:
            replace(out / f"{name}.pt", self.compact())
            if self.phase == "ternary":
                self.kept["tales_without_gate.pt"] = self.compact()
            with tarfile.open(out / "steps.part", "w") as tar:
                for file, content in self.kept.items():
                    entry = tarfile.TarInfo(file)
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))
            os.replace(out / "steps.part", out / "steps.tar")
        buffer = io.BytesIO()
        files.write_step(self.plain_model(), buffer, self.step)
        content = buffer.getvalue()
        parts = -(-len(content) // PART)
        size = -(-len(content) // parts)
        label = "latent" if self.config.ternary else "twin"
        for number in range(parts):
            replace(out / f"{label}_{number + 1}.bin", content[number * size:(number + 1) * size])
        torch.save({"name": name, "model": self.model.state_dict(), "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                    "phase": self.phase, "step": self.step, "began_at": self.began_at, "elapsed": self.elapsed, "new": self.new,
                    "seconds": self.seconds, "spent": self.spent(), "reward": float(self.control.reward), "kept": self.kept}, self.options.work / "checkpoint.part")
        os.replace(self.options.work / "checkpoint.part", self.options.work / "checkpoint.pt")

    def restore(self, saved):
        self.model.load_state_dict(saved["model"])
        for optimizer, state in zip(self.optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        for key in ("phase", "step", "began_at", "elapsed", "seconds", "new", "kept"):
            setattr(self, key, saved[key])
        self.control.reward.fill_(saved["reward"])
        self.log.cut(lambda row: row[0] != self.name or int(row[2]) <= self.step)  # the steps that will be taken again


def replace(path, content):
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.replace(part, path)


def joined(path):
    """A file, or one put together from its parts."""
    if path.suffix != ".bin":
        return path
    stem = path.stem.rsplit("_", 1)[0]
    return io.BytesIO(b"".join(part.read_bytes() for part in sorted(path.parent.glob(f"{stem}_[0-9]*.bin"))))


def try_out(options, stock, held_out, report):
    """Each variant for some seconds, one after the other, with what it costs."""
    for variant in options.variants:
        try:
            try_one(variant, options, stock, held_out, report)
        except Exception:  # the other variants are still worth their time
            report.write(traceback.format_exc())
            traceback.print_exc()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def try_one(variant, options, stock, held_out, report):
    """Speed first, then what is learned."""
    course = Course(variant, configuration(options, variant), options, stock, held_out, report)
    course.say(f"{variant}: {sum(parameter.numel() for parameter in course.model.parameters()):,} parameters, "
               f"{len(course.compact()):,} bytes as a compact file")
    took = course.warm_up_compiler("ternary")
    for _ in range(3):
        course.take_step(0.0, True)
    course.finish()
    began, steps = time.time(), 20
    for _ in range(steps):
        course.take_step(0.0, True)
    asked = (time.time() - began) / steps       # until the device had its work: as long as a step where the processor is the bottleneck
    course.finish()
    step = (time.time() - began) / steps
    memory = torch.cuda.max_memory_allocated() / 2**30 if course.device.type == "cuda" else 0.0
    course.say(f"{variant}: {took:.0f} s to compile, {1000 * step:.1f} ms a step of {options.rows} rows ({1000 * asked:.1f} ms to ask for it), "
               f"{options.rows * options.positions / step / 1000:.0f} thousand patches/s, {memory:.1f} GiB")
    course.train("ternary", lambda: options.trial, True)
    course.train("gate", lambda: options.trial / 4, True)
    course.say(f"{time.time() - START:.0f} s: rows made {stock.made}, asked for {stock.asked}")


def main_run(options, stock, held_out, report):
    """The phases of the plan; those of a killed run that are done are not done again."""
    plan = [(name, float(share)) for name, share in (phase.split("=") for phase in options.plan)]
    names = [name for name, _ in plan]
    checkpoint, course, saved = options.work / "checkpoint.pt", None, None
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True, map_location=options.device)
    before = saved["spent"] if saved else 0.0
    for number in range(names.index(saved["phase"]) if saved else 0, len(plan)):
        phase, name = names[number], "twin" if names[number] == "twin" else "tales"
        if course is None or course.name != name:
            config = configuration(options, options.variants[0], **(FLOAT if phase == "twin" else {}))
            course = Course(name, config, options, stock, held_out, report)
            course.before = before
            if saved and saved["name"] == name:
                course.restore(saved)
        part = plan[number][1] / sum(share for _, share in plan[number:])
        course.train(phase, lambda part=part: max(part * (60 * options.minutes - options.reserve - course.spent()), 1.0), phase == "twin" or number == len(plan) - 1)
        if phase != "twin" and names[number + 1:] in ([], ["twin"]):
            course.sample()
    course.say(f"{course.spent():.0f} seconds in all")


def main():
    options = arguments()
    for folder in (options.out, options.work):
        folder.mkdir(parents=True, exist_ok=True)
    torch.set_float32_matmul_precision("high")
    torch._dynamo.config.suppress_errors = True     # what cannot be compiled runs slower, but runs
    device = torch.cuda.get_device_name() if options.device == "cuda" else "CPU"
    print(f"PyTorch {torch.__version__} on {device}, {time.time() - START:.0f} s to start", flush=True)
    seconds, checkpoint = options.trial or options.minutes * 60, options.work / "checkpoint.pt"
    spent = torch.load(checkpoint, weights_only=True, map_location="cpu")["spent"] if checkpoint.exists() else 0.0
    # Who goes on after a kill reads other texts than before it.
    processes = stock_module.start(options.work / "rows", options.workers, options.texts, options.positions, options.seed + int(spent),
                                   options.drills, max(options.lesson * seconds - spent, 0.0), options.lesson_drills)
    try:
        if options.compile:
            training.compile_layers((recall, "nats_of"))
            if options.compiled and options.compiled.exists():
                torch.compiler.load_cache_artifacts(options.compiled.read_bytes())
        held_out = torch.from_numpy(stock_module.held_out(options.work / "rows", options.texts, options.positions, options.held_out)).to(options.device)
        stock = stock_module.Stock(options.work / "rows", options.positions, options.device, options.capacity, options.seed)
        stock.wait_for(options.rows)
        with (options.out / "report.txt").open("a") as report:
            (try_out if options.trial else main_run)(options, stock, held_out, report)
        if options.trial and options.compile:
            replace(options.out / "compiled.bin", torch.compiler.save_cache_artifacts()[0])
    finally:
        for process in processes:
            process.terminate()


if __name__ == "__main__":
    main()
