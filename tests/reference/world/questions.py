"""Questions after a tale, asked only if the tale allows one answer.

Some belong to events (the `Q` lines of the content). The others are asked of every tale: names and kinds, who there was, whose a thing
is at the end, its color. `general` makes these from what was told, for the simulator and for the judge alike.
"""
import re

from . import grammar, lexicon, tale
from .state import SOMEWHERE

# ---------------------------------------------------------------- of events


def spelt(wording, bind):
    """The wording with what stands in its slots: two questions with the same are one question, whatever their roles are called."""
    return SLOT.sub("{}", wording.source), tuple(bind.get(m[1]) if len(m[1]) == 1 or m[1][0].islower() else tuple(bind.get(k) for k in m[1]) for m in SLOT.finditer(wording.source))


SLOT = re.compile(r"\{(\w+)(?:\.\w+)*\}")


def fits(state, wording, bind):
    """Whether everything that the wording names is known to the reader."""
    for k, form in tale.needs(wording):
        e = bind.get(k)
        if e is None or e is SOMEWHERE or form == "name" and (e,) not in state.facts.get("named", ()):
            return False
        if form and form not in ("name", "look") and form not in tale.entry(e).phrases:
            return False
    return all(k in bind for k in wording.keys)


def of_events(state, told):
    """(question, event's bindings) of all events whose question has one answer. `told` has event, bind, wording and text of each sentence."""
    answers = {}         # a question and what it gives away: all answers that the tale has for it
    for t in told:
        for q in t.event.questions:
            if q.is_told(t.text):
                answers.setdefault(spelt(q.ask, t.bind), set()).add(spelt(q.answers[0], t.bind))
    for t in told:
        for q in t.event.questions:
            if not q.is_told(t.text) or not fits(state, q.ask, t.bind):
                continue
            lists = {k for w in (q.ask, *q.answers) for k in w.keys if k[0].islower()}
            if lists <= t.wording.keys and len(answers[spelt(q.ask, t.bind)]) == 1:
                yield q, t.bind


# ---------------------------------------------------------------- of every tale

COLORS = set(lexicon.LOOKS["colour"]) | {"golden", "silver"}


def called(state, who):
    """The name, or `the fox`."""
    return who.name if (who,) in state.facts.get("named", ()) else "the " + who.kind


def general(state, chars, things, described):
    """Pairs (question, answers that are right) about all that was told. `described` are those whose kind or look the tale tells."""
    names = [called(state, c) for c in chars]
    for c in chars:
        if (c,) in state.facts.get("named", ()) and c in described and sum(o.kind == c.kind for o in chars) == 1:
            a = grammar.article(c.kind)
            yield f"What was the name of the {c.kind}?", [f"{c.name}.", f"It was {c.name}.", f"The {c.kind} was called {c.name}."]
            yield f"What was the {c.kind} called?", [f"{c.name}.", f"The {c.kind} was called {c.name}."]
            yield f"Who was {c.name}?", [f"{c.name} was {a}.", grammar.capital(a) + "."]
            yield f"What was {c.name}?", [f"{c.name} was {a}.", grammar.capital(a) + "."]
            yield f"Was {c.name} {a}?", [f"Yes, {c.name} was {a}.", "Yes."]
            others = [o for o in chars if o is not c and o in described and (o,) in state.facts.get("named", ()) and o.kind != c.kind]
            for o in others[:1]:
                yield f"Was {c.name} {grammar.article(o.kind)}?", [f"No, {c.name} was {a}.", f"No, {o.name} was."]
    if chars:
        yield "Who is this tale about?", [f"It is about {names[0]}.", grammar.capital(f"{names[0]}.")]
        yield "Whom is the story about?", [f"It is about {names[0]}.", grammar.capital(f"about {names[0]}.")]
    if len(chars) > 1:
        listed = ", ".join(names[:-1]) + " and " + names[-1]
        number = lexicon.LISTS["num"][len(chars) - 2]
        yield "Who is in this tale?", [grammar.capital(f"{listed}.")]
        yield "How many characters are in this tale?", [f"There are {number}: {listed}.", f"{grammar.capital(number)}."]
    for t in things:
        holders = [f for f in state.facts.get("has", ()) if f[1] is t]
        if len(holders) == 1 and sum(o.noun == t.noun for o in things) == 1:
            who = called(state, holders[0][0])
            yield f"Who has the {t.noun} at the end?", [f"{grammar.capital(who)} has it.", f"{grammar.capital(who)}."]
            yield f"Where is the {t.noun} at the end?", [f"{grammar.capital(who)} has it.", f"It is with {who}."]
        if t.look in COLORS and t in described:
            yield f"What color was the {t.noun}?", [f"It was {t.look}.", grammar.capital(f"{t.look}."), f"The {t.noun} was {t.look}."]
            yield f"What was the {t.noun} like?", [f"It was {t.look}."]


# ---------------------------------------------------------------- for a tale of the simulator


def pick(t, n):
    """Up to n pairs of question and answer."""
    rng = t.rng
    own = list(of_events(t.state, t.told))
    rng.shuffle(own)
    others = list(general(t.state, t.cast_in_order(), t.things_in_order(), t.described))
    rng.shuffle(others)
    pairs, seen = [], set()
    while len(pairs) < n and (own or others):
        if own and (rng.random() < .68 or not others):
            q, bind = own.pop()
            answers = [a for a in q.answers if fits(t.state, a, bind)]
            if not answers or q.ask in seen:
                continue
            seen.add(q.ask)
            teller = t.aside()
            ask = teller.tell(q.ask, bind)
            pairs.append((ask, teller.tell(rng.choice(answers), bind)))
        else:
            ask, answers = others.pop()
            if ask.split()[0] + ask.split()[-1] in seen:
                continue
            seen.add(ask.split()[0] + ask.split()[-1])
            pairs.append((ask, rng.choice(answers)))
    return pairs
