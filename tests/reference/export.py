"""Turns a checkpoint of `train.py`, or any file of SPEC §3, into a file of another flavour.

    python export.py data/run_14/checkpoint.pt model.pt [--flavour compact|unpacked|step] [--without-gate]

A compact file holds no latent weights, so what is made from one is ternary too.
"""

import argparse

import torch

import files
from config import Config
from model import CPU1, DeleteGate


def load(path):
    """The model, with its latent weights where the file has them, and the step of its training (0: unknown)."""
    saved = torch.load(path, weights_only=True, map_location="cpu")
    if "windows" not in saved:
        return files.load(path), saved.get("step", 0)
    shapes = {name: tuple(tensor.shape) for name, tensor in saved["model"].items()}
    model = CPU1(Config.from_dict(saved["config"], shapes)).fit(shapes)
    model.load_state_dict(saved["model"])
    return model, saved["step"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint")
    parser.add_argument("out")
    parser.add_argument("--flavour", choices=("compact", "unpacked", "step"), default="compact")
    parser.add_argument("--without-gate", action="store_true", help="the DeleteGate deletes nothing, to compare with")
    options = parser.parse_args()
    model, step = load(options.checkpoint)
    if options.without_gate:
        with torch.no_grad():
            model.delete_gate.score.bias.fill_(DeleteGate.CLOSED)
    if options.flavour == "step":
        files.write_step(model, options.out, step)
    else:
        {"compact": files.write_compact, "unpacked": files.write_unpacked}[options.flavour](model, options.out)


if __name__ == "__main__":
    main()
