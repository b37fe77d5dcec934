"""Writes a checkpoint of a run at its full size with random weights, to measure loading and speed with.

    python write_full_size.py RUN {unpacked,compact,step} FILE
    python write_full_size.py --shapes       names and shapes of every run's tensors, tests/fixtures/full_size.json

A step file has its optimizer's state, as most of the archive's have. The DeleteGate deletes nothing, so that
every patch costs a whole pass.
"""

import argparse
import json
import pathlib
import sys

import torch

import files
import write_goldens
from config import RUNS
from model import CPU1


def random_model(run):
    torch.manual_seed(0)
    model = CPU1(RUNS[run]).bfloat16().float()   # the archive's weights were trained in bfloat16
    if model.config.delete_gate:
        torch.nn.init.constant_(model.delete_gate.score.bias, -100.0)
    return model


def shapes(run):
    """Names and shapes, those of the first block standing for all of the backbone: `blocks.*`."""
    with torch.device("meta"):
        state = CPU1(RUNS[run]).state_dict()
    listed = {name.replace("blocks.0.", "blocks.*.", 1) if name.startswith("blocks.") else name: list(tensor.shape)
              for name, tensor in state.items() if not name.startswith("blocks.") or name.startswith("blocks.0.")}
    return {"config": RUNS[run].to_dict(), "tensors": listed}


def main():
    if sys.argv[1:] == ["--shapes"]:
        lines = [f"{json.dumps(run)}: {json.dumps(shapes(run))}" for run in RUNS]
        (write_goldens.FIXTURES / "full_size.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
        return
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("run", choices=RUNS)
    parser.add_argument("flavour", choices=write_goldens.NAMES)
    parser.add_argument("file", type=pathlib.Path)
    arguments = parser.parse_args()
    model = random_model(arguments.run)
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    # Under another name first: a file that is there is a whole one.
    unfinished = arguments.file.with_suffix(".part")
    if arguments.flavour == "step":
        files.write_step(model, unfinished, 1000, write_goldens.step_optimizer(model))
    else:
        write_goldens.NAMES[arguments.flavour](model, unfinished)
    unfinished.rename(arguments.file)
    print(f"{arguments.file}: {arguments.file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
