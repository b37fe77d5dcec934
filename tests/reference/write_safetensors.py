#!/usr/bin/env python3
"""Writes models of tests/fixtures as safetensors files, as the package `safetensors` writes them.

    python tests/reference/write_safetensors.py [folder]

The folder is tests/fixtures/safetensors unless given. tests/safetensors.rs reads them, and the page's tests do.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"


def load(name):
    return torch.load(FIXTURES / f"{name}.pt")


def in_header(config):
    """The config as JSON in the header."""
    return {"format": "pt", "config": json.dumps(config)}


def each_as_text(config):
    """Every setting as a text of its own in the header, by Python's `str`."""
    return {key: str(value) for key, value in config.items()}


def side_by_side(state):
    """Codes, scale and shape of each ternary tensor as three tensors."""
    tensors = {}
    for name, tensor in state.items():
        if isinstance(tensor, dict):
            tensors |= {f"{name}.packed": tensor["packed"], f"{name}.scale": tensor["scale"],
                        f"{name}.shape": torch.tensor(tensor["shape"])}
        else:
            tensors[name] = tensor
    return tensors


def dtypes():
    """0, 1, 2, … in every type."""
    names = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "uint16", "bool")
    tensors = {name: torch.arange(6).reshape(2, 3).to(getattr(torch, name)) for name in names}
    return tensors | {"scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FIXTURES / "safetensors")
    folder = parser.parse_args().folder
    (folder / "run_02").mkdir(parents=True, exist_ok=True)
    unpacked, step, compact = load("run_14.unpacked"), load("run_02.step"), load("run_14.compact")
    save_file(unpacked["state_dict"], folder / "run_14.safetensors", in_header(unpacked["config"]))
    # As on the Hub: the config in a file of its own.
    save_file(step["model_state_dict"], folder / "run_02" / "model.safetensors", {"format": "pt"})
    (folder / "run_02" / "config.json").write_text(json.dumps(step["config"], indent=2) + "\n")
    save_file(side_by_side(compact["state"]), folder / "run_14.packed.safetensors", each_as_text(compact["config"]))
    save_file(dtypes(), folder / "dtypes.safetensors")


if __name__ == "__main__":
    main()
