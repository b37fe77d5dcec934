"""Checks of the trainer of tales: `python -m pytest` in this folder."""

import copy
import dataclasses
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import torch

import files
import inference
import layout
import recall
import rows
import stock
import samples
import tales
from config import TALES, reduced
from model import CPU1

HERE = pathlib.Path(__file__).parent


def small(variant, **more):
    options = tales.arguments(["--out", "unused", "--reduced"])
    return dataclasses.replace(tales.configuration(options, variant), **more)


def lively(config):
    """A model whose gate deletes about half of the patches."""
    torch.manual_seed(3)
    model = CPU1(config).double()
    with torch.no_grad():
        if config.delete_gate:
            model.delete_gate.score.weight.mul_(20.0)
    return model


@pytest.mark.parametrize("variant", ["attention", "mlgru", "mix"])
@pytest.mark.parametrize("gate", ["off", "train"])
def test_a_document_in_a_row_is_read_as_if_it_were_alone(variant, gate):
    """Windows of attention begin elsewhere in the row; recurrences begin from nothing."""
    model = lively(small(variant))
    lengths = [21, 3, 40]
    documents = torch.repeat_interleave(torch.arange(3), torch.tensor(lengths))[None]
    units = torch.randint(0, 256, (1, sum(lengths), 4))
    packed = model.backbone(units, gate=gate, documents=documents)[0][0]
    alone = [model.backbone(part, gate=gate)[0][0] for part in units.split(lengths, 1)]
    torch.testing.assert_close(packed, torch.cat(alone))


def test_windows_of_attention_see_what_plain_attention_sees():
    config = small("attention")
    model = lively(config)
    units = torch.randint(0, 256, (2, 4 * config.window, 4))
    documents = torch.tensor([[0] * 40 + [1] * 24, [0] * 5 + [1] * 59])
    in_windows = model.backbone(units, documents=documents)[0]
    odd = torch.cat([documents, torch.full((2, 1), 9)], 1)     # no whole windows: the plain way
    plain = model.backbone(torch.cat([units, units[:, :1]], 1), documents=odd)[0]
    torch.testing.assert_close(in_windows, plain[:, :-1])


def test_attention_never_sees_what_the_gate_deleted():
    model = lively(small("attention"))
    units = torch.randint(0, 256, (1, 40, 4))
    masked, _, logits = model.backbone(units, gate="train")
    assert 0.1 < (torch.sigmoid(logits) > 0.5).double().mean() < 0.9
    torch.testing.assert_close(masked, model.backbone(units, gate="hard")[0])


def test_the_gate_learns_from_what_others_see():
    """Deleting a position changes later ones through attention, and the gate feels that."""
    model = lively(small("attention"))
    units = torch.randint(0, 256, (1, 40, 4))
    z, _, logits = model.backbone(units, gate="train")
    felt = torch.autograd.grad(z[0, -1].sum(), logits)[0][0, 1:-1]
    assert (felt != 0).any()


def test_what_is_certain_is_not_scored():
    packer = rows.Packer(32, np.random.default_rng(0), newlines=0)
    packer.add([b"One fox.", b"A bear ran to the hill."])
    batch = torch.from_numpy(packer.row())[None]
    _, targets, kinds, *_ = recall.predictions(CPU1(reduced(TALES)), batch)
    scored = bytes(targets[kinds != rows.NOTHING].tolist())
    # The first patch of each document only gives context; of several fills in a patch one is predicted.
    assert scored == b" fox.\x04 bear\0 ran to\0 the hill.\x04"


def test_rows_are_drawn_once_before_any_comes_again(tmp_path):
    shop = stock.Stock(tmp_path, 2, "cpu", 8, seed=1)
    numbered = [np.full((2, rows.COLUMNS), number, np.uint8) for number in range(10)]
    stock.write(tmp_path / "tales_1_000000.npy", numbered[:6])
    shop.collect()
    first = shop.draw(4, 0.0)[:, 0, 0].tolist()
    second = shop.draw(4, 0.0)[:, 0, 0].tolist()
    assert first == [0, 1, 2, 3] and second[:2] == [4, 5] and set(second[2:]) <= set(range(6))
    stock.write(tmp_path / "tales_1_000001.npy", numbered[6:])
    shop.collect()                                            # the first two make room for the last two
    assert shop.draw(4, 0.0)[:, 0, 0].tolist() == [6, 7, 8, 9]
    assert set(shop.draw(50, 0.0)[:, 0, 0].tolist()) <= set(range(2, 10))


def test_a_score_counts_fills_but_not_as_bytes():
    model = files.freeze(lively(dataclasses.replace(reduced(TALES), delete_gate=False)), dtype=torch.float64)
    text = b"One fox ran to a hill, and so on. \"Oh!\" it said."
    laid = layout.lay_out(text)
    bits, _ = inference.score(model, text)
    plain, _ = inference.score(files_as_plain(model), laid)
    assert len(bits) == len(text) - 3                         # "One", after the fill that begins the text
    certain = sum(its for at, its in enumerate(plain, 4) if laid[at] == laid[at - 1] == 0)
    assert sum(bits) == pytest.approx(sum(plain) - certain)


def files_as_plain(model):
    """The same weights, taken for a model that reads plain text."""
    model = copy.deepcopy(model)
    model.config = dataclasses.replace(model.config, layout="plain", fill_byte=None)
    return model


def test_fills_are_left_out_of_what_is_written():
    model = files.freeze(lively(reduced(TALES)), dtype=torch.float64)
    prompt = b"There was a fox "
    written = bytearray()

    def pick(logits):
        byte = inference.greedy(logits)
        written.append(byte)
        return byte
    new = bytes(inference.generate(model, prompt, 30, pick))
    assert len(new) == 30 and bytes(written).replace(b"\0", b"") == new


def test_told_texts_are_laid_out():
    told = samples.tell(CPU1(reduced(TALES)).eval(), ["Once upon a", "x "], patches=12, temperature=3.0)
    for (text, _), prompt in zip(told, ("Once upon a", "x ")):
        assert text.startswith(prompt) and len(text) > len(prompt) and "\0" not in text


def run(out, *more):
    command = [sys.executable, HERE / "tales.py", "--reduced", "--no-compile", "--device", "cpu", "--out", out, "--texts", "toy_texts", "--workers", "1",
               "--rows", "2", "--positions", "64", "--held-out", "4", "--samples", "2", "--sample-patches", "20", "--log-every", "5", "--warmup", "5", *more]
    return subprocess.run([str(word) for word in command], env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=240)


def test_a_run_leaves_what_a_later_one_goes_on_from(tmp_path):
    first = run(tmp_path / "first", "--minutes", "0.3", "--reserve", "4", "--plan", "ternary=0.5", "gate=0.2", "twin=0.3", "--steps-to-keep", "3")
    assert first.returncode == 0, first.stderr
    left = {path.name for path in (tmp_path / "first").iterdir()}
    assert left == {"tales.pt", "steps.tar", "latent_1.bin", "twin_1.bin", "log.csv", "report.txt", "work"}
    flavour, config, _ = files.read(tmp_path / "first/tales.pt")
    assert flavour == "compact" and (config.layout, config.fill_byte, config.end_byte) == ("words", 0, 4)
    report = (tmp_path / "first/report.txt").read_text()
    assert "name again within 40, first byte" in report and "---- sample 1" in report
    second = run(tmp_path / "second", "--minutes", "0.15", "--reserve", "3", "--start-from", tmp_path / "first/latent_1.bin", "--plan", "gate=1")
    assert second.returncode == 0, second.stderr
