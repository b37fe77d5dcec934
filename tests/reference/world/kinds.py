"""Kinds of text: what stands in one text of the training, and how often."""
import random
from pathlib import Path

from . import drills, questions, requests, riddles, storyteller, tale, talks, visitors

END = "\x04"
# What visitors type, kept for the exam: no text begins with such a line (but those that are only a word or two, like `Once upon a time`).
OPENINGS = (Path(__file__).parent / "openings.txt").read_text(encoding="utf-8").splitlines()
CARELESS = set("Once There The A An In On It Long One Everybody Nobody Under At Behind When My Not Far Every".split())
KEPT = tuple(line for line in OPENINGS if len(line.split()) > 2 and line != "Once upon a time")


def play(rng, held):
    """A tale; plots that run into the impossible are drawn again."""
    while True:
        try:
            return tale.Tale(rng, held).play()
        except tale.CannotHappen:
            continue


def headed(t):
    title = t.title()
    return f"{title}\n\n{t.body}" if title else t.body


def with_questions(t, text):
    pairs = questions.pick(t, t.rng.randint(1, 4))
    if t.rng.random() < .2:
        return text + "".join(f"\n\n{q}\n\n{a}" for q, a in pairs[:2])
    return text + ("\n\n" + "\n".join(f"Q: {q}\nA: {a}" for q, a in pairs) if pairs else "")


def titled(rng, held):
    return headed(play(rng, held))


def untitled(rng, held):
    body = play(rng, held).body
    if rng.random() < .04 and body.split()[0] in CARELESS:      # some visitors begin with a small letter
        body = body[0].lower() + body[1:]
    return body


def asked(rng, held):
    t = play(rng, held)
    return with_questions(t, headed(t) if rng.random() < .6 else t.body)


def request(rng, held):
    t = play(rng, held)
    text = requests.text(t)
    return with_questions(t, text) if rng.random() < .25 else text


def finished(rng, held):
    """`Finish this story: …`: the visitor has the first sentences, the storyteller the rest."""
    t = play(rng, held)
    first = t.told[0].text
    ask = rng.choice(["Finish this story: ", "Go on: ", "Continue: ", "How does this story end? ", "Please go on: ", "Finish the tale: ", "Continue this story: ", "What happens next? "])
    return f"{ask}{first}\n\n{t.body[len(first):].strip()}"


def sequel(rng, held):
    """A tale, and one more of the same hero for who asks what happens next."""
    first = play(rng, held)
    while True:
        second = tale.Tale(rng, held)
        try:
            second.follow(first).play()
            break
        except tale.CannotHappen:
            continue
    ask = rng.choice(["What happens next?", "What happens next?", "And then?", "And what then?", "Tell me more.", "Another one!", "Go on.", "What happened then?", "More, please."])
    return f"{headed(first) if rng.random() < .6 else first.body}\n\n{ask}\n\n{second.body}"


KINDS = {
    "titled": (titled, 21),
    "untitled": (untitled, 25),
    "questions": (asked, 21),
    "request": (request, 10),
    "finished": (finished, 1),
    "sequel": (sequel, 2),
    "talk": (talks.text, 5),
    "riddle": (riddles.text, 3),
    "storyteller": (storyteller.text, 5),
    "drill": (drills.text, 24),
    "visitor": (visitors.text, 20),
}


def text(seed, index, held=False, kind=None):
    """The text of that number, without its end byte."""
    rng = random.Random(f"{seed}/{index}/{'held' if held else 'train'}")
    if kind is None:
        kind = rng.choices(list(KINDS), [w for _, w in KINDS.values()])[0]
    while True:
        made = KINDS[kind][0](rng, held)
        if not made.startswith(KEPT):
            return made
