"""Kinds of text: what stands in one text of the training, and how often."""
import random

from . import questions, tale

END = "\x04"


def play(rng, held):
    """A tale; plots that run into the impossible are drawn again."""
    while True:
        try:
            return tale.Tale(rng, held).play()
        except tale.CannotHappen:
            continue


def titled(rng, held):
    t = play(rng, held)
    title = t.title()
    return f"{title}\n\n{t.body}" if title else t.body


def untitled(rng, held):
    return play(rng, held).body


def asked(rng, held):
    t = play(rng, held)
    title = t.title() if rng.random() < .6 else None
    text = f"{title}\n\n{t.body}" if title else t.body
    pairs = questions.pick(t, rng.randint(1, 4))
    return text + ("\n\n" + "\n".join(f"Q: {q}\nA: {a}" for q, a in pairs) if pairs else "")


KINDS = {"titled": (titled, 30), "untitled": (untitled, 30), "questions": (asked, 40)}


def text(seed, index, held=False, kind=None):
    """The text of that number, without its end byte."""
    rng = random.Random(f"{seed}/{index}/{'held' if held else 'train'}")
    if kind is None:
        kind = rng.choices(list(KINDS), [w for _, w in KINDS.values()])[0]
    return KINDS[kind][0](rng, held)
