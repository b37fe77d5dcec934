"""What a model remembers: bits by kind of byte on held-out texts, names that come again beside new ones.

    python recall.py MODEL.pt [MODEL.pt ...] [--texts world_texts] [--rows 32]

Reads any file of SPEC §3, and checkpoints of the trainers.
"""

import argparse
import math
import pathlib
import tempfile

import torch
from torch.nn import functional as F

import export
import files
import rows as rows_module
import stock
from layout import PATCH


def predictions(model, batch, gate="off"):
    """Of rows [B, S, 9], for each byte of every next patch: logits [N, 256], the byte [N], its kind [N].

    And the delete logits [B, S] with what of them counts, which is all but padding.
    """
    batch = batch.long()
    units, kinds, documents = batch[..., :PATCH], batch[..., PATCH:2 * PATCH], batch[..., -1]
    z, _, delete = model.backbone(units, gate=gate, documents=documents)
    targets = units.roll(-1, 1).flatten(0, 1)
    kinds = kinds.roll(-1, 1).clone()
    kinds[:, -1] = rows_module.NOTHING          # the next patch is in no row
    logits = model.logits_of_next(z.flatten(0, 1), targets[:, :-1]).flatten(0, 1)
    return logits, targets.flatten(), kinds.flatten(), delete, documents != rows_module.PADDING


def nats_of(logits, targets):
    """-ln p of each byte."""
    return F.cross_entropy(logits, targets, reduction="none")


class Figures:
    """Bits and bytes by kind, added up over batches."""

    def __init__(self, device):
        self.nats, self.bytes = torch.zeros(2, len(rows_module.KINDS), device=device, dtype=torch.float64)
        self.deleted = torch.zeros(2, device=device)

    def add(self, model, batch, gate="off"):
        logits, targets, kinds, delete, counted = predictions(model, batch, gate)
        self.nats.index_add_(0, kinds, nats_of(logits, targets).detach().double())
        self.bytes.index_add_(0, kinds, torch.ones_like(kinds, dtype=torch.float64))
        if delete is not None:
            gone = torch.sigmoid(delete.detach())[counted] > model.config.delete_threshold
            self.deleted += torch.stack([gone.sum(), counted.sum()])

    def table(self):
        """(bits per byte of the text, share deleted or None, a line for each kind)."""
        nats, count = self.nats.clone(), self.bytes.clone()
        nats[rows_module.NOTHING] = count[rows_module.NOTHING] = 0
        text = count.sum() - count[rows_module.FILLING]   # a fill has bits, but is no byte of the text
        lines = [f"    {kind:34} {float(n / c) / math.log(2):7.3f} bits each, {float(c / text):6.2%} of the bytes, {float(n / nats.sum()):6.2%} of the bits"
                 for kind, n, c in zip(rows_module.KINDS, nats, count) if c > 0]
        deleted = float(self.deleted[0] / self.deleted[1]) if self.deleted[1] else None
        return float(nats.sum() / text) / math.log(2), deleted, lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--texts", default="world_texts", help="the module that tells: see stock.py")
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--positions", type=int, default=1024, help="patches of a row")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = torch.from_numpy(stock.held_out(folder, options.texts, options.positions, options.rows))
    for path in options.models:
        model, step = export.load(path)
        if model.config.layout != "words":
            raise SystemExit(f"{path} reads plain text, but recall is measured on text laid out by words")
        figures = Figures(rows.device)
        with torch.no_grad():
            for batch in rows.split(4):
                figures.add(files.freeze(model), batch, "train" if model.config.delete_gate else "off")
        bits, deleted, lines = figures.table()
        print(f"{path}, step {step}: {bits:.4f} bits per byte" + ("" if deleted is None else f", {deleted:.1%} deleted"), *lines, sep="\n")


if __name__ == "__main__":
    main()
