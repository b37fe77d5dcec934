"""Fills in the card of the embedded model, `www/models/README.md`: its figures, its training and its samples.

    python card.py --training data/run_14 --twin data/run_14_float [--cpu1 ../../target/release/cpu1]

A training that went on in another folder is both, in this order.

Each table of the card stands between two marks and is written anew from what is measured here: the shipped model
is scored by `cpu1` and by this reference, its float twin by `cpu1`, both with the DeleteGate and without; the
packers are `xz` and `zstd` as they are on this machine. Samples are what `cpu1` writes, unedited.
"""

import argparse
import json
import lzma
import pathlib
import subprocess
import sys
import tempfile

import curves
import files
import inference

HERE = pathlib.Path(__file__).parent
MODELS = HERE / "../../www/models"
HELD_OUT = HERE / "data/heldout.txt"

# Where the prompts of the samples begin in the held-out text, each a chapter's title or its first example.
PLACES = [
    "## The `match` Control Flow Construct",
    "## Storing Keys with Associated Values in Hash Maps",
    "## Defining Shared Behavior with Traits",
    "## Processing a Series of Items with Iterators",
    "## Transfer Data Between Threads with Message Passing",
    "# Enumerations",
    "# Where clauses",
    "# How to write documentation",
    "```rust\nenum Coin {",
    "```rust\nuse std::sync::mpsc;\nuse std::thread;",
]
PROMPT = 200
WRITTEN = 400
SETTINGS = {"temperature": 0.7, "top-p": 0.9, "top-k": 0, "min-p": 0, "repetition-penalty": 1, "max-bytes": WRITTEN}


def prompts(text):
    """The first `PROMPT` bytes at each place, back to the end of a word."""
    for place in PLACES:
        start = text.index(place.encode())
        prompt = text[start:start + PROMPT]
        yield prompt[:max(prompt.rfind(b" "), prompt.rfind(b"\n"))].decode()


def samples(cpu1, model):
    words = [word for name, value in SETTINGS.items() for word in (f"--{name}", str(value))]
    lines = [f"`cpu1 generate {model.name} --prompt PROMPT {' '.join(words)} --seed N`, N from 1 to {len(PLACES)} in this order.", ""]
    for seed, prompt in enumerate(prompts(HELD_OUT.read_bytes()), 1):
        made = run(cpu1, "generate", model, "--prompt", prompt, *words, "--seed", seed, "--json")
        written = json.loads(made)["text"].removeprefix(prompt)
        lines += [f"**{seed}.** The prompt:", "", "~~~~text", prompt, "~~~~", "", "The model goes on:", "", "~~~~text", written, "~~~~", ""]
    return "\n".join(lines[:-1])


def run(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout


def score(cpu1, model):
    """Bits per byte of the held-out text, by Rust."""
    return json.loads(run(cpu1, "score", model, HELD_OUT, "--json", "--threads", 1))["bits_per_byte"]


def exported(checkpoint, path, *words):
    """A file made of a checkpoint by `export.py`."""
    run(sys.executable, HERE / "export.py", checkpoint, path, *words)
    return path


def packed(folder, corpus):
    """Bits per byte of packers: by themselves, and with what they can bring along of the training text."""
    def zstd(*words):
        return len(subprocess.run(["zstd", "-19", "-q", *words, "-c", HELD_OUT], check=True, capture_output=True).stdout)

    text, dictionary = HELD_OUT.read_bytes(), pathlib.Path(folder) / "dictionary"
    subprocess.run(["zstd", "-q", "--train", corpus, "-B16384", "-o", dictionary], check=True)
    sizes = {
        "`xz -9e`": len(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME)),
        "`zstd -19 -D` a dictionary that `zstd --train` made of the training text (112,640 bytes)": zstd("-D", dictionary),
        "`zstd -19 --patch-from` the whole training text (8.5 MB)": zstd("--long=27", f"--patch-from={corpus}"),
    }
    return {name: 8 * size / len(text) for name, size in sizes.items()}


def figures(cpu1, model, twin, corpus):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "model.pt"
        rows = {"a uniform guess": 8.0} | packed(folder, corpus)
        if twin:
            float_off, float_on = (score(cpu1, exported(twin / "checkpoint.pt", file, "--flavour", "unpacked", *more)) for more in (["--without-gate"], []))
            rows |= {"the float twin, DeleteGate off": float_off, "the float twin": float_on}
        off, on = score(cpu1, exported(model, file, "--without-gate")), score(cpu1, model)
    text = HELD_OUT.read_bytes()
    bits, deleted = inference.score(files.load(model), text)
    rows |= {"this model, DeleteGate off": off, "**this model, as it ships**": on, "the same by PyTorch": sum(bits) / len(bits)}
    patches = len(text) // 4
    lines = ["| | bits per byte |", "|---|---|", *(f"| {name} | {value:.4f} |" for name, value in rows.items()), ""]
    against = f"Ternary against float: {off / float_off - 1:+.1%} with the gate off, {on / float_on - 1:+.1%} with it. " if twin else ""
    lines.append(f"{against}The gate deletes {deleted / patches:.1%} ({deleted:,} of {patches:,}) of the patches of that text and costs {on / off - 1:+.1%}.")
    return "\n".join(lines)


def history(training, twin):
    """The logs where the held-out text was measured; of the twin what was measured at the same steps."""
    beside = {row["total"]: row["heldout_bits"] for row in curves.read_training(twin)[0] if row["heldout_bits"] is not None} if twin else {}
    lines = ["| steps | phase | its steps | its minutes | rate | training, bits per byte | held out | deleted | the twin, held out |", "|---|---|---|---|---|---|---|---|---|"]
    measured = None
    for row in curves.read_training(training)[0]:
        # The last line of a phase says again what the one before it said, unless it ends between two.
        if row["heldout_bits"] is None or row["total"] == measured:
            continue
        measured = row["total"]
        bits = "" if row["bits"] is None else f"{row['bits']:.3f}"
        lines.append(f"| {row['total']:,.0f} | {row['phase']:.0f} | {row['step']:,.0f} | {row['seconds'] / 60:.1f} | {row['rate']:.2g} | "
                     f"{bits} | {row['heldout_bits']:.3f} | {row['heldout_deleted']:.1%} | {beside.get(row['total'], float('nan')):.3f} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--training", type=pathlib.Path, nargs="+", help="what train.py was given as --out [leaves the card's training as it is]")
    parser.add_argument("--twin", type=pathlib.Path, nargs="+", help="the same of the float twin")
    parser.add_argument("--model", type=pathlib.Path, default=MODELS / "cpu1-rust-docs.pt")
    parser.add_argument("--cpu1", type=pathlib.Path, default=HERE / "../../target/release/cpu1", help="`cargo build --release` makes it")
    parser.add_argument("--corpus", type=pathlib.Path, default=HERE / "data/corpus/train.bin")
    parser.add_argument("--card", type=pathlib.Path, default=MODELS / "README.md")
    options = parser.parse_args()
    text = options.card.read_text()
    parts = {
        "figures": lambda: figures(options.cpu1, options.model, options.twin and options.twin[-1], options.corpus),
        "samples": lambda: samples(options.cpu1, options.model),
    }
    if options.training:
        parts["training"] = lambda: history(options.training, options.twin)
    marks = {name: (f"<!-- {name}: written by card.py -->", f"<!-- /{name} -->") for name in parts}
    for begin, end in marks.values():
        if not 0 <= text.find(begin) < text.find(end):
            raise SystemExit(f"{options.card} has no place for what is measured: {begin} and, on a later line, {end}")
    for name, measured in parts.items():
        begin, end = marks[name]
        before, rest = text.split(begin)
        text = f"{before}{begin}\n\n{measured()}\n\n{end}{rest.split(end)[1]}"
    options.card.write_text(text)


if __name__ == "__main__":
    main()
