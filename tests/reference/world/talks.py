"""Short talks between two characters, `Name: words` a line; what one of them has, likes or fears comes up again."""
from pathlib import Path

from . import grammar, tale
from .events import Atom, Event, is_variable
from .render import Teller


def _read():
    blocks, current = [], None
    for number, line in enumerate((Path(__file__).parent / "talks.txt").read_text(encoding="utf-8").split("\n"), 1):
        where = f"talks.txt:{number}"
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("talk "):
            name, _, rule = line[5:].partition(":")
            pre, _, post = rule.partition(">")
            atoms = [[Atom.parse(a, where) for a in text.split(",") if a.strip()] for text in (pre, post)]
            current = (name.strip(), *atoms, [])
            blocks.append(current)
        else:
            who, words = line.strip().split(" ", 1)
            current[3].append((who, grammar.read('"' + words + '"')))
    return blocks


BLOCKS = _read()


def _needed(block):
    return {k for _, w in block[3] for k in w.keys}


def _bind(t, block, scope):
    """The block's bindings, or None if its conditions do not hold."""
    bind = {k: scope[k] for k in "AB"}
    for atom in block[1]:
        if not Event.condition(atom, t.state, bind, t.rng):
            return None
    for key in _needed(block) | {a.lstrip("$") for atom in block[2] for a in atom.args if is_variable(a)}:
        if key in bind:
            continue
        if key in grammar.THINGS:
            bind[key] = t.thing(["carry"])
        elif key in grammar.PLACES:
            bind[key] = t.place(["walk"])
        else:
            bind[key] = t._pick(key)
    for _, w in block[3]:
        for k, form in tale.needs(w):
            if form and form not in ("name", "look") and form not in tale.entry(bind[k]).phrases:
                return None
    return bind


def text(rng, held):
    t = tale.Tale(rng, held)
    a, b = t.character(["any"], named=True), t.character(["any"], named=True)
    for who in (a, b):
        t.state.add("new", (who,))
        t.state.add("named", (who,))
    scope = {"A": a, "B": b}
    teller = Teller(rng, t.state)
    lines, used = [], set()
    wanted = rng.randint(3, 6)
    while len(used) < wanted + 2:
        last = len(used) >= wanted
        pool = [x for x in BLOCKS if x[0] not in used and (bool(used) or any(e.pred == "begun" for e in x[2])) and any(e.pred == "over" for e in x[2]) == last
                and (not used or not any(e.pred == "begun" for e in x[2]))]
        if rng.random() < .35 and used:
            scope = {"A": scope["B"], "B": scope["A"]}
        rng.shuffle(pool)
        for block in pool:
            bind = _bind(t, block, scope)
            if bind:
                break
        else:
            break
        used.add(block[0])
        for who, words in block[3]:
            said = teller.tell(words, bind)[1:-1]
            lines.append((bind[who], grammar.tidy(said)))
        for atom in block[2]:
            t.state.add(atom.pred, tuple(bind.get(x.lstrip("$"), x) for x in atom.args))
        if last:
            break
    return layout(rng, lines)


def layout(rng, lines):
    """As a script, or told with speech marks."""
    if rng.random() < .7:
        return "\n".join(f"{who.name}: {words}" for who, words in lines)
    out, previous, before = [], None, ""
    for who, words in lines:
        asked, before = before.endswith("?"), words
        if who is previous:
            out[-1] = f'{out[-1][:-1]} {words}"' if out[-1].endswith('"') else f'{out[-1]} "{words}"'
            continue
        if words[-1] in "?!":
            tag = f'"{words}" ' + ("asked" if words[-1] == "?" else rng.choice(("cried", "said"))) + f" {who.name}."
        else:
            tag = f'"{words[:-1]}," {"answered" if asked and rng.random() < .5 else "said"} {who.name}.'
        out.append(tag if rng.random() < .7 or previous is None else f'"{words}"')
        previous = who
    return "\n".join(out)
