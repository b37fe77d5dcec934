"""Draws the losses that `train.py` logged, of one training or of several side by side.

    python curves.py data/run_14 [data/twin ...] --out curves.svg [--names ternary "float twin"]

Thin lines are the training text, thick ones the held-out text; a dotted line is where phase 2 begins.
"""

import argparse
import csv
import pathlib

import matplotlib

matplotlib.use("svg")
# The same curves give the same file; a plot is looked at on light and on dark pages.
matplotlib.rcParams |= {"svg.hashsalt": "cpu1", "svg.fonttype": "none", "font.family": "sans-serif", "figure.facecolor": "white"}
from matplotlib import pyplot  # noqa: E402 (after the settings)


def read_log(folder):
    """The rows of a log, as numbers; what was not measured at a step is None."""
    with (folder / "log.csv").open() as log:
        return [{key: float(value) if value else None for key, value in row.items()} for row in csv.DictReader(log)]


def steps_before(rows):
    """For each row the steps of its training until then, over both phases."""
    first = max((row["step"] for row in rows if row["phase"] == 1), default=0)
    return [row["step"] + (first if row["phase"] == 2 else 0) for row in rows], first


def figure():
    """An empty plot of bits per byte."""
    made, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    axes.set(ylabel="bits per byte")
    axes.grid(alpha=0.3)
    return made, axes


def save(made, path):
    made.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", type=pathlib.Path, nargs="+", help="what train.py was given as --out")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="an SVG")
    parser.add_argument("--names", nargs="+", help="of the trainings [their folders]")
    options = parser.parse_args()
    made, axes = figure()
    for number, folder in enumerate(options.folders):
        rows = read_log(folder)
        steps, first = steps_before(rows)
        name, colour = (options.names or [path.name for path in options.folders])[number], f"C{number}"
        for column, width, what in (("bits", 0.6, "training"), ("heldout_bits", 2, "held out")):
            known = [(step, row[column]) for step, row in zip(steps, rows) if row[column] is not None]
            axes.plot(*zip(*known), color=colour, linewidth=width, label=f"{name}, {what}: {known[-1][1]:.3f}")
        if first < steps[-1]:
            axes.axvline(first, color=colour, linestyle=":", linewidth=1)
    axes.set(xlabel="steps", ylim=(None, 4))
    axes.legend(fontsize="small")
    save(made, options.out)


if __name__ == "__main__":
    main()
