"""Trains small models under other dialects than ours (SPEC §5), for `cpu1 probe` to find: `tests/fixtures/dialects/`.

    python train_dialects.py [NAME ...] [--steps N]
    python train_dialects.py --goldens

A file says nothing of its dialect. `<name>.json` has the truth, a text that was not trained on, and what PyTorch scores on it.
`python train_dialects.py --readings` writes `readings.json`: what the random models of `tests/fixtures/` score under every single
reading, so that each is known to mean the same in Rust. `--table CPU1` probes all of them and writes the table of README.md.
"""

import argparse
import dataclasses
import json
import math
import random
import subprocess
import tempfile
import time
from pathlib import Path

import torch

import files
import inference
import world_texts
import write_goldens
from config import FLOAT, Config
from dialects import Dialect
from model import CPU1, P, PFNet

FOLDER = Path(__file__).parent.parent / "fixtures" / "dialects"
PATCHES, ROWS, RATE, TRAINED_BYTES, HELD_OUT_BYTES = 64, 8, 1e-2, 1 << 20, 4000

SMALL = dict(d_model=48, n_layers=2, d_ff=96, n_heads=4, local_width=32, local_ff=64, local_layers=1, delete_hidden=16)
ATTENTION = dict(mixer="attention", decay="none")
MLGRU = dict(mixer="mlgru", decay="channel")
RESIDUAL = dict(fp_residual_rank=6)
GATED = MLGRU | RESIDUAL | dict(bolmo=True, delete_gate=True)

# name -> (how it is written, what it is made of, its dialect)
MODELS = {
    "halves": ("step", ATTENTION | FLOAT, dict(rope="halves")),
    "heads": ("step", ATTENTION | FLOAT | dict(local_decoder=False), dict(heads="reversed")),
    "tanh": ("compact", MLGRU | RESIDUAL, dict(candidate="tanh")),
    "silu_gate": ("compact", MLGRU, dict(gate="silu", input="whole")),
    "product": ("compact", MLGRU | RESIDUAL, dict(forget="product")),
    "softplus": ("compact", MLGRU | RESIDUAL | dict(bolmo=True), dict(floor="exp_softplus")),
    "clamped": ("compact", MLGRU | dict(decay="scalar"), dict(floor="clamped", mixer_norm="before_gate")),
    "residual": ("compact", MLGRU | RESIDUAL, dict(residual="x", local_split="columns")),
    "block": ("compact", MLGRU | RESIDUAL, dict(residual="block_norm")),
    "relu2": ("compact", MLGRU | dict(pfnet_hidden=32), dict(pfnet="relu2", candidate="tanh")),
    "below": ("compact", GATED, dict(delete="below")),
    "rows": ("step", MLGRU | RESIDUAL, dict(weights="row")),
    "maximum": ("step", MLGRU, dict(weight_scale="max")),
    "inner": ("compact", MLGRU | RESIDUAL, dict(inner_norm="every", gate="silu")),
}


# Tales say little that small attention has to look back for; this model reads nothing else.
ECHOES = ("halves",)


def echoes(seed):
    """Documents of four words of a patch each, over and over."""
    rng = random.Random(seed)
    while True:
        words = ["".join(rng.choice(letters) for letters in ("bdfgklmnprstvz", "aeiou", "bdfgklmnprstvz")) for _ in range(4)]
        yield "".join(words[i % 4] + " " for i in range(40)).encode()


def text(name, held_out, length):
    """Documents, one after the other: tales of the world, or echoes."""
    found = bytearray()
    if name in ECHOES:
        documents = echoes(held_out)
    else:
        documents = (document + b"\n\n" for document in world_texts.documents(5, False, held_out))
    while len(found) < length:
        found += next(documents)
    return bytes(found[:length])


def fresh(config, seed):
    torch.manual_seed(seed)
    model = CPU1(config)
    with torch.no_grad():
        for module in model.modules():
            if hasattr(module, "decay"):
                bound = torch.sigmoid(module.decay)  # what a model of ours would begin with
                start = {"clamped": bound, "exp_softplus": -module.decay, "exp_exp": torch.log(-torch.log(bound))}
                module.decay.copy_(start.get(config.dialect.floor, module.decay))
            if isinstance(module, PFNet):
                module.up.weight.mul_(5)  # so that a short training makes use of it
    return model


def train(name, steps):
    flavour, parts, readings = MODELS[name]
    dialect = Dialect(**readings)
    config = dialect.applied_to(Config(run="", internal_name="", **(SMALL | parts)))
    model = fresh(config, sum(name.encode()))
    data = torch.frombuffer(bytearray(text(name, False, TRAINED_BYTES)), dtype=torch.uint8).long()
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.95), weight_decay=0.0)
    begun = time.time()
    for step in range(steps):
        progress = step / steps
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 30) * (0.05 + 0.95 * (1 - progress) ** 1.5)
        starts = torch.randint(len(data) - (PATCHES + 1) * P, (ROWS,))
        units = torch.stack([data[at:at + (PATCHES + 1) * P] for at in starts]).view(ROWS, -1, P)
        if dialect.target == "same":
            units = torch.cat([model.start(units), units], 1)
        gate = "train" if config.delete_gate and progress > 0.4 else "off"
        loss, _, gate_logits = model.loss(units, gate=gate)
        whole = loss
        if gate_logits is not None:
            gone = torch.sigmoid(-gate_logits if dialect.delete == "below" else gate_logits)
            whole = loss + 4 * (gone.mean() - 0.35).square()
        optimizer.zero_grad()
        whole.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 99:
            print(f"{name} {step + 1}: {loss.item() / math.log(2):.3f} bits, {time.time() - begun:.0f} s", flush=True)
    return model.eval()


def write(name, steps):
    model = train(name, steps)
    path = FOLDER / f"{name}.pt"
    # What people write down of a model is less than what it takes to read it.
    model.config = dataclasses.replace(model.config, dialect=Dialect(), norm_eps=1e-6, rope_base=1e4)
    if model.config.ternary:
        model.config = dataclasses.replace(model.config, activation_bits=8)
    if MODELS[name][0] == "compact":
        files.write_compact(model, path)
    else:
        files.write_step(model, path, steps)
    write_golden(name)


def write_golden(name):
    """The truth about a model that is trained."""
    path, dialect = FOLDER / f"{name}.pt", Dialect(**MODELS[name][2])
    held_out = list(text(name, True, HELD_OUT_BYTES))
    golden = {"dialect": dialect.differences(), "text": bytes(held_out).decode()}
    for key, read_under in (("bits_per_byte", dialect), ("bits_per_byte_as_ours", Dialect())):
        bits, _ = inference.score(files.load(path, torch.float64, read_under), held_out)
        golden[key] = sum(bits) / len(bits)
    print(f"{name}: {golden['bits_per_byte']:.3f} bits, read as ours {golden['bits_per_byte_as_ours']:.3f}, "
          f"{path.stat().st_size} bytes", flush=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(golden) + "\n")


def write_readings():
    """Every reading alone, of a random model that has the part in question, and a few together."""
    attention = ("rope", "rope_base", "local_rope")
    cases = []
    for field in dataclasses.fields(Dialect):
        file = "run_02a_byte_only_heads" if field.name == "heads" else "run_08" if field.name in attention else "run_06" if field.name == "residual" else "run_09"
        cases += [(file, {field.name: reading}) for reading in field.metadata["readings"][1:]]
    cases += [("run_09", dict(inner_norm="every", activations="float")), ("run_09", dict(weights="row", weight_scale="max")),
              ("run_09", dict(mixer_norm="before_gate", gate="silu", input="whole", forget="power", floor="clamped")),
              ("run_08", dict(rope="halves", target="same", start="space")), ("run_03", dict(forget="product", candidate="tanh"))]
    found = []
    for run, readings in cases:
        text = json.loads((FOLDER.parent / f"{run}.json").read_text())["text"]
        single, double = (files.load(FOLDER.parent / f"{run}.unpacked.pt", dtype, Dialect(**readings)) for dtype in (torch.float32, torch.float64))
        for cut in range(len(text), 16, -1):
            # Up to where no rounding is so close that another order of sums turns it.
            bits, _ = inference.score(double, text[:cut])
            others = [inference.score(single, text[:cut])[0]]
            for seed in range(6):
                with write_goldens.Jitter(seed):
                    others.append(inference.score(single, text[:cut])[0])
            if all(max(abs(a - b) for a, b in zip(bits, other)) < 1e-3 for other in others):
                break
        found.append({"run": run, "dialect": readings, "bytes": cut, "bits_per_byte": sum(bits) / len(bits)})
    (FOLDER / "readings.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in found) + "\n]\n")


def probe(program, name, text):
    path = FOLDER / f"{name}.pt"
    return json.loads(subprocess.run([program, "probe", path, "--json", *text], capture_output=True, check=True).stdout)


def write_table(program):
    """What the probe finds, into README.md."""
    rows = ["| model | its dialect | bits per byte | read as ours | found in plain English | found in its own text |", "|---|---|---|---|---|---|"]
    for path in sorted(FOLDER.glob("*.pt")):
        golden = json.loads(path.with_suffix(".json").read_text())
        with tempfile.NamedTemporaryFile() as own:
            own.write(golden["text"].encode())
            own.flush()
            found = [probe(program, path.stem, text) for text in ((), ("--text", own.name))]
        said = ["yes" if result["dialect"] == golden["dialect"] else f"`{json.dumps(result['dialect'])}`" for result in found]
        bits = f"{golden['bits_per_byte']:.3f} | {golden['bits_per_byte_as_ours']:.3f}"
        rows.append(f"| {path.stem} | `{json.dumps(golden['dialect'])}` | {bits} | {said[0]} | {said[1]} |")
        print(rows[-1], flush=True)
    readme = Path(__file__).parent / "README.md"
    begin, end = "<!-- dialects: written by train_dialects.py -->\n", "<!-- /dialects -->"
    before, rest = readme.read_text().split(begin)
    readme.write_text(before + begin + "\n" + "\n".join(rows) + "\n\n" + end + rest.split(end)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--readings", action="store_true")
    parser.add_argument("--goldens", action="store_true", help="of the models that are there")
    parser.add_argument("--table", metavar="CPU1", help="the program to probe with")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    if arguments.readings:
        return write_readings()
    if arguments.table:
        return write_table(arguments.table)
    if arguments.goldens:
        for path in sorted(FOLDER.glob("*.pt")):
            write_golden(path.stem)
        return None
    for name in arguments.names or MODELS:
        write(name, arguments.steps)


if __name__ == "__main__":
    main()
