"""Writes the goldens of models that differ from the published runs in what SPEC §3 leaves open: widths, ranks,
numbers of local blocks, biases, optional norms. `tests/fixtures/variants/`, a file and what it scores and writes.

    python write_variants.py [NAME ...]

The seeds are chosen as in write_goldens.py, so that no rounding is close.
"""

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path

import files
import write_goldens
import torch
from config import RUNS, reduced
from model import CPU1
from quant import Linear

FOLDER = write_goldens.FIXTURES / "variants"


def all_names(model):
    return set(model.state_dict())


def biased(model):
    """Biases on every linear layer and every norm."""
    norms = {f"{name}.bias" for name, module in model.named_modules() if type(module).__name__ == "RMSNorm"}
    return all_names(model) | norms | {f"{name}.bias" for name, module in model.named_modules() if isinstance(module, Linear)}


def without(*parts):
    return lambda model: {name for name in all_names(model) if not any(part in name for part in parts)}


def everything(model):
    dropped = without("out_norm", "down_norm", "ffn.gate", "decay", "positions")(model)
    return {name for name in biased(model) if name in dropped or name.endswith("bias") and name.removesuffix("bias") + "weight" in dropped}


# name -> (run, flavour, what differs in its widths, which tensors it has)
VARIANTS = {
    "local_width": ("run_07", "compact", dict(local_width=20, local_ff=28, byte_width=6), all_names),
    "local_blocks": ("run_14", "compact", dict(local_layers=3), all_names),
    "rank": ("run_09", "step", dict(fp_residual_rank=8, pfnet_hidden=10, delete_hidden=20), all_names),
    "biases": ("run_07", "step", {}, biased),
    "biases_float": ("run_02", "step", {}, biased),
    "biases_tokens": ("run_13", "unpacked", {}, biased),
    "biases_heads": ("run_02a_byte_only_heads", "compact", {}, biased),
    "no_subln": ("run_07", "compact", {}, without("out_norm", "down_norm")),
    "no_subln_attention": ("run_08", "step", {}, without("out_norm", "down_norm")),
    "two_matrices": ("run_04", "compact", {}, without("ffn.gate")),
    "two_matrices_float": ("run_02", "compact", {}, without("ffn.gate")),
    "no_decay": ("run_06", "compact", {}, without("decay", "positions")),
    # Sizes that coincide, so that shapes alone do not tell the roles.
    "ffn_as_wide": ("run_07", "compact", dict(d_ff=24), all_names),
    "ffn_as_wide_attention": ("run_08", "compact", dict(d_ff=24), all_names),
    "local_as_wide": ("run_07", "compact", dict(local_width=24, local_ff=24, byte_width=24), all_names),
    "gate_of_256": ("run_14", "compact", dict(delete_hidden=256), all_names),
    "gate_as_wide": ("run_14", "compact", dict(delete_hidden=24), all_names),
    "everything": ("run_09", "compact", dict(local_width=20, local_ff=28, local_layers=3, fp_residual_rank=8), everything),
}


def write(name):
    run, flavour, widths, tensors = VARIANTS[name]
    config = dataclasses.replace(reduced(RUNS[run]), **widths)
    names = tensors(CPU1(config))
    first = 1000 * list(VARIANTS).index(name)
    for seed in range(first, first + 1000):
        text, prompt, short = write_goldens.texts(config, seed)
        model = write_goldens.lively(config, seed, text, names)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.pt"
            if flavour == "step":
                files.write_step(model, path, 1000)
            else:
                write_goldens.NAMES[flavour](model, path)
            loaded = files.load(path)
            with write_goldens.Margins() as margins:
                if config.delete_gate:
                    loaded.delete_gate.register_forward_hook(margins.watch_gate)
                golden = write_goldens.results(loaded, text, prompt, short, margins)
            if not golden or not margins.wide():
                continue
            if not write_goldens.agree(golden, write_goldens.results(files.load(path, torch.float64), text, prompt, short)):
                continue
            (FOLDER / f"{name}.pt").write_bytes(path.read_bytes())
        golden = {"variant": name, "run": run, "flavour": flavour, "text": text} | golden
        (FOLDER / f"{name}.json").write_text(json.dumps(golden) + "\n")
        print(f"{name}: seed {seed}, {golden['bits_per_byte']:.3f} bits", flush=True)
        return
    raise SystemExit(f"{name}: none of a thousand seeds keeps clear of ties")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    FOLDER.mkdir(exist_ok=True)
    for name in parser.parse_args().names or VARIANTS:
        write(name)


if __name__ == "__main__":
    main()
