"""Turns a checkpoint of `train.py` into a file of SPEC §3.

    python export.py data/run_14/checkpoint.pt model.pt [--flavour compact|unpacked|step]
"""

import argparse

import torch

import files
from config import Config
from model import CPU1


def main():
    parser = argparse.ArgumentParser(description="Turns a checkpoint of train.py into a model file.")
    parser.add_argument("checkpoint")
    parser.add_argument("out")
    parser.add_argument("--flavour", choices=("compact", "unpacked", "step"), default="compact")
    options = parser.parse_args()
    saved = torch.load(options.checkpoint, weights_only=True, map_location="cpu")
    shapes = {name: tuple(tensor.shape) for name, tensor in saved["model"].items()}
    model = CPU1(Config.from_dict(saved["config"], shapes))
    model.load_state_dict(saved["model"])
    if saved["phase"] == 1 and model.config.delete_gate:
        # A gate that phase 2 has not taught anything must not delete.
        with torch.no_grad():
            model.delete_gate.score.weight.zero_()
            model.delete_gate.score.bias.fill_(-10.0)
    if options.flavour == "step":
        files.write_step(model, options.out, saved["step"])
    else:
        {"compact": files.write_compact, "unpacked": files.write_unpacked}[options.flavour](model, options.out)


if __name__ == "__main__":
    main()
