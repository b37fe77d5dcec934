"""Writes the golden files of `tests/fixtures/`: small random models of every run in every file flavour, what
they score and what they generate, and the same for the embedded model.

    python write_goldens.py [RUN ...]                  the named runs, or all sixteen and `tales`, which is laid out by words
    python write_goldens.py --embedded MODEL.pt        embedded.json for the shipped model

The random weights are made lively (sharp logits, gates that delete about 40 % of the patches). The seed is
the first with which no decision is close: no activation within 3e-7 of its size of a rounding boundary, no
greedy choice and no gate within 0.002 of a tie, and float64 arithmetic gives the same. So an implementation that adds in
another order must arrive at the same bytes.
"""

import argparse
import json
import pathlib
import tempfile

import torch

import files
import inference
import quant
from config import RUNS, TALES, reduced
from model import CPU1, P

HERE = pathlib.Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
TEXT_BYTES, PROMPT_BYTES, NEW_BYTES = 75, 37, 20
WITH_OPTIMIZER = "run_14"
PIECE_BYTES = 19
MODELS = RUNS | {"tales": TALES}
# A text with words of all lengths, an apostrophe within one, quotes, and a paragraph; the prompt ends within a word.
TALE = """Zorvi didn't sleep. "Who's there?" she asked.\n\nIt was only Mr. Plum, the fox."""
NAMES = {"unpacked": files.write_unpacked, "compact": files.write_compact, "step": files.write_step}


class Margins:
    """Records how near inference comes to a decision that rounding could turn."""

    def __init__(self):
        self.rounding = self.distance = self.choice = self.gate = float("inf")

    def __enter__(self):
        self.quantize, self.greedy = quant.quantize_activations, inference.greedy
        quant.quantize_activations = self.watch_rounding
        return self

    def __exit__(self, *_):
        quant.quantize_activations = self.quantize

    def watch_rounding(self, x):
        q, s = self.quantize(x)
        exact = x.double() * s.double()
        distance = (exact - exact.floor() - 0.5).abs()
        self.distance = min(self.distance, float(distance.min()))
        self.rounding = min(self.rounding, float((distance / exact.abs().clamp(min=1)).min()))
        return q, s

    def watch_gate(self, _module, _inputs, logits):
        self.gate = min(self.gate, float(logits.abs().min()))

    def pick(self, logits):
        top = logits.topk(2).values
        self.choice = min(self.choice, float(top[0] - top[1]))
        return self.greedy(logits)

    def wide(self):
        return self.rounding > 3e-7 and self.choice > 0.002 and self.gate > 0.002


def lively(config, seed, text, names=None):
    """Random weights that make every part matter; with `names`, of a model that has these tensors."""
    torch.manual_seed(seed)
    model = CPU1(config)
    if names:
        model.fit(names)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias") and not name.startswith("delete_gate") and "boundary" not in name:
                parameter.normal_(0.0, 0.1)
            elif "norm" in name:
                parameter.uniform_(0.6, 1.4)
            elif name.endswith("decay"):
                parameter.normal_(0.0, 1.0)
            elif "fp_residual.up" in name or "pfnet.up" in name:
                parameter.mul_(5.0)
            elif "bolmo" in name or "positions" in name:
                parameter.normal_(0.0, 0.6)
            elif name.startswith("delete_gate.hidden"):
                parameter.mul_(2.0)
            elif name.startswith(("head", "decoder.head")):
                parameter.mul_(3.0 if config.ternary else 1.2)
        if config.delete_gate:
            seen = []
            hook = model.delete_gate.register_forward_hook(lambda _m, _i, logits: seen.append(logits.flatten()))
            model.delete_gate.score.weight.mul_(4.0)
            inference.score(model, text)
            hook.remove()
            logits = torch.cat(seen)
            model.delete_gate.score.bias.sub_(logits.quantile(0.6, interpolation="midpoint"))
    return model


def results(model, text, prompt, short_prompt, margins=None):
    pick = margins.pick if margins else inference.greedy
    per_element, deleted = inference.score(model, text)
    if margins and not margins.wide():
        return None                   # early, for most seeds end here
    answer = {
        "bits_per_byte": sum(per_element) / len(per_element),
        "per_byte": [round(bits, 6) for bits in per_element],
        "scored_patches_deleted": deleted,
        "greedy": {"prompt": prompt, "bytes": inference.generate(model, prompt, NEW_BYTES, pick)},
    }
    if model.config.bytes_in:
        answer["greedy_short"] = {"prompt": short_prompt, "bytes": inference.generate(model, short_prompt, NEW_BYTES // 2, pick)}
    return answer


def agree(one, other):
    same = all(one[key] == other[key] for key in ("greedy", "greedy_short", "scored_patches_deleted") if key in one)
    return same and close(one["per_byte"], other["per_byte"])


def close(bits, other):
    return max(abs(a - b) for a, b in zip(bits, other)) < 1e-4


def step_optimizer(model):
    """An AdamW that took one step of rate 0: its state is there, the weights are as they were."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0, weight_decay=0.0)
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter) * 1e-3
    optimizer.step()
    return optimizer


def texts(config, seed):
    """A text to score, a prompt, and one shorter than a patch."""
    if config.layout == "words":
        return list(TALE.encode()), list(TALE.encode()[:PROMPT_BYTES]), list(b"fn")
    if not config.bytes_in:
        generator = torch.Generator().manual_seed(seed)
        text = torch.randint(0, config.vocab_size, (TEXT_BYTES // P * 2,), generator=generator).tolist()
        return text, text[:13], []
    held_out = (HERE / "data/heldout.txt").read_bytes()
    start = 997 * seed % (len(held_out) - TEXT_BYTES)
    text = list(held_out[start:start + TEXT_BYTES])
    return text, text[:PROMPT_BYTES], list(b"fn")


def flavours_of(run):
    """The published runs in all flavours, ours as it is shipped."""
    return NAMES if run in RUNS else {"compact": NAMES["compact"]}


def try_seed(run, seed, folder):
    """The golden of a run, its files in `folder`; None when some decision is too close."""
    config = reduced(MODELS[run])
    tokens = not config.bytes_in
    text, prompt, short = texts(config, seed)
    model = lively(config, seed, text)
    flavours = {}
    for flavour, write in flavours_of(run).items():
        path = folder / f"{run}.{flavour}.pt"
        if flavour == "step":
            files.write_step(model, path, 1000, step_optimizer(model) if run == WITH_OPTIMIZER else None)
        else:
            write(model, path)
        loaded = files.load(path)
        with Margins() as margins:
            if config.delete_gate:
                loaded.delete_gate.register_forward_hook(margins.watch_gate)
            flavours[flavour] = results(loaded, text, prompt, short, margins)
        if not flavours[flavour] or not margins.wide():
            return None
        if not agree(flavours[flavour], results(files.load(path, torch.float64), text, prompt, short)):
            return None
    golden = {"run": run, "seed": seed, "parameters": sum(p.numel() for p in model.parameters()), "config": config.to_dict()}
    if tokens:
        golden["tokens"] = True
    return golden | {"text": text} | (flavours.get("unpacked") or flavours["compact"]) | {"flavours": flavours}


def write_golden(run):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        first = 1000 * list(MODELS).index(run)   # runs of one architecture still get weights of their own
        for seed in range(first, first + 1000):
            if golden := try_seed(run, seed, folder):
                break
        else:
            raise SystemExit(f"{run}: none of a thousand seeds keeps clear of ties; loosen the margins in write_goldens.py")
        for flavour in flavours_of(run):
            (FIXTURES / f"{run}.{flavour}.pt").write_bytes((folder / f"{run}.{flavour}.pt").read_bytes())
    (FIXTURES / f"{run}.json").write_text(json.dumps(golden) + "\n")
    share = golden["scored_patches_deleted"] / max(len(golden["text"]) // MODELS[run].patch_size, 1)
    print(f"{run}: seed {seed}, {golden['bits_per_byte']:.3f} bits, {share:.0%} deleted", flush=True)


class Jitter:
    """Perturbs every vector before it is quantised by about a float32 rounding error, and so stands for any
    other order of summation. In a large model some activation is always near enough to a rounding boundary to
    be turned by that; what then differs, differs at the level of the quantisation's own noise.
    """

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def __enter__(self):
        self.quantize = quant.quantize_activations
        quant.quantize_activations = lambda x: self.quantize(x * (1 + 3e-7 * torch.randn(x.shape, generator=self.generator)))

    def __exit__(self, *_):
        quant.quantize_activations = self.quantize


def steady_pieces(model, double, text, count):
    """Short stretches of text on which no decision is close, so that scores must agree byte by byte."""
    pieces = []
    for start in range(0, len(text) - PIECE_BYTES, 47):
        piece = list(text[start:start + PIECE_BYTES])
        with Margins() as margins:
            hook = model.delete_gate.register_forward_hook(margins.watch_gate)
            per_byte, deleted = inference.score(model, piece)
            hook.remove()
        # An error in x is relative to what was summed up to x, hence the distance in steps of q too.
        steady = margins.wide() and margins.distance > 2.5e-5 and margins.rounding > 6e-7
        if steady and close(per_byte, inference.score(double, piece)[0]):
            pieces.append({"text": piece, "per_byte": [round(bits, 6) for bits in per_byte], "scored_patches_deleted": deleted})
        if len(pieces) == count:
            return pieces
    raise SystemExit(f"only {len(pieces)} of {count} stretches of text keep clear of ties; loosen the margins in write_goldens.py")


def steady_greedy(model, text, count):
    """Prompts whose greedy continuation survives jitter."""
    answers = []
    for start in range(0, len(text) - 64, 3001):
        prompt = list(text[start:start + 64])
        new = inference.generate(model, prompt, 64)
        for seed in range(6):
            with Jitter(seed):
                if inference.generate(model, prompt, 64) != new:
                    break
        else:
            answers.append({"prompt": prompt, "bytes": new})
            if len(answers) == count:
                return answers
    raise SystemExit(f"only {len(answers)} of {count} prompts have a greedy continuation that survives rounding")


def write_embedded(path):
    """The shipped model: 48 steady pieces of held-out text, 2 KB of it in one, and three greedy prompts."""
    held_out = (HERE / "data/heldout.txt").read_bytes()
    model, double = files.load(path), files.load(path, torch.float64)
    long_text = list(held_out[60_000:62_051])
    exact, _ = inference.score(double, long_text)
    golden = {
        "run": model.config.run, "file": pathlib.Path(path).name, "parameters": sum(p.numel() for p in model.parameters()),
        "config": model.config.to_dict(),
        "texts": steady_pieces(model, double, held_out, 48),
        "long": {"text": long_text, "bits_per_byte_in_float64": sum(exact) / len(exact)},
        "greedy": steady_greedy(model, held_out, 3),
    }
    (FIXTURES / "embedded.json").write_text(json.dumps(golden) + "\n")
    print({key: value for key, value in golden["long"].items() if key != "text"})


def main():
    parser = argparse.ArgumentParser(description="Writes golden files into tests/fixtures/.")
    parser.add_argument("runs", nargs="*", metavar="RUN")
    parser.add_argument("--embedded", metavar="MODEL.pt")
    options = parser.parse_args()
    unknown = set(options.runs) - set(MODELS)
    if unknown:
        raise SystemExit(f"no such run: {', '.join(sorted(unknown))}; there are {', '.join(MODELS)}")
    torch.set_num_threads(1)
    FIXTURES.mkdir(exist_ok=True)
    if options.embedded:
        write_embedded(options.embedded)
    else:
        for run in options.runs or MODELS:
            write_golden(run)


if __name__ == "__main__":
    main()
