"""Writes `tests/fixtures/checkpoint/configs.pt` and `modules.pt`: one model's settings in every container that people
keep them in, beside a small tensor.

    python write_configs.py
"""

import argparse
import collections
import dataclasses
import enum
import json
import types

import addict
import attrs
import easydict
import ml_collections
import numpy as np
import omegaconf
import pydantic
import pydantic.v1
import torch
from torch import nn
from write_goldens import FIXTURES

SETTINGS = {"dim": 32, "n_heads": 4, "window": 128, "norm_eps": 1e-5, "mixer": "attention", "ternary": True}


class Mixer(enum.Enum):
    ATTENTION = "attention"


class Precision(enum.IntEnum):
    TERNARY = 1


class Plain:
    def __init__(self, **settings):
        self.__dict__.update(settings)


def data(name, **options):
    fields = [(key, type(value), value) for key, value in SETTINGS.items()]
    return dataclasses.make_dataclass(name, fields, namespace={"__module__": __name__}, **options)


Data = data("Data")
Frozen = data("Frozen", frozen=True)
Slots = data("Slots", slots=True)
# What a pickle has of these two are the values without the fields' names.
FrozenSlots = data("FrozenSlots", frozen=True, slots=True)
Named = collections.namedtuple("Named", SETTINGS)

Attrs = attrs.make_class("Attrs", {key: attrs.field(default=value) for key, value in SETTINGS.items()}, slots=True)
Attrs.__module__ = __name__
TYPED = {key: (type(value), value) for key, value in SETTINGS.items()}
Pydantic = pydantic.create_model("Pydantic", __module__=__name__, **TYPED)
Pydantic1 = pydantic.v1.create_model("Pydantic1", __module__=__name__, **TYPED)


class OwnAndSlots(Plain):
    __slots__ = ("n_heads",)


class Attention(nn.Module):
    def __init__(self, heads, window):
        super().__init__()
        self.n_heads, self.window = heads, window
        self.proj = nn.Linear(2, 2, bias=False)


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.eps = 1e-5
        self.weight = nn.Parameter(torch.zeros(2))


class Model(nn.Module):
    """A whole module, as `torch.save(model)` writes it: its settings are attributes here and there."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(256, 2)
        self.blocks = nn.ModuleList(nn.ModuleDict({"norm": Norm(), "mixer": Attention(4, 128)}) for _ in range(2))
        self.local_decoder = nn.ModuleList([Attention(2, None)])


def slots_beside_attributes():
    own = OwnAndSlots(**{key: value for key, value in SETTINGS.items() if key != "n_heads"})
    own.n_heads = 4
    return own


def main():
    config = omegaconf.OmegaConf.create(SETTINGS)
    typed = omegaconf.OmegaConf.structured(Data)
    numbers = {"dim": np.int64(32), "n_heads": np.int32(4), "window": np.int16(128), "norm_eps": np.float64(1e-5),
               "ternary": np.bool_(True), "mixer": Mixer.ATTENTION}
    lazy = collections.defaultdict(dict, SETTINGS)
    yaml = omegaconf.OmegaConf.to_yaml(omegaconf.OmegaConf.create({"model": SETTINGS, "optim": {"eps": 1e-8}}))
    containers = {
        "omegaconf": config,
        "omegaconf_nested": omegaconf.OmegaConf.create({"model": SETTINGS, "optim": {"eps": 1e-8, "lr": 1e-3}}),
        "omegaconf_structured": typed,
        "dataclass": Data(),
        "frozen": Frozen(),
        "slots": Slots(),
        "attributes_and_slots": slots_beside_attributes(),
        "attrs": Attrs(),
        "pydantic": Pydantic(),
        "pydantic_v1": Pydantic1(),
        "namespace": argparse.Namespace(**SETTINGS),
        "simple_namespace": types.SimpleNamespace(**SETTINGS),
        "addict": addict.Dict(SETTINGS),
        "easydict": easydict.EasyDict(SETTINGS),
        "ml_collections": ml_collections.ConfigDict(SETTINGS),
        "ordered": collections.OrderedDict(SETTINGS),
        "default": lazy,
        "user": collections.UserDict(SETTINGS),
        "object": Plain(**SETTINGS),
        "nested": Plain(model=Plain(backbone=Plain(**SETTINGS)), trainer={"lr": 1e-3, "eps": 1e-8}),
        "numpy": numbers,
        "enums": SETTINGS | {"mixer": Mixer.ATTENTION, "ternary": Precision.TERNARY},
        "json": json.dumps(SETTINGS),
        "json_bytes": json.dumps({"model": SETTINGS}).encode(),
        "yaml": yaml,
        "printed": str(argparse.Namespace(**SETTINGS)),
    }
    nameless = {"frozen_slots": FrozenSlots(), "named_tuple": Named(**SETTINGS)}
    file = {"state_dict": {"weight": torch.zeros(2, 2)}, "named": containers, "nameless": nameless}
    torch.save(file, FIXTURES / "checkpoint" / "configs.pt")
    torch.save(Model(), FIXTURES / "checkpoint" / "modules.pt")


if __name__ == "__main__":
    main()
