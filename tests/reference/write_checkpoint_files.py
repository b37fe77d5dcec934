#!/usr/bin/env python3
"""Writes the small torch files that tests/hostile/ and the checkpoint's tests read.

    python tests/reference/write_checkpoint_files.py [folder]

The folder is tests/fixtures/checkpoint unless given. Every value is set by a formula that the
tests repeat, and nothing depends on the version of torch but the archive's serialization id.
"""

import argparse
import collections
import datetime
import decimal
import enum
import fractions
import functools
import random
import sys
import uuid
import zoneinfo
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from torch import nn

CONFIG = {
    "run": "run_00",
    "d_model": 6,
    "norm_eps": 1e-6,
    "ternary": True,
    "window": None,
    "big": 1 << 40,
    "negative": -70000,
    "huge": 1 << 100,
    "name": "Grüße",
    "sizes": (1, 2, 300),
    "nested": {"betas": [0.9, 0.95], "empty": {}, "dtype": torch.bfloat16, "shape": torch.Size([2, 3])},
}


def ramp(*shape, dtype=torch.float32):
    """0, 0.25, 0.5, … in row-major order: exact in every float type."""
    count = 1
    for size in shape:
        count *= size
    return (torch.arange(count, dtype=torch.float32) / 4).reshape(shape).to(dtype)


def pack(weights):
    """Four codes (weight + 1) a byte, lowest bits first, row-major."""
    codes = [int(w) + 1 for w in weights.flatten()]
    codes += [0] * (-len(codes) % 4)
    quads = zip(*(codes[i::4] for i in range(4)))
    return torch.tensor([a | b << 2 | c << 4 | d << 6 for a, b, c, d in quads], dtype=torch.uint8)


def ternary(*shape):
    """-1, 0, 1, -1, … in row-major order."""
    count = 1
    for size in shape:
        count *= size
    return (torch.arange(count) % 3 - 1).reshape(shape)


class Settings:
    """A config as an object; its class is unknown to any reader."""

    def __init__(self):
        self.d_model = 6
        self.mixer = "mlgru"


class Mixer(enum.Enum):
    MLGRU = "mlgru"


class Slotted:
    """Attributes in slots, and in a dict too."""

    __slots__ = ("size", "__dict__")

    def __init__(self):
        self.size = 6
        self.name = "slotted"


class Node:
    """A tree whose children know their parents, as OmegaConf's containers do."""

    def __init__(self, parent=None):
        self.parent = parent
        self.children = {"below": Node(self)} if parent is None else {}
        self.value = 7


class Loss(list):
    """A kind of list."""


class Marked(torch.Tensor):
    """A tensor subclass, which torch pickles through another function."""


def views():
    base = ramp(4, 6)
    cube = ramp(2, 3, 4)
    return collections.OrderedDict(
        base=base,
        transposed=base.t(),
        rows=base[1:3],
        columns=base[:, 2:4],
        every_second=base[::2, 1::2],
        permuted=cube.permute(2, 0, 1),
        one_row=base[2:3],
        last=base[3, 5],
    )


def dtypes():
    return {
        **{
            name: ramp(2, 3, dtype=getattr(torch, name))
            for name in ("float32", "float16", "bfloat16", "float64")
        },
        **{
            name: torch.arange(6).reshape(2, 3).to(getattr(torch, name))
            for name in ("uint8", "int8", "int16", "int32", "int64", "bool")
        },
        "uint16": torch.arange(4).to(torch.uint16),
        "complex64": torch.zeros(2, dtype=torch.complex64),
        "float8_e4m3fn": ramp(2, 3, dtype=torch.float8_e4m3fn),
        "float8_e5m2": ramp(2, 3, dtype=torch.float8_e5m2),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        "subclass": ramp(3).as_subclass(Marked),
        "parameter": nn.Parameter(ramp(2, 2)),
    }


def metadata():
    """Values of every kind that stands beside weights."""
    deep = []
    for _ in range(300):
        deep = [deep]
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    inside = {}
    inside["me"] = inside
    return {
        "times": [datetime.datetime(2025, 1, 1, tzinfo=zone), datetime.timedelta(1), zone],
        "numbers": [decimal.Decimal("1.5"), fractions.Fraction(1, 3), 1j, 1 << 80, uuid.UUID(int=7)],
        "paths": [PurePosixPath("/a/b"), functools.partial(print, "x", end=""), range(3), slice(1), len, int],
        "collections": [
            collections.defaultdict(list, a=[1]),
            collections.Counter("aab"),
            collections.deque([1, 2], 5),
            collections.ChainMap({"a": 1}),
            frozenset([1]),
            {2},
            bytearray(b"\x00\xff"),
            b"\x80",
        ],
        "classes": [Settings(), Slotted(), Mixer.MLGRU, Node(), Loss([1.5]), Mixer],
        "random": [random.getstate(), np.random.get_state(), np.random.default_rng(1), torch.device("cpu")],
        "arrays": [np.arange(3), np.array(["a", None]), np.array([1.5], ">f8"), np.dtype("f4"), np.float16(0.5)],
        "history": [{"step": i, "loss": i / 8, "lr": np.float32(0.5)} for i in range(300)],
        "deep": deep,
        "inside": inside,
        "mask": torch.zeros(1, 1).expand(64, 64),
        "sparse": torch.eye(3).to_sparse(),
        "nothing": torch.zeros(2, 3, device="meta"),
    }


def with_metadata():
    scalars = {"heads": np.int64(4), "eps": np.float32(0.5), "tied": np.bool_(True), "big": np.array(3.0, ">f8")[()]}
    config = {**scalars, "mixer": Mixer.MLGRU, "tree": Node(), "path": PurePosixPath("a"), "slots": Slotted()}
    return {"config": config, "state_dict": {"a.weight": ramp(3, 4)}} | metadata()


def arrays():
    """Weights as numpy has them."""
    base = ramp(4, 6).numpy()
    types = {code: base.astype(code) for code in ("f2", "f4", "f8", "i1", "u1", "i8", "?")}
    return {
        **types,
        "fortran": np.asfortranarray(base),
        "transposed": base.T,
        "scalar": np.array(2.5, "f4"),
        "empty": np.zeros((0, 3), "f4"),
        "big": base.astype(">f4"),
        "complex": base.astype("c8"),
    }


def scaled():
    """Weights of eight bits and of two with scales beside them, as others name these."""
    whole = (torch.arange(8) - 4).to(torch.int8).reshape(2, 4)
    return {
        "rows.weight": whole,
        "rows.weight_scale": torch.tensor([[0.5], [0.25]]),
        "bytes.weight": whole.clone(),
        "bytes.SCB": torch.tensor([127.0, 63.5]),
        "floats.weight": whole.to(torch.float8_e4m3fn),
        "floats.weight_scale": torch.tensor(2.0, dtype=torch.bfloat16),
        # Four rows in each row of bytes, one of each quarter.
        "two_bits.weight": torch.tensor([[0b00_10_01_00, 0b10_10_00_01], [0b01_01_01_10, 0b00_00_00_00]]).to(torch.uint8),
        "two_bits.weight_scale": torch.tensor([0.5]),
        "alone.weight": whole.clone(),
        "norm": ramp(4),
    }


def step():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(6, 5), nn.LayerNorm(5), nn.Linear(5, 3))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(ramp(*parameter.shape))
    model = model.to(torch.bfloat16)
    optimizer = torch.optim.AdamW(model.parameters())
    model(ramp(2, 6, dtype=torch.bfloat16)).sum().backward()
    optimizer.step()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(ramp(*parameter.shape))
    return {
        "step": 1234,
        "loss": torch.tensor(1.5),
        "config": CONFIG,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "rng_state": torch.arange(40, dtype=torch.uint8),
    }


def compact():
    weight = ternary(5, 7)
    aligned = ternary(3, 8)
    rows = torch.stack([pack(row) for row in weight])
    scale = torch.tensor(0.375, dtype=torch.bfloat16)
    return {
        "format": "compact_2bit",
        "config": CONFIG,
        "state": {
            "odd.weight": {"packed": pack(weight), "scale": scale, "shape": (5, 7)},
            "aligned.weight": {"packed": pack(aligned), "scale": scale.clone(), "shape": aligned.shape},
            "rows.weight": {"packed": rows, "scale": 0.5, "shape": [5, 7]},
            "norm.weight": ramp(7, dtype=torch.bfloat16),
        },
    }


def files():
    weights = {"a.weight": ramp(3, 4), "b.weight": ramp(5)}
    tied = ramp(4, 3)
    module = nn.Sequential(nn.Linear(2, 3, bias=False))
    with torch.no_grad():
        module[0].weight.copy_(ramp(3, 2))
    suffixed = {"norm.weight": ramp(7), "w.packed": pack(ternary(5, 7))}
    suffixed |= {"w.scale": torch.tensor([0.5]), "w.shape": (5, 7)}
    group = {"packed": pack(ternary(4)), "scale": torch.tensor(1.0), "shape": (4,)}
    unusual = group | {"packed": torch.tensor([0b11], dtype=torch.uint8), "shape": (1,)}
    return {
        "unpacked": {"config": CONFIG, "state_dict": weights},
        "views": {"state_dict": views()},
        "metadata": with_metadata(),
        "numpy": {"state_dict": arrays()},
        "scaled": {"state_dict": scaled()},
        "unused": {"state_dict": {"w": ramp(2), "mask": torch.zeros(1, 1).expand(8, 8)}},
        "sparse": {"state_dict": {"ok": ramp(2), "w": torch.eye(3).to_sparse()}},
        "dtypes": {"state_dict": dtypes()},
        "step": step(),
        "compact": compact(),
        "suffixed": {"state": suffixed},
        "bare": weights,
        "nested": {"model": {"embed": {"weight": ramp(2, 2)}, "blocks": [{"w": ramp(3)}, {"w": ramp(2)}]}},
        "averaged": {"model": weights, "model_ema": {"decay": 0.99, "shadow": {"a.weight": ramp(3, 4), "b.weight": ramp(5)}}},
        "tied": {"state_dict": {"embed.weight": tied, "head.weight": tied}},
        "settings": {"config": Settings(), "state_dict": weights},
        "module": {"model": module},
        "code_3": {"state": {"w": unusual}},
        "scale_nan": {"state": {"w": group | {"scale": torch.tensor(float("nan"))}}},
        "scale_inf": {"state": {"w": group | {"scale": torch.tensor(float("inf"), dtype=torch.bfloat16)}}},
        "scale_negative": {"state": {"w": group | {"scale": -0.5}}},
        "scale_many": {"state": {"w": group | {"scale": torch.ones(4)}}},
        "group_short": {"state": {"w": group | {"shape": (5,)}}},
        "group_no_scale": {"state": {"w": {key: group[key] for key in ("packed", "shape")}}},
        "expanded": {"state_dict": {"w": torch.ones(1).expand(100, 100)}},
        "windows": {"state_dict": {"w": ramp(9).as_strided((3, 3), (2, 1))}},
        "quantized": {"state_dict": {"ok": ramp(2), "w": torch.quantize_per_tensor(ramp(4), 0.1, 0, torch.qint8)}},
        "only_settings": {"config": CONFIG},
    }


def main():
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=here.parent / "fixtures" / "checkpoint")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    # Classes are pickled by module and name; these should not be called __main__.
    module = sys.modules["foreign_trainer"] = sys.modules["__main__"]
    for name in ("Settings", "Marked", "Mixer", "Slotted", "Node", "Loss"):
        getattr(module, name).__module__ = "foreign_trainer"
    for name, value in files().items():
        torch.save(value, folder / f"{name}.pt")
    unpacked = files()["unpacked"]
    torch.save(unpacked, folder / "protocol_4.pt", pickle_protocol=4)
    torch.save(unpacked, folder / "protocol_5.pt", pickle_protocol=5)
    for name, protocol in (("metadata", 5), ("numpy", 4), ("numpy", 5)):
        torch.save(files()[name], folder / f"{name}_{protocol}.pt", pickle_protocol=protocol)
    torch.save(unpacked, folder / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.serialization.set_crc32_options(False)
    torch.save(unpacked, folder / "no_checksums.pt")
    torch.serialization.set_crc32_options(True)
    torch.jit.script(nn.Linear(2, 2)).save(folder / "torchscript.pt")


if __name__ == "__main__":
    main()
