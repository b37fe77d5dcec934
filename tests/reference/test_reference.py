"""Checks of the reference itself: `python -m pytest` in this folder."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import torch

import corpus
import curves
import data
import export
import files
import inference
import quant
import write_goldens
from config import PARAMETERS, RUNS, reduced
from model import CPU1

HERE = pathlib.Path(__file__).parent


@pytest.mark.parametrize("run", RUNS)
def test_parameter_count_is_the_published_one(run):
    with torch.device("meta"):
        model = CPU1(RUNS[run])
    assert sum(parameter.numel() for parameter in model.parameters()) == PARAMETERS[run]


def test_rounding_is_half_to_even():
    weight = torch.tensor([[0.5, 1.5, -0.5, -1.5]])
    t, scale = quant.ternarize(weight)
    assert scale == 1.0 and t.tolist() == [[0.0, 1.0, 0.0, -1.0]]
    q, s = quant.quantize_activations(torch.tensor([127.0, 0.5, 1.5, -2.5]))
    assert s.item() == 1.0 and q.tolist() == [127.0, 0.0, 2.0, -2.0]


def test_stored_ternary_keeps_its_scale():
    t, scale = quant.as_ternary(torch.tensor([[0.0, 0.25], [-0.25, 0.0]]))
    assert scale == 0.25 and t.tolist() == [[0.0, 1.0], [-1.0, 0.0]]


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (37, 24), (4, 4)])
def test_packing_round_trip(shape):
    t = torch.randint(-1, 2, shape).float()
    assert torch.equal(files.unpack(files.pack(t), shape), t)
    assert len(files.pack(t)) == -(-t.numel() // 4)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("flavour", write_goldens.NAMES)
def test_files_round_trip(run, flavour, tmp_path):
    torch.manual_seed(0)
    model = CPU1(reduced(RUNS[run]))
    path = tmp_path / "model.pt"
    if flavour == "step":
        files.write_step(model, path, 7, write_goldens.step_optimizer(model))
    else:
        write_goldens.NAMES[flavour](model, path)
    found, config, tensors = files.read(path)
    assert found == flavour and config.to_dict() == model.config.to_dict()
    ternary = files.ternary_names(model)
    for name, tensor in model.state_dict().items():
        if flavour == "unpacked":
            assert torch.equal(tensors[name], tensor)
        elif flavour == "compact" and name in ternary:
            t, scale = quant.ternarize(tensor)
            assert torch.equal(tensors[name][0], t) and tensors[name][1] == scale.bfloat16().float()
        else:
            assert torch.equal(tensors[name], tensor.bfloat16().float())
    files.load(path)


@pytest.mark.parametrize("run", ["run_07", "run_13"])
def test_hard_gather_equals_masking(run):
    """Leaving deleted positions out gives what training computes by masking them."""
    torch.manual_seed(3)
    config = reduced(RUNS[run])
    model = CPU1(config).double()
    with torch.no_grad():
        model.delete_gate.score.weight.mul_(20.0)
    shape = (2, 40, 4) if config.bytes_in else (2, 40)
    units = torch.randint(0, config.vocab_size, shape)
    first = torch.tensor([True, False])
    masked, state, logits = model.backbone(units, None, "train", first)
    gathered, gathered_state, _ = model.backbone(units, None, "hard", first)
    share = (torch.sigmoid(logits) > 0.5).double().mean()
    assert 0.1 < share < 0.9
    torch.testing.assert_close(masked, gathered)
    torch.testing.assert_close(state, gathered_state)


@pytest.mark.parametrize("run", RUNS)
def test_generation_agrees_with_scoring(run):
    """Greedy generation step by step and one parallel pass choose the same elements."""
    torch.manual_seed(5)
    config = reduced(RUNS[run])
    model = files.freeze(CPU1(config), dtype=torch.float64)
    prompt = list(b"let mut x") if config.bytes_in else [3, 14, 15]
    text = prompt + inference.generate(model, prompt, 19)
    unit = config.patch_size
    for end in range(len(prompt), len(text)):
        whole = end // unit * unit
        units = torch.tensor(text[:whole]).view(1, -1, unit) if unit > 1 else torch.tensor(text[:whole]).view(1, -1)
        with torch.no_grad():
            z = model.backbone(units, None, "hard")[0][:, -1]
            logits = model.logits_of_next(z, torch.tensor(text[whole:end], dtype=torch.long).view(1, -1))[0, -1]
        assert inference.greedy(logits) == text[end]


def test_state_carries_over():
    """Two windows with the state between them equal one long window."""
    torch.manual_seed(1)
    model = CPU1(reduced(RUNS["run_10"])).double()
    units = torch.randint(0, 256, (2, 24, 4))
    whole, end, _ = model.backbone(units)
    left, middle, _ = model.backbone(units[:, :11])
    right, last, _ = model.backbone(units[:, 11:], middle)
    torch.testing.assert_close(torch.cat([left, right], 1), whole)
    torch.testing.assert_close(last, end)


def test_recurrence_gradient():
    from scan import recurrence
    f, u, h = (torch.rand(2, 5, 3, dtype=torch.float64, requires_grad=True) for _ in range(3))
    assert torch.autograd.gradcheck(recurrence, (f, u, h[:, 0].detach().requires_grad_()))


@pytest.mark.parametrize("steps", [1, 5, 64, 200])
def test_the_scan_of_gpus_gives_what_the_loop_gives(monkeypatch, steps):
    """Without a GPU: Triton interprets its kernels."""
    pytest.importorskip("triton")
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    import scan
    import scan_gpu
    torch.manual_seed(2)
    f, u, h = (torch.rand(3, steps, 21) for _ in range(3))
    torch.testing.assert_close(scan_gpu.forward(f, u, h[:, 0].contiguous()), scan.recurrence(f, u, h[:, 0]))
    torch.testing.assert_close(scan_gpu.backward(f, h), scan._recurrence_backward(f, h))


def test_windows_go_on_where_they_stopped():
    text = (np.arange(40_000) % 251).astype(np.uint8)
    one = data.Windows(text, 4, 16, 4, seed=9)
    for _ in range(50):
        one.next()
    other = data.Windows(text, 4, 16, 4, seed=9)
    other.restore(one.state())
    for _ in range(150):
        (a, a_fresh), (b, b_fresh) = one.next(), other.next()
        assert torch.equal(a, b) and torch.equal(a_fresh, b_fresh)
    assert one.epoch > 0


def toy_training(out, text, held_out, *more):
    command = [sys.executable, HERE / "train.py", "run_07", "--reduced", "--no-compile", "--device", "cpu", "--out", out,
               "--data", text, "--heldout", held_out, "--rows", "2", "--positions", "8", "--warmup", "5", "--steps", "60",
               "--validate-every", "20", "--save-every", "0", *more]
    # Threads would wait for each other longer than so small a model computes.
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})


@pytest.fixture
def toy_texts(tmp_path):
    text, held_out = tmp_path / "text", tmp_path / "held"
    source = (HERE / "data/heldout.txt").read_bytes()
    text.write_bytes(source[:30_000])
    held_out.write_bytes(source[30_000:31_000])
    return text, held_out


def curve(out):
    """The log without the column of seconds."""
    return [line.split(",")[:2] + line.split(",")[3:] for line in (out / "log.csv").read_text().splitlines()]


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_kill_and_resume_give_the_same_curve(tmp_path, toy_texts, optimizer):
    for phase in ("1", "2"):
        words = (*toy_texts, "--phase", phase, "--optimizer", optimizer, "--keep", "30", "60")
        straight = toy_training(tmp_path / "straight", *words)
        assert straight.communicate() and straight.returncode == 0
        killed = toy_training(tmp_path / "killed", *words)
        for line in killed.stdout:
            if line.startswith(f"{phase} 40 "):
                killed.kill()
                break
        killed.wait()
        resumed = toy_training(tmp_path / "killed", *words)
        assert resumed.communicate() and resumed.returncode == 0
        assert curve(tmp_path / "killed") == curve(tmp_path / "straight")
    kept = sorted(path.name for path in (tmp_path / "killed").glob("*step*.pt"))
    assert kept == [f"checkpoint_run_07_{step}.pt" for step in ("phase2_step30", "phase2_step60", "step30", "step60")]
    last = files.load(tmp_path / "killed" / "checkpoint_run_07_phase2_step60.pt").state_dict()
    for name, tensor in export.load(tmp_path / "straight" / "checkpoint.pt")[0].state_dict().items():
        assert torch.equal(last[name], tensor.bfloat16().float()), name


def test_a_ternary_model_starts_from_a_float_one(tmp_path, toy_texts):
    first = toy_training(tmp_path / "float", *toy_texts, "--set", "ternary=false", "activation_bits=0")
    assert first.communicate() and first.returncode == 0
    warm, start = export.load(tmp_path / "float" / "checkpoint.pt")[0], tmp_path / "start.pt"
    files.write_unpacked(warm, start)
    second = toy_training(tmp_path / "ternary", *toy_texts, "--start-from", start, "--steps", "0")
    assert second.communicate() and second.returncode == 0
    began = export.load(tmp_path / "ternary" / "checkpoint.pt")[0]
    assert began.config.ternary and not warm.config.ternary
    assert all(torch.equal(began.state_dict()[name], tensor) for name, tensor in warm.state_dict().items())


def test_phase_2_goes_on_from_a_file(tmp_path, toy_texts):
    """A gate that has not learned begins to; one that has keeps what it knows."""
    first = toy_training(tmp_path / "first", *toy_texts, "--steps", "0")
    assert first.communicate() and first.returncode == 0
    model, start = export.load(tmp_path / "first" / "checkpoint.pt")[0], tmp_path / "start.pt"
    for found, expected in ((-1e4, -2.0), (-0.5, -0.5)):
        with torch.no_grad():
            model.delete_gate.score.bias.fill_(found)
        files.write_unpacked(model, start)
        out = tmp_path / f"second{found}"
        second = toy_training(out, *toy_texts, "--phase", "2", "--start-from", start, "--steps", "0")
        assert second.communicate() and second.returncode == 0
        assert export.load(out / "checkpoint.pt")[0].delete_gate.score.bias.item() == expected


def test_phase_2_warms_up_where_the_optimizer_is_new(tmp_path, toy_texts):
    first = toy_training(tmp_path / "one", *toy_texts, "--steps", "0")
    assert first.communicate() and first.returncode == 0
    start = tmp_path / "start.pt"
    files.write_unpacked(export.load(tmp_path / "one" / "checkpoint.pt")[0], start)
    for out, more, expected in (("one", (), 5e-5), ("two", ("--start-from", start), 2.5e-5)):
        second = toy_training(tmp_path / out, *toy_texts, "--phase", "2", "--rate", "1e-2", "--steps", "20", "--warmup", "40", *more)
        assert second.communicate() and second.returncode == 0
        (row,) = (row for row in curves.read_log(tmp_path / out) if row["phase"] == 2 and row["bits"])
        assert row["rate"] == pytest.approx(expected)


def test_committed_goldens_still_hold():
    for path in sorted(write_goldens.FIXTURES.glob("run_*.json")):
        golden = json.loads(path.read_text())
        for flavour, expected in golden["flavours"].items():
            model = files.load(path.with_name(f"{golden['run']}.{flavour}.pt"))
            bits, deleted = inference.score(model, golden["text"])
            assert max(abs(a - b) for a, b in zip(bits, expected["per_byte"])) < 1e-4, f"{path.name}, {flavour}"
            assert deleted == expected["scored_patches_deleted"]
            greedy = expected["greedy"]
            assert inference.generate(model, greedy["prompt"], len(greedy["bytes"])) == greedy["bytes"]


def test_pages_become_tidy_text(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("""<html><nav>menu</nav><main><h2>A  <em>title</em></h2><p>It\u2019s <code>x</code>,
        wrapped.</p><ul><li><p>one</p></li><li>two</li></ul><pre><code class="language-rust"><span class="boring">fn hidden() {}
</span>let x = 1;
</code></pre><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table></main><footer>end</footer></html>""")
    assert corpus.join(corpus.read_page(page, ("main", None))) == (
        "## A title\n\nIt's `x`, wrapped.\n\n- one\n- two\n\n```rust\nlet x = 1;\n```\n\n| a | b |\n| 1 | 2 |\n")
