"""Scoring and generating text as SPEC §2 says ("From prompt to text", "Bits per byte").

    python inference.py score MODEL.pt FILE
    python inference.py generate MODEL.pt PROMPT [--max-bytes N] [--temperature T] [--top-p P] [--seed S]
"""

import argparse
import math
import pathlib

import numpy as np
import torch

import files
import layout
from model import P

CHUNK = 512  # positions that a recurrent model reads at once


def read_context(model, units, state=None, gate="hard", begins=True):
    """Patch states of all positions; long texts go through recurrent models chunk by chunk."""
    if not model.config.recurrent:
        # Attention looks back at the positions themselves, so it reads all of them at once.
        z, state, logits = model.backbone(units, None, gate)
        return z, state, 0 if logits is None else int(model.deletes(logits[:, 1:]).sum())
    parts, deleted = [], 0
    for start in range(0, units.shape[1], CHUNK):
        chunk = units[:, start:start + CHUNK]
        first = torch.tensor([begins and start == 0])
        z, state, logits = model.backbone(chunk, state, gate, first)
        parts.append(z)
        if logits is not None:
            gone = model.deletes(logits)
            gone[:, 0] &= ~first
            deleted += int(gone.sum())
    return torch.cat(parts, 1), state, deleted


@torch.no_grad()
def score(model, text, gate="hard"):
    """-log2 p of every element after the first patch (or token), and how many patches were deleted.

    Of a text laid out by words, a fill's bits belong to the byte after which it stands, and fills after it have none.
    """
    text = torch.as_tensor(laid_out(model, text))
    unit = model.config.patch_size
    if len(text) <= unit:
        raise ValueError(f"{len(text)} elements are too few to score: the first {unit} only give context")
    whole = len(text) // unit
    units = text[:whole * unit].view(1, whole, unit) if unit > 1 else text.view(1, -1)
    shifted = model.config.dialect.target == "same"
    z, _, deleted = read_context(model, torch.cat([model.start(units), units], 1) if shifted else units, gate=gate)
    z = z[:, 1:] if shifted else z
    bits = []
    wanted = text[unit:whole * unit].view(-1, unit)
    for start in range(0, len(wanted), CHUNK):
        targets = wanted[start:start + CHUNK]
        bits += surprise(model, z[0, start:start + len(targets)], targets)
    partial = text[whole * unit:]
    if len(partial):
        bits += surprise(model, z[0, -1:], partial[None])
    return (bits if model.config.layout == "plain" else of_text(model, bits, text[unit:].tolist())), deleted


def laid_out(model, text, goes_on=False):
    """A text as the model reads it."""
    return list(text) if model.config.layout == "plain" else list(layout.lay_out(bytes(text), goes_on))


def of_text(model, bits, laid):
    """Bits of the bytes of a text, given those of all that is laid out."""
    fill, found = model.config.fill_byte, []
    for at, (byte, its) in enumerate(zip(laid, bits)):
        if byte != fill:
            found.append(its)
        elif laid[at - 1] != fill:
            found[-1] += its
    return found


def surprise(model, z, targets):
    log_p = torch.log_softmax(model.logits_of_next(z, targets[:, :-1]), -1)
    return (-log_p.gather(-1, targets.unsqueeze(-1)) / math.log(2)).flatten().tolist()


def greedy(logits):
    """The most likely element, the lowest of equals."""
    return int(np.argmax(logits.numpy()))


def sampler(temperature, top_p, seed):
    """Draws from the smallest set of elements whose probability reaches top_p, with a generator of its own."""
    generator = torch.Generator().manual_seed(seed)

    def pick(logits):
        if temperature == 0:
            return greedy(logits)
        p, order = torch.softmax(logits / temperature, -1).sort(descending=True, stable=True)
        p = p * (p.cumsum(-1) - p < top_p)
        return int(order[torch.multinomial(p / p.sum(), 1, generator=generator)])
    return pick


@torch.no_grad()
def generate(model, prompt, count, pick=greedy, gate="hard"):
    """`count` elements that continue the prompt, or fewer where the model ends the text."""
    unit, recurrent, fill = model.config.patch_size, model.config.recurrent, model.config.fill_byte
    text = laid_out(model, prompt, goes_on=True)
    if unit > 1 and len(text) < P:
        text = [ord("\n")] * P + text
    if not text:
        raise ValueError("an empty prompt: a token run needs one token to go on from")
    new, state, read = [], None, 0
    while len(new) < count:
        whole = len(text) // unit
        units = torch.tensor(text[read * unit:whole * unit])
        units = units.view(1, -1, unit) if unit > 1 else units.view(1, -1)
        z, state, _ = read_context(model, units, state, gate, read == 0)
        read = whole if recurrent else 0
        known = text[whole * unit:]
        forced = len(known)
        while len(known) < unit and len(new) < count:
            if fill is not None and len(known) > forced and known[-1] == fill:
                known.append(fill)              # after a fill only fills come
                text.append(fill)
                continue
            logits = model.logits_of_next(z[:, -1], torch.tensor(known, dtype=torch.long).view(1, -1))[0, -1]
            if fill is not None and not known:
                logits[fill] = -torch.inf       # fills stand behind a word, and never in a patch of their own
            known.append(pick(logits))
            if known[-1] == model.config.end_byte:
                return new
            text.append(known[-1])
            if known[-1] != fill:
                new.append(known[-1])
    return new


def main():
    parser = argparse.ArgumentParser(description="Scores or continues text with the reference model.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("score", help="bits per byte of a file")
    verb.add_argument("model")
    verb.add_argument("file", type=pathlib.Path)
    verb.add_argument("--gate", choices=("hard", "off"), default="hard", help="off: delete no patch")
    verb = verbs.add_parser("generate", help="continue a prompt")
    verb.add_argument("model")
    verb.add_argument("prompt")
    verb.add_argument("--max-bytes", type=int, default=400)
    verb.add_argument("--temperature", type=float, default=0.0)
    verb.add_argument("--top-p", type=float, default=1.0)
    verb.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    model = files.load(options.model)
    if options.verb == "score":
        text = options.file.read_bytes()
        bits, deleted = score(model, text, options.gate)
        patches = len(text) // model.config.patch_size
        print(f"{sum(bits) / len(bits):.4f} bits per byte over {len(bits)} bytes; "
              f"{deleted} of {patches} patches deleted ({deleted / patches:.1%})")
    else:
        pick = sampler(options.temperature, options.top_p, options.seed)
        new = generate(model, options.prompt.encode(), options.max_bytes, pick)
        print(options.prompt + bytes(new).decode("utf-8", "replace"))


if __name__ == "__main__":
    main()
