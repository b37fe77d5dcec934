"""What makes ternary weights learn: small models on equal budgets, one change each.

    python recipe.py --out data/recipe [--only NAME ...]

trains those that are not finished (kill and repeat as you like) and then writes the table between the marks in
`README.md`, whose rows stay where nothing newer is known, and `recipe.svg`. The model is run_14 at about a quarter of
its size; every variation reads the same bytes in the same order, and none sees the held-out text but to be measured.
"""

import argparse
import pathlib
import re
import subprocess
import sys

import curves

HERE = pathlib.Path(__file__).parent

SIZE = ["d_model=192", "n_layers=6", "d_ff=512", "local_width=96", "local_ff=256"]
FLOAT = ["ternary=false", "activation_bits=0"]
STEPS = 400
ROWS = 16

# name -> (what it is, fields of Config that differ, arguments of train.py that differ)
VARIATIONS = {
    "base": ("ternary from the first step, rate 3e-3", [], {}),
    "rate 3e-4": ("a tenth of the rate, usual for floats", [], {"rate": 3e-4}),
    "rate 1e-3": ("a third of the rate", [], {"rate": 1e-3}),
    "rate 6e-3": ("twice the rate", [], {"rate": 6e-3}),
    "rate 1e-2": ("more than three times the rate", [], {"rate": 1e-2}),
    "muon": ("Muon for the ternary matrices, rate 3e-3", [], {"optimizer": "muon"}),
    "muon 1e-3": ("the same at a third of the rate", [], {"optimizer": "muon", "rate": 1e-3}),
    "muon, half the batch": ("Muon, 8 rows a step, twice the steps", [], {"optimizer": "muon", "rows": ROWS // 2, "steps": STEPS * 2}),
    "half the batch": ("8 rows a step, twice the steps", [], {"rows": ROWS // 2, "steps": STEPS * 2}),
    "twice the batch": ("32 rows a step, half the steps", [], {"rows": ROWS * 2, "steps": STEPS // 2}),
    "another seed": ("the base again, other weights to begin with and another order of the text", [], {"seed": 3}),
    "decay throughout": ("weight decay to the end", [], {"decay-until": 1}),
    "no clipping": ("gradients as they come", [], {"clip": 1e9}),
    "no SubLN": ("without the norms before the last matrix of mixers and FFNs", ["sub_ln=false"], {}),
    "no FPResidual": ("without the float path of rank 12", ["fp_residual_rank=0"], {}),
    "no Bolmo": ("without boundary-aware byte vectors", ["bolmo=false"], {}),
    "distilled": ("0.7 of the loss is what the float twin expects", [], {}),
    "distilled late": ("the same from the middle on", [], {"teacher-from": 0.5}),
    "float 3e-4": ("the float twin at a tenth of the rate", FLOAT, {"rate": 3e-4}),
    "float 1e-3": ("the float twin at a third of the rate", FLOAT, {"rate": 1e-3}),
    "float 3e-3": ("the float twin at the rate of the base", FLOAT, {"rate": 3e-3}),
    "float 6e-3": ("the float twin at twice the rate", FLOAT, {"rate": 6e-3}),
    "float muon": ("the float twin by Muon, rate 3e-3", FLOAT, {"optimizer": "muon", "rate": 3e-3}),
    "warm start": ("half of the budget in float with SubLN at a steady rate, the other half ternary", [], {"steps": STEPS // 2, "seed": 2}),
}
# variation -> (the argument that names a file, the folder of the model that is trained for it before, its fields and arguments)
BEFORE = {
    "warm start": ("start-from", "warm_start_float", [*FLOAT, "sub_ln=true"], {"rate": 3e-3, "floor": 1, "steps": STEPS // 2}),
    "distilled": ("teacher", "float_3e-3", FLOAT, {"rate": 3e-3}),
    "distilled late": ("teacher", "float_3e-3", FLOAT, {"rate": 3e-3}),
}


def train(out, fields, changed, options):
    """Trains one model to its end, unless it is there already."""
    arguments = {"steps": STEPS, "rows": ROWS, "validate-every": 100, "save-every": 120, "out": out, **options} | changed
    if finished(out, arguments["steps"]):
        return
    words = [word for name, value in arguments.items() for word in (f"--{name}", str(value))]
    subprocess.run([sys.executable, HERE / "train.py", "run_14", "--set", *SIZE, *fields, *words], check=True)


def finished(out, steps):
    log = out / "log.csv"
    last = curves.read_log(out)[-1:] if log.exists() else []
    return bool(last) and last[0]["step"] == steps and last[0]["rate"] == 0


def train_all(folder, names, data):
    for name in names:
        _, fields, changed = VARIATIONS[name]
        out = folder / name.replace(" ", "_")
        if name in BEFORE:
            argument, before, before_fields, before_changed = BEFORE[name]
            train(folder / before, before_fields, before_changed, data)
            file = folder / before / "model.pt"
            subprocess.run([sys.executable, HERE / "export.py", folder / before / "checkpoint.pt", file, "--flavour", "unpacked"], check=True)
            changed = changed | {argument: file}
        train(out, fields, changed, data)


def results(folder):
    """(name, what it is, bits per byte held out, curve of (share of the budget, bits)) of what is finished, best first."""
    found = []
    for name, (what, _, changed) in VARIATIONS.items():
        out, steps = folder / name.replace(" ", "_"), changed.get("steps", STEPS)
        if finished(out, steps):
            rows = [row for row in curves.read_log(out) if row["heldout_bits"]]
            curve = [(row["step"] / steps, row["heldout_bits"]) for row in rows]
            found.append((name, what, curve[-1][1], curve))
    return sorted(found, key=lambda result: result[2])


def table(found, old):
    """One row for each variation, best first: what was found now, or what the old table says."""
    known = {name: float(bits) for name, bits in re.findall(r"^\| ([^|]+) \| [^|]+ \| ([\d.]+) \|", old, re.MULTILINE)}
    known |= {name: bits for name, _, bits, _ in found}
    base = known["base"]
    lines = ["| variation | what it is | bits per byte, held out | to the base |", "|---|---|---|---|"]
    for name, bits in sorted(known.items(), key=lambda item: item[1]):
        lines.append(f"| {name} | {VARIATIONS[name][0]} | {bits:.3f} | {'' if name == 'base' else f'{bits / base - 1:+.1%}'} |")
    return "\n".join(lines)


def plot(found, path):
    made, axes = curves.figure()
    for name, _, bits, curve in found:
        share, heights = zip(*curve)
        axes.plot(share, heights, label=f"{name}  {bits:.3f}", linestyle="--" if name.startswith("float") else "-")
    axes.set(xlabel="share of the budget", ylabel="bits per byte, held out", ylim=(None, 4))
    axes.legend(fontsize="small")
    curves.save(made, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for checkpoints and logs")
    parser.add_argument("--only", nargs="+", choices=VARIATIONS, default=list(VARIATIONS))
    parser.add_argument("--data", type=pathlib.Path, default=HERE / "data/corpus/train.bin")
    options = parser.parse_args()
    train_all(options.out, options.only, {"data": options.data})
    found = results(options.out)
    readme, marks = HERE / "README.md", ("<!-- recipe: written by recipe.py -->", "<!-- /recipe -->")
    text = readme.read_text()
    start, end = text.index(marks[0]) + len(marks[0]), text.index(marks[1])
    readme.write_text(f"{text[:start]}\n\n{table(found, text[start:end])}\n\n{text[end:]}")
    plot(found, HERE / "recipe.svg")


if __name__ == "__main__":
    main()
