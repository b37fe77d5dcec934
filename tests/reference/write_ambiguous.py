"""Writes `tests/fixtures/ambiguous.pt`: run_14's fixture with two tensors of each block under names that say
nothing, and `ambiguous.json`, the name map that settles them.

    python write_ambiguous.py
"""

import json

import torch
from write_goldens import FIXTURES

HIDDEN = {"mixer.forget": "t0", "mixer.candidate": "t1"}


def main():
    content = torch.load(FIXTURES / "run_14.unpacked.pt", weights_only=True)
    state, names = {}, {}
    for name, tensor in content["state_dict"].items():
        other = name
        for role, word in HIDDEN.items():
            other = other.replace(role, word) if name.startswith("blocks.") else other
        if other != name:
            names[name] = other
        state[other] = tensor
    # As markup, the name of an unused tensor would be a picture that runs a script.
    state["<img src=x onerror=document.title='pwned'>"] = torch.zeros(24, 24)
    torch.save({"config": content["config"], "state_dict": state}, FIXTURES / "ambiguous.pt")
    (FIXTURES / "ambiguous.json").write_text(json.dumps(names, indent=1) + "\n")


if __name__ == "__main__":
    main()
