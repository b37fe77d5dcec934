"""Writes `tests/fixtures/traces.json`: what can be seen of a pass through some fixtures, seen by hooks.

    python write_traces.py
"""

import json
import pathlib

import torch

import files
import inference
from quant import full

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
RUNS = ("run_03", "run_05", "run_06", "run_13", "run_14")
ALTERNATIVES = 5


class Watch:
    """Hooks that note what the parts of a model do while it scores one text."""

    def __init__(self, model):
        self.model, self.boundaries, self.forget, self.deletion = model, [], {}, []
        if hasattr(model.embed, "bolmo"):
            model.embed.bolmo.register_forward_pre_hook(self.see_bytes)
        for i, block in enumerate(model.blocks):
            if model.config.mixer == "mlgru":
                block.mixer.register_forward_pre_hook(lambda mixer, inputs, i=i: self.see_gates(i, mixer, inputs[0]))
        if model.config.delete_gate:
            model.delete_gate.register_forward_hook(lambda _m, _i, logits: self.deletion.extend(torch.sigmoid(logits)[0].tolist()))

    def see_bytes(self, bolmo, inputs):
        e = inputs[0]
        boundary = torch.sigmoid(bolmo.boundary(e)).squeeze(-1)
        scores = (bolmo.query(e.mean(-2, keepdim=True)) * bolmo.key(e)).sum(-1) / e.shape[-1] ** 0.5
        attention = torch.softmax(scores + torch.log(boundary + 1e-6), -1)
        self.boundaries += [{"boundary": b, "attention": a} for b, a in zip(boundary[0].tolist(), attention[0].tolist())]

    def see_gates(self, i, mixer, n):
        floor = torch.sigmoid(mixer.decay) if hasattr(mixer, "decay") else 0.0
        gates = floor + (1 - floor) * torch.sigmoid(full(mixer.forget(n)))
        self.forget.setdefault(i, []).extend(gates.mean(-1)[0].tolist())

    def passages(self, count):
        gone = [position > 0 and p > self.model.config.delete_threshold for position, p in enumerate(self.deletion)]
        gone = gone or [False] * count
        blocks, kept, passages = len(self.model.blocks), 0, []
        for position in range(count):
            reached = blocks // 2 if gone[position] else blocks
            forget = [self.forget[i][position if i < blocks // 2 else kept] for i in range(reached) if i in self.forget]
            kept += not gone[position]
            passages.append({
                "boundaries": self.boundaries[position] if self.boundaries else None,
                "deletion": self.deletion[position] if self.deletion else None,
                "deleted": gone[position], "forget": forget,
            })
        return passages


@torch.no_grad()
def trace(run):
    golden = json.loads((FIXTURES / f"{run}.json").read_text())
    model = files.load(FIXTURES / f"{run}.unpacked.pt")
    text, unit = golden["text"], model.config.patch_size
    watch, alternatives = Watch(model), []

    def see(z, targets):
        p = torch.softmax(model.logits_of_next(z, targets[:, :-1]), -1).flatten(0, -2)
        for row in p:
            top = row.topk(ALTERNATIVES)
            alternatives.append([[int(symbol), float(p)] for symbol, p in zip(top.indices, top.values)])
        return surprise(model, z, targets)

    surprise, inference.surprise = inference.surprise, lambda _model, z, targets: see(z, targets)
    try:
        bits, _ = inference.score(model, text)
    finally:
        inference.surprise = surprise
    foresights = [{"bits": b, "alternatives": a} for b, a in zip(bits, alternatives, strict=True)]
    return {"text": text, "foresights": foresights, "passages": watch.passages(len(text) // unit)}


def rounded(value):
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value


def main():
    torch.set_num_threads(1)
    traces = {run: rounded(trace(run)) for run in RUNS}
    (FIXTURES / "traces.json").write_text(json.dumps(traces) + "\n")
    for run, found in traces.items():
        print(run, len(found["foresights"]), "symbols,", sum(p["deleted"] for p in found["passages"]), "of", len(found["passages"]), "units deleted")


if __name__ == "__main__":
    main()
