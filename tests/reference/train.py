"""Trains any run of SPEC §1 from scratch, ternary weights straight through from the first step.

    python train.py run_14 --out data/run_14 --minutes 75              # phase 1: everything but the gate
    python train.py run_14 --out data/run_14 --minutes 20 --phase 2    # phase 2: the DeleteGate

Kill it whenever you like; the same command goes on from the last checkpoint. With `--steps` the result
does not depend on the clock, and a run that was killed equals one that was not. With `--minutes` or
`--until` the schedule follows the time spent, so that the rate has decayed when the time is over,
however busy the machine is.

Recipe (BitNet b1.58 and its training notes): AdamW at a high rate, linear warm-up then linear decay,
weight decay in the first half only, gradients clipped. Float32 master weights, products in
bfloat16 where the machine has them.
The recurrent state runs on from window to window of a segment (no gradient across).

With `--teacher` a part of the loss is what another model expects after the same text (distillation).

Phase 2 teaches the DeleteGate while the rest follows at a low rate. Deletion is hard in the forward
pass, exactly as at evaluation; the gradient goes straight through to σ(ℓ). A controller (integral
and proportional) moves the reward for deleting until the share of deleted patches follows a target that climbs to
`--share`.
"""

import argparse
import dataclasses
import datetime
import json
import math
import os
import pathlib
import time

import numpy as np
import torch

import files
import model as model_module
import training
from config import Config, RUNS, reduced
from data import Windows, validation_rows
from model import CPU1

HERE = pathlib.Path(__file__).parent
COLUMNS = ("phase", "step", "seconds", "epoch", "rate", "bits", "gradient_norm", "deleted", "heldout_bits", "heldout_deleted")


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", help="a run of SPEC §1, or a JSON file with the fields of Config")
    parser.add_argument("--set", nargs="+", default=[], metavar="FIELD=VALUE",
                        help="fields of Config that differ, as JSON: ternary=false activation_bits=0 is the float twin")
    parser.add_argument("--start-from", type=pathlib.Path, help="a file of SPEC §3 with the weights to begin with: a warm start, or in phase 2 more of it")
    parser.add_argument("--teacher", type=pathlib.Path, help="a file of SPEC §3 whose predictions are learned beside the text: distillation")
    parser.add_argument("--teacher-share", type=float, default=0.7, help="of the loss")
    parser.add_argument("--teacher-from", type=float, default=0.0, help="share of phase 1 from which it is asked; it is in phase 2")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for checkpoint and log")
    parser.add_argument("--data", type=pathlib.Path, default=HERE / "data/corpus/train.bin", help="bytes, or .npy of token ids")
    parser.add_argument("--heldout", type=pathlib.Path, default=HERE / "data/heldout.txt")
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--steps", type=int, help="steps of this phase")
    budget.add_argument("--minutes", type=float, help="minutes of this phase")
    budget.add_argument("--until", help="UTC time today, HH:MM, at which this phase ends")
    parser.add_argument("--phase", type=int, choices=(1, 2), default=1)
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--positions", type=int, default=128, help="patches (or tokens) of a row per step")
    parser.add_argument("--rate", type=float, help="peak learning rate of the matrices [3e-3 ternary, 1e-3 float]")
    parser.add_argument("--floor", type=float, default=0.1, help="share of the peak at which phase 1 ends and phase 2 begins")
    parser.add_argument("--warmup", type=int, default=100, help="steps, wherever the optimizer is new")
    parser.add_argument("--weight-decay", type=float, default=0.1)
    parser.add_argument("--decay-until", type=float, default=0.5, help="share of phase 1 that has weight decay")
    parser.add_argument("--optimizer", choices=("adamw", "muon"), default="adamw", help="of the matrices that are ternary in ternary runs; AdamW for all else")
    parser.add_argument("--clip", type=float, default=1.0)
    parser.add_argument("--share", type=float, default=0.4, help="share of patches to delete, phase 2")
    parser.add_argument("--validate-every", type=int, default=200, help="steps")
    parser.add_argument("--save-every", type=float, default=240, help="seconds")
    parser.add_argument("--keep", type=int, nargs="+", default=[], metavar="STEP", help="after these, a step file as the archive has them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reduced", action="store_true", help="the fixture size of the run, for trying things out")
    parser.add_argument("--no-compile", dest="compile", action="store_false")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args(words)


def configuration(options):
    """The architecture that the arguments ask for."""
    config = RUNS.get(options.run) or Config(**json.loads(pathlib.Path(options.run).read_text()))
    config = reduced(config) if options.reduced else config
    return dataclasses.replace(config, **{field: json.loads(value) for field, value in (pair.split("=") for pair in options.set)})


class Schedule:
    """How much of a phase is done, by steps or by the clock."""

    def __init__(self, options):
        self.steps = options.steps
        self.seconds = options.minutes * 60 if options.minutes else None
        self.end = None
        if options.until:
            hour, minute = map(int, options.until.split(":"))
            now = datetime.datetime.now(datetime.timezone.utc)
            self.end = now.replace(hour=hour, minute=minute, second=0, microsecond=0).timestamp()

    def progress(self, step, elapsed):
        """0 at the beginning, 1 when the phase is over."""
        if self.steps is not None:
            return min(step / self.steps, 1.0) if self.steps else 1.0
        if self.seconds:
            return min(elapsed / self.seconds, 1.0)
        left = max(self.end - time.time(), 0)
        return elapsed / (elapsed + left) if left else 1.0


class Trainer:
    def __init__(self, config, options):
        self.config, self.options = config, options
        torch.manual_seed(options.seed)
        self.device = torch.device(options.device)
        self.model = CPU1(config).to(self.device)
        training.close_gate(self.model)
        self.peak = options.rate or (3e-3 if config.ternary else 1e-3)
        self.optimizers = training.make_optimizers(self.model, options.optimizer)
        unit = config.patch_size
        self.text, self.held_out = load_text(options.data), load_text(options.heldout)
        self.windows = Windows(self.text, options.rows, options.positions, unit, options.seed)
        self.state = self.model.fresh_state(options.rows, self.device)
        self.teacher = files.load(options.teacher).to(self.device) if options.teacher else None
        self.teacher_state = self.teacher.fresh_state(options.rows, self.device) if self.teacher else None
        # Steps and seconds are those of the current phase; the gate's control belongs to phase 2.
        self.phase, self.step, self.elapsed = options.phase, 0, 0.0
        self.control = training.GateControl(options.share, config.delete_threshold, self.device)
        self.recent = []              # (bits, gradient norm, share) of the steps since the last line of the log
        self.schedule = Schedule(options)
        options.out.mkdir(parents=True, exist_ok=True)
        self.checkpoint, self.log = options.out / "checkpoint.pt", training.Log(options.out / "log.csv", COLUMNS)
        self.resume()

    def set_rates(self, progress):
        options = self.options
        # Phase 2 keeps the optimizer's averages of phase 1, unless it begins with the weights of a file.
        new = self.phase == 1 or options.start_from
        peak = self.peak * (min(1, (self.step + 1) / options.warmup) if new else 1)
        if self.phase == 1:
            rate = peak * (1 - (1 - options.floor) * progress)
            decay = options.weight_decay if progress < options.decay_until else 0.0
        else:
            rate, decay = peak * options.floor * (1 - progress), 0.0
        training.set_rates(self.optimizers, rate, decay, 0.0 if self.phase == 1 else training.gate_rate(self.step, progress))
        return rate

    def train_step(self, progress):
        units, fresh = self.windows.next()
        units, fresh = units.to(self.device), fresh.to(self.device)
        state = self.state * ~fresh[:, None]
        with training.precision(self.device):
            logits, targets, state, delete_logits = self.model.predict(units, state, "train" if self.phase == 2 else "off", fresh)
            total = nats = model_module.cross_entropy(logits, targets)
            if self.teacher and (self.phase == 2 or progress >= self.options.teacher_from):
                mix = self.options.teacher_share
                total = (1 - mix) * nats + mix * model_module.cross_entropy(logits, self.teach(units, fresh))
        self.state = state.detach()
        share = 0.0
        if delete_logits is not None:
            reward, share = self.control(delete_logits, progress)
            total = total + reward
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.options.clip)
        for optimizer in self.optimizers:
            if math.isfinite(norm):
                optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return float(nats.detach()), float(norm), float(share)

    @torch.no_grad()
    def teach(self, units, fresh):
        """What the teacher expects at each position, [N, V]; it reads the same text and keeps a state of its own."""
        logits, _, self.teacher_state, _ = self.teacher.predict(units, self.teacher_state * ~fresh[:, None])
        return torch.softmax(logits, -1)

    def validate(self, gate):
        """Bits per element over the held-out text, read in parallel rows, and the share of deleted patches.

        Not under `no_grad`, for which everything would be compiled once more.
        """
        options, total, deleted, count = self.options, 0.0, 0.0, 0
        state = self.model.fresh_state(options.rows, self.device)
        for units in validation_rows(self.held_out, options.rows, options.positions, self.config.patch_size):
            first = torch.full((options.rows,), count == 0, device=self.device)
            with training.precision(self.device):
                nats, state, logits = self.model.loss(units.to(self.device), state, "train" if gate else "off", first)
            state, total, count = state.detach(), total + float(nats.detach()), count + 1
            if logits is not None:
                deleted += float((torch.sigmoid(logits) > self.config.delete_threshold).float().mean())
        return total / count / math.log(2), deleted / count

    def save(self):
        """Written whole to another name first, so that a kill leaves the old checkpoint or the new one."""
        part = self.checkpoint.with_suffix(".part")
        torch.save({
            "config": self.config.to_dict(), "model": self.model.state_dict(), "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "phase": self.phase, "step": self.step, "elapsed": self.elapsed, "reward": float(self.control.reward),
            "recent": self.recent, "windows": self.windows.state(), "state": self.state, "teacher_state": self.teacher_state, "rng": torch.get_rng_state(),
        }, part)
        os.replace(part, self.checkpoint)

    def resume(self):
        if not self.checkpoint.exists():
            if self.options.start_from:
                self.warm_start(self.options.start_from)
            elif self.options.phase == 2:
                raise SystemExit(f"phase 2 goes on from phase 1, but {self.checkpoint} does not exist: train phase 1 first, or --start-from a file")
            self.log.begin()
            return
        saved = torch.load(self.checkpoint, weights_only=True, map_location=self.device)
        self.model.load_state_dict(saved["model"])
        for optimizer, state in zip(self.optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        self.windows.restore(saved["windows"])
        self.state = saved["state"].to(self.device)
        if self.teacher and saved.get("teacher_state") is not None:
            self.teacher_state = saved["teacher_state"].to(self.device)
        torch.set_rng_state(saved["rng"].cpu())
        if saved["phase"] == self.phase:
            self.step, self.elapsed = saved["step"], saved["elapsed"]
            self.control.reward.fill_(saved["reward"])
            self.recent = saved["recent"]
        elif saved["phase"] > self.phase:
            raise SystemExit(f"{self.checkpoint} is in phase {saved['phase']} already; give --phase {saved['phase']} or another --out")
        else:
            training.open_gate(self.model)
        # Rows of the log after the checkpoint belong to steps that will be taken again.
        self.log.cut(lambda row: (int(row[0]), int(row[1])) <= (saved["phase"], saved["step"]))

    def warm_start(self, path):
        """Takes the weights of a file; what it lacks, such as the norms of ternary layers, stays as it was made."""
        _, _, tensors = files.read(path)
        strange = set(tensors) - set(self.model.state_dict())
        if strange:
            raise SystemExit(f"{path} has tensors that this model lacks: {', '.join(sorted(strange))}")
        self.model.load_state_dict(tensors, strict=False)
        if self.phase == 2:
            training.open_gate(self.model)

    def keep(self):
        """A step file as the archive has them, with the state of the optimizer of most matrices."""
        phase = "" if self.phase == 1 else f"phase{self.phase}_"
        name = f"checkpoint_{self.config.run}_{phase}step{self.step}.pt"
        files.write_step(self.model, self.options.out / name, self.step, self.optimizers[0])

    def run(self):
        """Trains to the end of the phase."""
        options, began, saved_at = self.options, time.time() - self.elapsed, time.time()
        while (progress := self.schedule.progress(self.step, self.elapsed)) < 1:
            rate = self.set_rates(progress)
            nats, norm, share = self.train_step(progress)
            self.step += 1
            self.elapsed = time.time() - began
            self.recent.append((nats / math.log(2), norm, share))
            if self.step % 20 == 0:
                bits, norm, share = np.mean(self.recent, 0)
                self.recent = []
                held = self.validate(self.phase == 2) if self.step % options.validate_every == 0 else ("", "")
                self.elapsed = time.time() - began
                self.write_log(rate, bits, norm, share, *held)
            if self.step in options.keep:
                self.keep()
            if time.time() - saved_at >= options.save_every:
                self.save()
                saved_at = time.time()
        self.write_log(0.0, *(np.mean(self.recent, 0) if self.recent else ("", "", "")), *self.validate(self.phase == 2))
        self.save()

    def write_log(self, rate, bits, norm, share, held="", held_share=""):
        self.log.write(self.phase, self.step, round(self.elapsed, 1), self.windows.epoch, rate, bits, norm, share, held, held_share)


def load_text(path):
    """Bytes of a text, or token ids of an `.npy`."""
    return np.load(path) if path.suffix == ".npy" else np.frombuffer(path.read_bytes(), dtype=np.uint8)


def main():
    options = arguments()
    config = configuration(options)
    if options.phase == 2 and not config.delete_gate:
        raise SystemExit(f"{config.run} has no DeleteGate, so it has no phase 2")
    if options.compile:
        training.compile_layers()
    Trainer(config, options).run()


if __name__ == "__main__":
    main()
