"""Texts for trying the trainer out: a few sentences in which invented names come again, and a question."""

import random

FIRST = "b d f g k l m n p r s t v z br gr kl tr".split()
VOWELS = "a e i o u ai oo".split()
THINGS = "key hat kite drum lamp spoon ring boat shell book coin bell".split()
PLACES = "lake hill barn mill garden bridge cave market".split()
BETWEEN = ["The wind was cold.", "It was a bright day.", "Far away a bell rang.", "Nobody said a word."]


def invented(r):
    return "".join(r.choice(FIRST) + r.choice(VOWELS) for _ in range(r.choice((2, 3)))).capitalize()


def documents(seed, drills, held_out):
    """Endless documents (bytes): single paragraphs as drills, else with a title and a question. Held out: other names."""
    r = random.Random(f"{seed} {drills} {held_out}")
    while True:
        one, other = invented(r), invented(r)
        if (sum(map(ord, one + other)) % 8 == 0) != held_out:
            continue
        thing, place = r.choice(THINGS), r.choice(PLACES)
        story = [f"There once lived a child named {one}.", *r.sample(BETWEEN, r.randrange(3)),
                 f"One day {one} went to the {place} and met {other}.", *r.sample(BETWEEN, r.randrange(2)),
                 f'"Is this your {thing}, {other}?" asked {one}.', f"So {other} took the {thing} home."]
        text = " ".join(story)
        if not drills:
            text = f"{one} and the {thing.title()}\n\n{text}\n\nQ: Who has the {thing}?\nA: {other}."
        yield text.encode()
