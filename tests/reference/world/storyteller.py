"""Greetings, questions and nonsense, answered in the storyteller's voice. What is said and answered stands in `storyteller.txt`."""
import re
from pathlib import Path

from . import grammar, lexicon, names
from .render import Teller, compiled, run
from .state import State

LETTERS = "asdfjklqwertzuiopyxcvbnmgh"


def _read():
    groups = []
    for line in (Path(__file__).parent / "storyteller.txt").read_text(encoding="utf-8").split("\n"):
        mark, words = line[:2], line[2:].replace("\\n", "\n")
        if mark == "? ":
            if not groups or groups[-1][1]:
                groups.append(([], []))
            groups[-1][0].append(grammar.read('"' + words + '"'))
        elif mark == "! ":
            groups[-1][1].append(grammar.read('"' + words + '"'))
    return groups


GROUPS = _read()


def noise(rng):
    """What comes of fingers that fall on the keys."""
    return "".join(rng.choice(LETTERS) for _ in range(rng.randint(3, 8)))


def fill(rng, key, held):
    kind = key.rstrip("0123456789")
    if kind == "name":
        gender = rng.choice("fm")
        return names.choose(rng, gender, rng.random() < .6, [], held, False)
    if kind == "kind":
        return rng.choice(list(lexicon.KINDS))
    if kind == "thing":
        return rng.choice(list(lexicon.THINGS))
    if kind == "place":
        return rng.choice(list(lexicon.PLACES))
    return noise(rng) if kind == "noise" else rng.choice(lexicon.LISTS[kind])


def say(wording, teller):
    text = run(compiled(wording), teller)[1:-1]
    text = re.sub(r" +([.,?!])", r"\1", re.sub(r"  +", " ", text)).strip()
    return re.sub(r"([.!?] )([a-z])", lambda m: m[1] + m[2].upper(), text)


def text(rng, held):
    asked, answers = rng.choice(GROUPS)
    ask, answer = rng.choice(asked), rng.choice(answers)
    teller = Teller(rng, State())
    bind = {k: fill(rng, k, held) for k in ask.keys | answer.keys}
    teller.bind = {k: Words(v, lexicon.PLACES.get(v)) if k.rstrip("0123456789") == "place" else v for k, v in bind.items()}
    return say(ask, teller) + "\n\n" + grammar.capital(say(answer, teller))


class Words(str):
    """The name of a place that knows its preposition."""

    def __new__(cls, noun, entry):
        words = super().__new__(cls, noun)
        words.prep = entry.prep
        return words
