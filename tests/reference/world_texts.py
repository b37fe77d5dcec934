"""The world simulator as a source of documents for stock.py."""

import itertools

from world import kinds

DRILLS = [kind for kind in kinds.KINDS if "drill" in kind]


def documents(seed, drills, held_out):
    """Endless documents (bytes) of the world: drills of recall alone, or every kind of text as often as the world has it."""
    for number in itertools.count():
        kind = DRILLS[number % len(DRILLS)] if drills and DRILLS else None
        yield kinds.text(str(seed), number, held_out, kind).encode()
