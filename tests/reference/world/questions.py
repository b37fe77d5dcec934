"""Questions after a tale. Each belongs to an event, and is asked only if the tale allows one answer."""
from . import grammar, tale
from .render import Teller


def key(question, bind):
    """What the question gives away: the values of its slots."""
    return tuple(id(bind[k]) if k[0].isupper() else bind[k] for k in sorted(question.ask.keys) if k in bind)


def answer_key(question, bind):
    keys = sorted(set().union(*(a.keys for a in question.answers)) - question.ask.keys)
    return tuple(id(bind.get(k)) if k[0].isupper() else bind.get(k) for k in keys)


def fits(t, wording, bind):
    for k, form in tale.needs(wording):
        e = bind.get(k)
        if e is None or e is tale.SOMEWHERE or form == "name" and (e,) not in t.state.facts.get("named", ()):
            return False
        if form and form not in ("name", "look") and form not in tale.entry(e).phrases:
            return False
    return all(k in bind for k in wording.keys)


def told_in(wording, keys):
    """Whether the sentence of the tale itself tells what the answer needs."""
    return keys <= wording.keys


def pick(t, n):
    """Up to n pairs of question and answer."""
    rng = t.rng
    pool = []
    for told in t.told:
        for q in told.event.questions:
            if not fits(t, q.ask, told.bind):
                continue
            needed = {k for a in q.answers for k in a.keys if k[0].islower()} | {k for k in q.ask.keys if k[0].islower()}
            if not told_in(told.wording, needed):
                continue
            same = [o for o in t.told if o.event is told.event and key(q, o.bind) == key(q, told.bind)]
            if len({answer_key(q, o.bind) for o in same}) > 1:
                continue
            pool.append((q, told))
    rng.shuffle(pool)
    out, seen = [], set()
    for q, told in pool:
        answers = [a for a in q.answers if fits(t, a, told.bind)]
        if not answers or (told.event.name, q.ask.source) in seen:
            continue
        seen.add((told.event.name, q.ask.source))
        teller = Teller(rng, t.state)
        ask = teller.tell(q.ask, told.bind)
        out.append((ask, teller.tell(rng.choice(answers), told.bind)))
        if len(out) == n:
            break
    return out
