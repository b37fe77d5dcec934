"""The words of the world: kinds of people and animals, things, places, names and lists of phrases.

A table is a text of lines `head | tags | looks | form: phrase; phrase | form: ...`; `#` begins a comment. Forms become slots:
what a fox `does` is `{A.does}`. Phrases are wordings: `<slipped> through the bushes with {A.his} tail up`.
All modules of this package are read, in the order of their names; each may hold KINDS, THINGS, PLACES, LISTS and names.
"""
import importlib
import pkgutil
from dataclasses import dataclass, field

from .. import grammar

LOOKS = {"colour": "red blue green yellow white black purple orange pink grey brown".split(),
         "size": "big little small tiny".split(), "age": ["old", "new"], "wood": ["wooden"], "tin": ["tin", "shiny"],
         "metal": "silver golden copper brass".split(), "glass": ["glass"], "stripes": "striped spotted checked".split(),
         "fur": "brown grey black white".split(), "temper": "clever shy brave kind lazy curious grumpy cheerful proud gentle lonely".split()}


@dataclass
class Entry:
    """A line of a table."""
    head: str
    tags: frozenset
    looks: list
    phrases: dict = field(default_factory=dict)      # form -> list of Wording
    prep: str = ""
    to: str = ""

    def more(self, other):
        """Takes over what another module's table says of the same word."""
        self.tags |= other.tags
        self.looks += [look for look in other.looks if look not in self.looks]
        for form, phrases in other.phrases.items():
            known = self.phrases.setdefault(form, [])
            known += [p for p in phrases if p.source not in {k.source for k in known}]


def table(text, place=False):
    """The entries of a table by their heads."""
    entries = {}
    for line in text.strip().split("\n"):
        line = line.split("#")[0].strip()
        if not line:
            continue
        head, tags, looks, *forms = [c.strip() for c in line.split("|")]
        entry = Entry(head, frozenset(tags.split()), [])
        if place:
            entry.prep, _, entry.to = looks.partition(";")
            entry.to = entry.to.strip()
        else:
            for look in looks.split():
                look = look.replace("_", " ")
                entry.looks += LOOKS.get(look, [look])
        for f in forms:
            form, _, phrases = f.partition(":")
            entry.phrases[form.strip()] = [grammar.read(p, "A") for p in phrases.split(";") if p.strip()]
        if head in entries:
            raise grammar.WordingError(f"{head!r} stands twice in a table of the lexicon")
        entries[head] = entry
    return entries


KINDS, THINGS, PLACES, LISTS = {}, {}, {}, {}
NAMES = {"f": [], "m": [], "n": []}
LESSONS = {}         # a lesson that does not fit every tale: facts of which one must have held in it


def _load():
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda i: i.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for into, name, place in ((KINDS, "KINDS", False), (THINGS, "THINGS", False), (PLACES, "PLACES", True)):
            for head, entry in table(getattr(module, name, "") or "#", place).items():
                if head in into:
                    into[head].more(entry)
                    continue
                into[head] = entry
                if name == "KINDS" and "rare_kind" not in entry.tags and (entry.tags.isdisjoint({"child"}) or head in ("girl", "boy")):
                    entry.tags |= {"common"}      # these are cast more often than their number
        for key, text in getattr(module, "LISTS", {}).items():
            values = [v.strip() for line in text.strip().split("\n") for v in line.split("|") if v.strip()]
            LISTS.setdefault(key, [])
            LISTS[key] += [v for v in values if v not in LISTS[key]]
        for facts, text in getattr(module, "LESSONS", {}).items():
            LESSONS.update((v.strip(), set(facts.split())) for line in text.split("\n") for v in line.split("|"))
        for gender, text in getattr(module, "NAMES", {}).items():
            NAMES[gender] += [n.replace("_", " ") for n in text.split() if n.replace("_", " ") not in NAMES[gender]]


def _rare():
    """All things and kinds in the plural are among what somebody may love: the more nouns, the better is a new one kept. Things alone are `ware`."""
    known = set(LISTS["rare"])
    for head in [*THINGS, *KINDS]:
        many = grammar.plural(head)
        if many not in known and " of " not in many:
            LISTS["rare"].append(many)
    LISTS["ware"] = [many for many in map(grammar.plural, THINGS) if " of " not in many]


_load()
_rare()
