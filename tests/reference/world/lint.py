"""Checks the content: `python -m world.lint` for all of it, `--plot NAME --show 5` to read tales of one plot.

Finds slots that nothing fills, lists, forms, events and facts that do not exist, wordings that leave markup behind in some voice,
and plots that run into the impossible.
"""
import argparse
import collections
import random
import re
import sys

from . import content, grammar, lexicon, tale
from .events import is_variable
from .render import Teller
from .state import Char, Place, State, Thing

BUILT_IN = {"is", "near", "same", "new", "at", "has", "named", "long"}
STATIC_FORMS = {"", "he", "pron", "full", "him", "his", "himself", "hers", "they", "them", "their", "name", "a", "kind", "kind.s", "the", "look"}
THING_FORMS = {"", "a", "n", "noun", "plural", "it", "look"}
PLACE_FORMS = {"", "n", "in", "to"}
COUNT = re.compile(r"\b(?:live|sit|stand|lie|fly) an? [a-z]")
CASE = re.compile(r"\b(?:(?<!in )between|with|given|beside|from|of|at) (?:I|we|he|they)\b(?! [a-z]+(?:ed|es|s)\b)|\b(?:there|and so|here) (?:stood|sat|lay|came|stands|sits|lies|comes) (?:me|us)\b")
LEFT_OVER = re.compile(r"[{}<>\[\]|@/]|\b(a|an|the) (a|an|the)\b|\bNone\b|(?<!\.)[.,!?] ?[.,](?!\.)|  |\ba [aeio]\w|\bto (he|she|I)\b|\b(he|she)'s [a-z]+ed\b")


def forms_of(key):
    if grammar.is_char(key):
        return STATIC_FORMS | {f for e in lexicon.KINDS.values() for f in e.phrases}
    if key in grammar.THINGS:
        return THING_FORMS | {f for e in lexicon.THINGS.values() for f in e.phrases}
    if key in grammar.PLACES:
        return PLACE_FORMS | {f for e in lexicon.PLACES.values() for f in e.phrases}
    return {"", "a", "the", "s"}


def wording_faults(w, known, where):
    for s in tale.slots(w.nodes):
        if s.key[0].islower():
            if s.key.rstrip("0123456789") not in lexicon.LISTS and s.key not in known:
                yield f"{where}: {{{s.key}}} is no list of the lexicon: {w.source}"
        elif not set(s.key) <= known:
            yield f"{where}: nothing fills {{{s.key}}}; make it a parameter or let a condition bind it: {w.source}"
        if s.form not in forms_of(s.key):
            yield f"{where}: .{s.form} is no form of {{{s.key}}}: {w.source}"


def event_faults(event):
    known = set(event.params) | {a.lstrip("$") for atom in event.conditions for a in atom.args if is_variable(a)}
    known |= {a[1:] for atom in event.effects for a in atom.args if a[0] == "$"}
    if not event.wordings:
        yield f"{event.source}: event {event.name} has no wording"
    for w in event.wordings:
        yield from wording_faults(w, known, w.where)
    told = [re.sub(" +", " ", re.sub(r"[<>|/\[\]]", " ", w.source)) for w in event.wordings]
    for q in event.questions:
        if q.word and not any(q.is_told(t) for t in told):
            yield f"{event.source}: no wording has a word of q({q.word.pattern}) {q.ask.source}"
        for w in [q.ask, *q.answers]:
            yield from wording_faults(w, known | {s for x in event.wordings for s in x.keys}, event.source)


def lexicon_faults():
    for noun in lexicon.THINGS:
        if re.search(r"[^su]s$", noun.split(" of ")[0]):
            yield f"lexicon: {noun} is plural; things are singular (`a pair of boots` is none either)"


def fact_faults(c):
    made = {a.pred for e in c.events.values() for a in e.effects} | BUILT_IN
    for e in c.events.values():
        for a in e.conditions:
            if a.pred not in made:
                yield f"{e.source}: no event makes the fact `{a.pred}` that event {e.name} asks for"


def script_faults(c, script):
    def beats(blocks, roles):
        for beat in blocks:
            for name, args in beat.calls:
                target = c.find(c.scenes, name, beat.where) or c.find(c.events, name, beat.where)
                if target is None:
                    yield f"{beat.where}: there is no event and no scene {name!r}"
                elif len(args) > len(target.params):
                    yield f"{beat.where}: {name} takes {' '.join(target.params) or 'nothing'}, not {' '.join(args)}"
                for a in args:
                    if len(a) == 1 and a.isupper() and a not in roles:
                        yield f"{beat.where}: {a} is not cast in {script.name}"
            for b in beat.blocks:
                yield from beats(b, roles)
    roles = set(script.params) | {r for r, _ in script.cast}
    yield from beats(script.beats, roles)
    for t in script.titles:
        for k in t.keys:
            if k not in roles and k not in script.picks:
                yield f"{script.source}: a title of {script.name} names {{{k}}}, which is not cast there"


def sample_bind(rng, keys):
    """Somebody for every role, a value for every list."""
    bind, taken = {}, []
    for k in sorted(keys):
        if k in grammar.CHARS:
            kind = rng.choice([h for h in lexicon.KINDS if h not in taken])
            entry = lexicon.KINDS[kind]
            taken.append(kind)
            g = rng.choice([g for g in "fmn" if g in entry.tags] or ["f", "m"])
            bind[k] = Char(rng.choice(lexicon.NAMES[g] or lexicon.NAMES["n"]), kind, g, rng.choice(entry.looks or [""]), entry.tags)
        elif k in grammar.THINGS:
            noun = rng.choice(list(lexicon.THINGS))
            bind[k] = Thing(noun, rng.choice(lexicon.THINGS[noun].looks or [""]), lexicon.THINGS[noun].tags)
        elif k in grammar.PLACES:
            noun = rng.choice(list(lexicon.PLACES))
            e = lexicon.PLACES[noun]
            bind[k] = Place(noun, e.prep, e.tags, e.to)
        else:
            values = lexicon.LISTS.get(k.rstrip("0123456789"))
            bind[k] = rng.choice(values) if values else k
    return bind


def all_keys(event, w):
    return set("".join(k for k in w.keys if k[0].isupper())) | {k for k in w.keys if k[0].islower()} | {p for p in event.params if p[0].isupper()}


def render_faults(event, rng):
    """Every wording in every voice."""
    for w in event.wordings:
        for _ in range(3):
            bind = sample_bind(rng, all_keys(event, w))
            state = State()
            for v in bind.values():
                if not isinstance(v, str):
                    state.add("new", (v,))
                    state.add("named", (v,))
            for person in (1, 2, 3):
                for present in (False, True):
                    if ("present" if present else "past") not in w.tenses or w.person not in (0, person) or person < 3 and "A" in w.not_narrator and not w.person:
                        continue
                    if person == 2 and w.bare_was:
                        continue
                    try:
                        text = Teller(rng, state, bind.get("A") if person < 3 else None, present, str(person % 3)).tell(w, bind)
                    except KeyError as e:
                        break       # this kind has no phrase of that form; tales do not choose the wording then
                    m = LEFT_OVER.search(text)
                    if m:
                        yield f"{w.where}: {m[0]!r} is left over in: {text}"
                    m = CASE.search(text)
                    if m:
                        yield f"{w.where}: {m[0]!r} has the wrong pronoun: {text}"
                    m = COUNT.search(text) if person == 3 else None
                    if m:
                        yield f"{w.where}: {m[0]!r} has the verb of many: {text}"


def play_faults(c, plot, rng, n):
    bad, lengths = collections.Counter(), []
    for _ in range(n):
        t = tale.Tale(random.Random(rng.random()), plot.held, plot=plot)
        try:
            t.play()
        except tale.CannotHappen as e:
            bad[str(e)] += 1
            continue
        except grammar.WordingError as e:
            yield str(e)
            return
        lengths.append(len(t.body))
    if sum(bad.values()) > n * .02:
        yield f"plot {plot.name}: {sum(bad.values())} of {n} tales came to a stop: " + "; ".join(f"{k} ({v} times)" for k, v in bad.most_common(3))
    if lengths and sorted(lengths)[len(lengths) // 2] > 1500:
        yield f"plot {plot.name}: the middle length is {sorted(lengths)[len(lengths) // 2]} bytes; keep it below 1,500"
    if lengths and sorted(lengths)[len(lengths) // 2] < 350:
        yield f"plot {plot.name}: the middle length is {sorted(lengths)[len(lengths) // 2]} bytes; let it be above 350"


def faults(plays=60, seed=1):
    rng = random.Random(seed)
    c = content.load()
    for e in c.events.values():
        yield from event_faults(e)
    yield from fact_faults(c)
    yield from lexicon_faults()
    scripts = [*c.scenes.values(), *c.plots.values()]
    for s in scripts:
        yield from script_faults(c, s)
    for e in c.events.values():
        yield from render_faults(e, rng)
    for p in c.plots.values():
        yield from play_faults(c, p, rng, plays)


def main():
    p = argparse.ArgumentParser(prog="python -m world.lint", description=__doc__)
    p.add_argument("--plays", type=int, default=60, help="tales played of each plot")
    p.add_argument("--seed", default="1")
    p.add_argument("--plot", help="show tales of this plot")
    p.add_argument("--show", type=int, default=0, help="how many")
    o = p.parse_args()
    try:
        c = content.load()
        if o.show:
            if o.plot and o.plot not in c.plots:
                sys.exit(f"There is no plot {o.plot!r}; there are: {', '.join(sorted(c.plots))}")
            for i in range(o.show):
                t = tale.Tale(random.Random(f"{o.seed}/{i}"), plot=c.plots.get(o.plot))
                try:
                    t.play()
                except tale.CannotHappen as e:
                    print(f"(stopped: {e})\n")
                    continue
                print(f"--- {t.plot.name}\n{t.title()}\n\n{t.body}\n")
            return
        found = list(dict.fromkeys(faults(o.plays, o.seed)))
    except grammar.WordingError as e:
        found = str(e).split("\n")
    print("\n".join(found) or "no fault")
    c = content.load() if not found else None
    if c:
        print(f"{len(c.plots)} plots, {len(c.scenes)} scenes, {len(c.events)} events, {sum(len(e.wordings) for e in c.events.values())} wordings, "
              f"{sum(len(e.questions) for e in c.events.values())} questions, {len(lexicon.KINDS)} kinds, {len(lexicon.THINGS)} things, {len(lexicon.PLACES)} places, "
              f"{sum(map(len, lexicon.NAMES.values()))} names, {sum(map(len, lexicon.LISTS.values()))} phrases of lists")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
