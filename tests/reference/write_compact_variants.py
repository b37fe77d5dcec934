#!/usr/bin/env python3
"""Writes compact files as other people might: other keys, orders, bits, codes and scales.

    python tests/reference/write_compact_variants.py [folder]

The folder is tests/fixtures/checkpoint/packed unless given. tests/packings.rs reads them. A file whose
name begins with `no_` declares too little, or contradicts itself, and is to be refused; what one declares whose
name begins with `open_` has to be found in its codes and scales.
"""

import argparse
import math
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent


def ternary(rows, columns):
    """Weights of -1, 0 and 1 without a pattern that a wrong order would keep."""
    count = torch.arange(rows * columns)
    return ((count * count + count // 4) % 3 - 1).reshape(rows, columns)


def ramp(count):
    return torch.arange(count, dtype=torch.bfloat16) / 4


WEIGHTS = {"a.weight": ternary(5, 7), "b.weight": ternary(8, 12)}
OURS = (-1, 0, 1)
BF16 = torch.tensor(0.375, dtype=torch.bfloat16)


def byte(codes, high_first=False):
    """Four codes as one number."""
    return sum(code << 2 * (3 - i if high_first else i) for i, code in enumerate(codes))


def pack(matrix, by="joined", codes=OURS, high_first=False):
    """Packs a matrix: its rows `joined`, each in `lines` of its own, or four of them `across` a byte."""
    coded = [[codes.index(int(weight)) for weight in row] for row in matrix]
    if by == "across":
        coded = [list(column) for column in zip(*coded)]
    if by == "joined":
        coded = [[code for row in coded for code in row]]
    packed = [[byte((row + [0] * 3)[i : i + 4], high_first) for i in range(0, len(row), 4)] for row in coded]
    packed = torch.tensor(packed, dtype=torch.uint8)
    return {"joined": packed[0], "lines": packed, "across": packed.t().contiguous()}[by]


def group(matrix, packed, **more):
    return {"packed": packed, "scale": BF16.clone(), "shape": tuple(matrix.shape)} | more


def groups(packing, **more):
    """A state dict of groups, each packed by a function of its matrix."""
    state = {name: group(matrix, packing(matrix), **more) for name, matrix in WEIGHTS.items()}
    return state | {"norm.weight": ramp(7)}


def per_row(matrix, dtype, *sides):
    """1/4, 2/4, 3/4 …"""
    return ((torch.arange(len(matrix)) + 1) / 4).to(dtype).reshape(-1, *sides)


def scaled(*sides, dtype):
    state = groups(pack)
    for name, matrix in WEIGHTS.items():
        state[name]["scale"] = per_row(matrix, dtype, *sides)
    return {"state": state}


def tables(**names):
    """Codes, scales and shapes each in a dict of their own, under these keys."""
    of = {
        "packed": {name: pack(matrix) for name, matrix in WEIGHTS.items()},
        "scale": {name: BF16.clone() for name in WEIGHTS},
        "shape": {name: list(matrix.shape) for name, matrix in WEIGHTS.items()},
    }
    return {names[key]: table for key, table in of.items()}


def suffixed(packed, scale, shape):
    state = {"norm.weight": ramp(7)}
    for name, matrix in WEIGHTS.items():
        state |= {name + packed: pack(matrix), name + scale: BF16.clone()}
        state |= {name + shape: tuple(matrix.shape)} if shape else {}
    return state


def files():
    def turned(matrix):
        return pack(matrix.t())

    def high(matrix):
        return pack(matrix, high_first=True)

    shapes = {name: matrix.shape for name, matrix in WEIGHTS.items()}
    square = ternary(8, 8)
    by_rows = pack(square, "across")
    ours = groups(pack)
    named = {name: ours[name] for name in WEIGHTS}
    norm = {"norm.weight": ramp(7)}
    return {
        "columns": {"format": "compact_2bit", "order": "column_major", "state": groups(turned)},
        "columns_lines": {"state": groups(lambda matrix: pack(matrix.t(), "lines"), layout="col")},
        "columns_untold": {"state": groups(lambda matrix: pack(matrix.t(), "lines"))},
        "columns_across": {"state": groups(lambda matrix: pack(matrix.t(), "across"))},
        "transposed": {"model": groups(turned, transposed=True)},
        "lines": {"state": groups(lambda matrix: pack(matrix, "lines"), order="C")},
        "across": {"state": groups(lambda matrix: pack(matrix, "across"))},
        "high_first": {"packing": {"bit_order": "big"}, "state": groups(high)},
        "msb_first": {"config": {"quantization": {"msb_first": True}}, "state": groups(high)},
        "signed": {"state": groups(lambda m: pack(m, codes=(0, 1, None, -1)), signed=True)},
        "code_list": {"code_values": [1.0, 0.0, -1.0], "state": groups(lambda m: pack(m, codes=(1, 0, -1)))},
        "code_of_weight": {"code_map": {-1: 2, 0: 0, 1: 1}, "state": groups(lambda m: pack(m, codes=(0, 1, -1)))},
        "weight_of_code": {"code_map": {0: 0, 1: 1, 2: -1}, "state": groups(lambda m: pack(m, codes=(0, 1, -1)))},
        "offset_2": {"code_offset": 2, "state": groups(lambda m: pack(m, codes=(None, -1, 0, 1)))},
        "row_scales": scaled(dtype=torch.bfloat16),
        "row_scales_f32": scaled(1, dtype=torch.float32),
        "tables": tables(packed="packed", scale="scales", shape="shapes") | norm,
        "tables_below": {"state": tables(packed="codes", scale="gamma", shape="size") | {"fp": norm}},
        "suffixed": {"state_dict": suffixed("_packed", "_scale", "_shape")},
        "suffixed_shapes": {"shapes": shapes, "state_dict": suffixed(".packed", ".scale", None)},
        "suffixed_weights": {"shapes": shapes, "state_dict": suffixed("_packed", "_scale", None)},
        "unknown_keys": {"layers": {name: dict(zip("bgd", part.values())) for name, part in named.items()} | norm},
        "square": {"state": {"a.weight": group(square, by_rows, axis=0)}},
        "no_axis": {"state": {"a.weight": group(square, by_rows)}},
        "no_one_order": {"order": "row", "state": groups(turned, transposed=True)},
        "no_such_order": {"order": "zigzag", "state": ours},
        "no_such_shape": {"order": "row", "state": groups(lambda matrix: pack(matrix.t(), "lines"))},
        "no_minus_one": {"code_values": [0, 1, 1], "state": ours},
        "no_shape": {"state": {"a.weight": {key: ours["a.weight"][key] for key in ("packed", "scale")}}},
        "no_scale": {"packed": {"a.weight": pack(square)}, "scales": {}, "shapes": {"a.weight": (8, 8)}},
        "no_codes": tables(packed="packed", scale="scales", shape="shapes")
        | {"scales": {name: BF16 for name in (*WEIGHTS, "c.weight")}},
        "no_column_scales": {"state": {"a.weight": group(ternary(5, 7), pack(ternary(5, 7)), scale=torch.ones(1, 7))}},
    }


def undeclared():
    """One model, as large as evidence needs, packed in ways that no file declares."""
    torch.manual_seed(3)
    latent = {name: torch.randn(rows, 48) / math.sqrt(48) for name, rows in (("a", 37), ("b", 48), ("c", 256))}
    gamma = {name: matrix.abs().mean() for name, matrix in latent.items()}
    weights = {name: (matrix / gamma[name]).round().clamp(-1, 1) for name, matrix in latent.items()}

    def quarters(matrix, codes=OURS, high_first=False):
        size = -(-len(matrix) // 4)
        coded = [[codes.index(int(weight)) for weight in row] for row in matrix]
        coded += [[0] * matrix.shape[1]] * (4 * size - len(matrix))
        rows = [[byte(four, high_first) for four in zip(*coded[first::size])] for first in range(size)]
        return torch.tensor(rows, dtype=torch.uint8)

    def state(packing, scale=lambda gamma: gamma):
        parts = {
            name: {"packed": packing(matrix), "scale": scale(gamma[name]), "shape": tuple(matrix.shape)}
            for name, matrix in weights.items()
        }
        return {"state": parts | {"norm": torch.ones(48)}}

    def lines(matrix):
        # Rows of 37 leave unused bits in each.
        return pack(matrix.t(), "lines", high_first=True)

    return {
        "open_documented": state(pack) | {"format": "compact_2bit"},
        "open_code": state(lambda matrix: pack(matrix, codes=(0, 1, -1))),
        "open_signed": state(lambda matrix: pack(matrix, codes=(0, 1, None, -1))),
        "open_offset": state(lambda matrix: pack(matrix, codes=(None, -1, 0, 1))),
        "open_reciprocal": state(pack, lambda gamma: 1 / gamma),
        "open_quarters": state(quarters),
        "open_neighbours": state(lambda matrix: pack(matrix, "across")),
        "open_quarters_high": state(lambda matrix: quarters(matrix, (0, 1, -1), True), lambda gamma: 1 / gamma),
        "open_lines_high": state(lines),
    }


def whole_model():
    """A model of tests/fixtures with everything foreign at once."""
    file = torch.load(HERE.parent / "fixtures" / "run_14.compact.pt")
    tables = {"packed": {}, "scales": {}, "shapes": {}}
    rest = {}
    for name, tensor in file["state"].items():
        if not isinstance(tensor, dict):
            rest[name] = tensor
            continue
        rows, columns = tensor["shape"]
        codes = [int(byte) >> 2 * i & 3 for byte in tensor["packed"] for i in range(4)]
        matrix = torch.tensor(codes[: rows * columns]).reshape(rows, columns) - 1
        tables["packed"][name] = pack(matrix.t(), "across", (0, 1, None, -1), high_first=True)
        tables["scales"][name] = tensor["scale"].to(torch.float32).repeat(rows, 1)
        tables["shapes"][name] = (rows, columns)
    declared = {"bit_order": "msb_first", "order": "column-major", "pack_axis": 1, "signed": True}
    return {"cfg": file["config"], "packing": declared, "weights": tables | {"dense": rest}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=HERE.parent / "fixtures" / "checkpoint" / "packed")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in (files() | undeclared() | {"run_14": whole_model()}).items():
        torch.save(value, folder / f"{name}.pt")


if __name__ == "__main__":
    main()
