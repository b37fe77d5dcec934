"""Draws the losses that `train.py` logged, of one training or of several side by side.

    python curves.py data/run_14 [data/twin ...] --out curves.svg [--names ternary "float twin"]

A training that went on in another folder is both, with a comma between: `data/run_14,data/run_14_second`. Thin lines
are the training text, thick ones the held-out text; dotted lines are where a phase begins.
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


def read_training(folders):
    """The rows of a training's logs one after the other, with all steps until then as "total"; and where phases begin."""
    rows, starts, done, before = [], [], 0, None
    for folder in folders:
        for row in read_log(folder):
            if before is not None and (folder, row["phase"]) != before:
                starts.append(done := rows[-1]["total"])
            before = (folder, row["phase"])
            rows.append(row | {"total": done + row["step"]})
    return rows, starts


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
    parser.add_argument("trainings", nargs="+", help="what train.py was given as --out")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="an SVG")
    parser.add_argument("--names", nargs="+", help="of the trainings [their folders]")
    options = parser.parse_args()
    made, axes = figure()
    for number, training in enumerate(options.trainings):
        rows, starts = read_training(map(pathlib.Path, training.split(",")))
        name, colour = (options.names or options.trainings)[number], f"C{number}"
        for column, width, what in (("bits", 0.6, "training"), ("heldout_bits", 2, "held out")):
            known = [(row["total"], row[column]) for row in rows if row[column] is not None]
            axes.plot(*zip(*known), color=colour, linewidth=width, label=f"{name}, {what}: {known[-1][1]:.3f}")
        for start in starts:
            axes.axvline(start, color="grey", linestyle=":", linewidth=1)
    axes.set(xlabel="steps", ylim=(None, 3))
    axes.legend(fontsize="small")
    save(made, options.out)


if __name__ == "__main__":
    main()
