"""Reads a tale and rules on it, without the simulator's state: every sentence is read as an event of the grammar, the events are played
again, and what cannot be is a fault.

    python -m world.judge FILE          # texts end with byte 4; prints each fault with its line and reason

`judge(text)` returns a Verdict: faults, the events that were read, persons and things at the end, sentences read and in all.
"""
import argparse
import random
import re
from dataclasses import dataclass, field

from . import content, lexicon, patterns
from .grammar import CHARS, PLACES, THINGS
from .state import SOMEWHERE, Char, Place, State, Thing

GENDER = {"he": "m", "him": "m", "his": "m", "himself": "m", "she": "f", "her": "f", "hers": "f", "herself": "f", "it": "n", "its": "n", "itself": "n"}
FIRST = {"i", "me", "my", "mine", "myself", "we", "us", "our", "ours", "ourselves", "you", "your", "yours", "yourself", "yourselves"}
MANY = {"they", "them", "their", "theirs", "themselves"}


@dataclass
class Fault:
    """kind: a word of FAULTS; line: of the text, from 1; what: the sentence; why: a reason in words."""
    kind: str
    line: int
    what: str
    why: str

    def __str__(self):
        return f"line {self.line}: {self.kind}: {self.why}: {self.what}"


@dataclass
class Verdict:
    faults: list = field(default_factory=list)
    events: list = field(default_factory=list)       # (event, bindings, line)
    chars: list = field(default_factory=list)
    things: list = field(default_factory=list)
    state: State = field(default_factory=State)
    read: int = 0
    sentences: int = 0
    title: str = ""
    questions: list = field(default_factory=list)     # (question, answer) as they stand


@dataclass
class Text:
    """The parts of a text."""
    title: str
    paragraphs: list           # (line number, text)
    questions: list


def split(text):
    """Title, paragraphs and questions of a text without its end byte."""
    lines = text.split("\n")
    title, paragraphs, questions, ask = "", [], [], None
    for n, line in enumerate(lines, 1):
        if n == 1 and len(lines) > 2 and not lines[1] and 0 < len(line) < 80 and line[-1] not in '."':
            title = line
        elif line.startswith("Q: "):
            ask = line[3:]
        elif line.startswith("A: ") and ask is not None:
            questions.append((ask, line[3:]))
            ask = None
        elif line:
            paragraphs.append((n, line))
    return Text(title, paragraphs, questions)


_grammar, _forms = None, set()


def phrase_forms():
    """The forms of slots that stand for phrases of the lexicon: does, likes, use, see and so on."""
    if not _forms:
        for table in (lexicon.KINDS, lexicon.THINGS, lexicon.PLACES):
            for entry in table.values():
                _forms.update(entry.phrases)
    return _forms


def grammar():
    """The patterns of all wordings, made once."""
    global _grammar
    if _grammar is None:
        _grammar = patterns.Grammar(content.load().events.values())
    return _grammar


class Reader:
    """Replays a tale sentence by sentence."""

    def __init__(self):
        self.v = Verdict()
        self.state = self.v.state
        self.names, self.kinds, self.nouns, self.places = {}, {}, {}, {}
        self.narrator = None
        self.prev = []
        self.rng = random.Random(0)

    # -------------------------------------------------------- sentences

    def paragraph(self, line, text):
        parts = patterns.sentences(text)
        self.v.sentences += len(parts)
        i = 0
        while i < len(parts):
            best = None
            for k in range(min(5, len(parts) - i), 0, -1):
                for pattern, slots in grammar().readings(" ".join(parts[i:i + k]), k):
                    reading = self.reading(pattern, slots)
                    score = (len(reading[0]), -k)
                    if best is None or score < best[0]:
                        best = (score, k, pattern, reading)
                if best and best[0][0] == 0:
                    break
            if best is None:
                self.v.faults.append(Fault("unread", line, parts[i], "no wording of the world is like this"))
                self.mentions(parts[i])
                i += 1
                continue
            _, k, pattern, (faults, bind, here) = best
            said = " ".join(parts[i:i + k])
            self.v.faults += [Fault(kind, line, said, why) for kind, why in faults]
            self.take(pattern.event, bind)
            self.v.events.append((pattern.event, bind, line))
            self.prev = here or self.prev[:1]
            self.v.read += k
            i += k

    def mentions(self, text):
        self.prev = [c for n, c in self.names.items() if re.search(rf"\b{re.escape(n)}\b", text)] or self.prev

    # -------------------------------------------------------- one reading

    def reading(self, pattern, slots):
        """(faults, bindings, who is spoken of) of a sentence read as that wording."""
        event, faults, bind, here = pattern.event, [], {}, []
        texts = {}
        for key, form, said in slots:
            texts.setdefault(key, []).append((form, said))
        later = []
        for key in texts:
            if not set(key) <= set(CHARS):
                continue
            if len(key) > 1:
                later.append(key)
                continue
            who = self.person(key, texts[key], event, pattern.wording, faults)
            if who is None:
                later.append(key)
            else:
                bind[key] = who
                here.append(who)
        for key in later:
            if len(key) > 1:
                self.group(key, texts[key], bind, here, faults)
            else:
                bind[key] = self.pronoun(texts[key], bind, here, faults)
                if bind[key] is None:
                    del bind[key]
        for key, said in texts.items():
            if key in THINGS:
                self.thing(key, said, event, bind, faults)
            elif key in PLACES:
                self.place(key, said, bind, faults)
            elif key[0].islower():
                self.picked(key, said, bind, faults)
        for key, form, said in slots:
            entity = bind.get(key) if len(key) == 1 else None
            if entity and form in phrase_forms() and not self.phrase(entity, form, said):
                faults.append(("words", f"{said!r} is nothing that the world says of {self.say(entity)}"))
        wrong = []
        known = event.bindings(self.state, bind, self.rng, wrong)
        faults += [(kind, f"event {event.name} cannot happen here ({self.say(what)})") for kind, what in wrong]
        return faults, known, here

    @staticmethod
    def say(what):
        if isinstance(what, Char):
            return what.name or what.kind
        if isinstance(what, Thing):
            return what.noun
        if isinstance(what, Place):
            return what.noun
        return f"{what.sign}{what.pred} {' '.join(what.args)}" if hasattr(what, "pred") else str(what)

    @staticmethod
    def phrase(entity, form, said):
        """Whether the lexicon has this phrase for the kind, thing or place."""
        table, head = ((lexicon.KINDS, entity.kind) if isinstance(entity, Char) else (lexicon.THINGS, entity.noun) if isinstance(entity, Thing)
                       else (lexicon.PLACES, entity.noun))
        entry = table.get(head)
        return entry is None or any(patterns.fragment(w).fullmatch(said) for w in entry.phrases.get(form, ()))

    def person(self, key, said, event, wording, faults):
        """Who is named, or None if only pronouns stand there."""
        names, kinds, full, first, sexes = [], [], None, False, set()
        for form, text in said:
            base = text.removesuffix("'s")
            low = base.lower()
            if low in GENDER:
                sexes.add(GENDER[low])
            elif low in FIRST:
                first = True
            elif form == "a":
                full = base.split(" ", 1)[1]
            elif form in phrase_forms():
                continue
            elif low.startswith("the ") or form == "kind":
                kinds.append(re.sub("^(the|an?) ", "", low))
            elif form not in ("look", "kind.s"):
                names.append(base)
        if len(set(names)) > 1:
            faults.append(("name", f"{names[0]} and {names[1]} stand for one"))
        if key in event.new and (full or names and names[0] not in self.names) or first and self.narrator is None and key in event.new:
            who = self.newcomer(full, names[0] if names else "", sexes, faults)
            if wording.person in (1, 2) or first:
                self.narrator = who
            return who
        if first:
            if self.narrator is None:
                faults.append(("voice", "nobody tells this tale as `I`"))
            return self.narrator
        if names:
            who = self.names.get(names[0])
            if who is None and "named" in {a.pred for a in event.effects}:
                return None
            if who is None:
                faults.append(("nowhere", f"nobody is called {names[0]}"))
                who = Char(names[0], "", next(iter(sexes), ""))
            self.sex(who, sexes, faults)
            return who
        if kinds:
            found = [c for c in self.v.chars if c.kind == kinds[0] or kinds[0] == f"{c.look} {c.kind}"]
            if not found:
                faults.append(("nowhere", f"there is no {kinds[0]}"))
                return Char("", kinds[0], next(iter(sexes), ""))
            self.sex(found[-1], sexes, faults)
            return found[-1]
        return None

    def sex(self, who, sexes, faults):
        for s in sexes:
            if who.gender and who.gender != s:
                faults.append(("gender", f"{who.name or who.kind} is not `{s}`"))

    def newcomer(self, full, name, sexes, faults):
        kind = next((k for k in sorted(lexicon.KINDS, key=len, reverse=True) if full and (full == k or full.endswith(" " + k))), full or "")
        entry = lexicon.KINDS.get(kind)
        if full and entry is None:
            faults.append(("words", f"{full} is no kind that the world knows"))
        gender = next((g for g in "fmn" if entry and g in entry.tags), "") if entry and sum(g in entry.tags for g in "fmn") == 1 else ""
        gender = gender or next(iter(sexes), "")
        if full and any(c.kind == kind and not c.name and not name for c in self.v.chars):
            faults.append(("twice", f"a second {kind}"))
        return Char(name, kind, gender, (full or "").removesuffix(kind).strip(), entry.tags if entry else frozenset())

    def pronoun(self, said, bind, here, faults):
        sexes = {GENDER[t.lower()] for _, t in said if t.lower() in GENDER}
        if len(sexes) > 1:
            faults.append(("gender", "one person is `he` and `she`"))
        s = next(iter(sexes), "")
        free = [c for c in [*here, *self.prev] if c not in bind.values() and c is not self.narrator and c.gender in (s, "")]
        far = [c for c in reversed(self.v.chars) if c not in bind.values() and c is not self.narrator and c.gender in (s, "")]
        if not free and not far:
            faults.append(("pronoun", f"nobody here can be meant ({' '.join(t for _, t in said)})"))
            return None
        return next((c for c in free if c.gender), free[0]) if free else far[0]

    def group(self, key, said, bind, here, faults):
        for form, text in said:
            low = text.lower()
            names = [n for n in re.split(r", | and ", text.removesuffix("'s")) if n]
            if low in MANY | FIRST:
                members = [c for c in [*here, *self.prev, *self.v.chars] if c]
                if low in FIRST and self.narrator:
                    members.insert(0, self.narrator)
            else:
                members = []
                for n in names:
                    c = self.narrator if n in ("I", "me") else self.names.get(n) or next((x for x in self.v.chars if "the " + x.kind == n.lower()), None)
                    if c is None:
                        faults.append(("nowhere", f"nobody is called {n}"))
                    else:
                        members.append(c)
            members = list(dict.fromkeys(members))
            if low not in MANY | FIRST and len(members) == len(key) and self.narrator in members and len(key) == 2 and key[0] not in bind:
                members.sort(key=lambda c: c is not self.narrator)
            for k in key:
                if k not in bind:
                    who = next((m for m in members if m not in bind.values()), None)
                    if who:
                        bind[k] = who
                        here.append(who)

    def thing(self, key, said, event, bind, faults):
        for form, text in said:
            words = text.lower()
            if form in ("", "a"):
                words = words.split(" ", 1)[1]
            if form in ("look", "it", "plural") or form not in ("", "a", "n", "noun"):
                continue
            noun = next((n for n in sorted(lexicon.THINGS, key=len, reverse=True) if words == n or words.endswith(" " + n)), None)
            if noun is None:
                faults.append(("words", f"{words} is no thing that the world knows"))
                noun = words
            look = words.removesuffix(noun).strip()
            t = bind.get(key) or self.nouns.get(noun)
            if t is None:
                t = Thing(noun, look, lexicon.THINGS[noun].tags if noun in lexicon.THINGS else frozenset())
                if key not in event.new and key not in event.absent:
                    faults.append(("nowhere", f"no {noun} was spoken of before"))
            elif t.noun != noun:
                faults.append(("thing", f"{t.noun} and {noun} stand for one"))
            elif look and t.look and look != t.look:
                faults.append(("look", f"the {noun} was {t.look}"))
            elif look and not t.look:
                t.look = look
            bind[key] = t

    def place(self, key, said, bind, faults):
        for form, text in said:
            noun = re.sub(r"^.*?\bthe ", "", text) if form in ("", "in", "to") else text
            entry = lexicon.PLACES.get(noun)
            if form not in ("", "in", "to", "n"):
                continue
            if entry is None:
                if form == "to":
                    noun, entry = next(((n, e) for n, e in lexicon.PLACES.items() if e.to == text), (noun, None))
                if entry is None:
                    faults.append(("words", f"{noun} is no place that the world knows"))
                    continue
            if form == "in" and text.split()[0].lower() != entry.prep.split()[0]:
                faults.append(("words", f"one is {entry.prep} the {noun}"))
            p = self.places.setdefault(noun, Place(noun, entry.prep, entry.tags, entry.to))
            if bind.get(key, p) is not p:
                faults.append(("place", f"{bind[key].noun} and {noun} stand for one"))
            bind[key] = p

    def picked(self, key, said, bind, faults):
        values = lexicon.LISTS.get(key.rstrip("0123456789"), ())
        for form, text in said:
            if form:
                continue
            value = next((v for v in values if v == text or v.lower() == text.lower()), None)
            if value is None:
                faults.append(("words", f"{text!r} is no {key} that the world knows"))
            bind[key] = value or text

    # -------------------------------------------------------- effects

    def take(self, event, bind):
        """Makes the event true."""
        for key, e in bind.items():
            if isinstance(e, Char):
                if key in event.new and e not in self.v.chars:
                    self.v.chars.append(e)
                if e.name and key in event.naming:
                    self.names[e.name] = e
            elif isinstance(e, Thing) and (key in event.new or key in event.absent) and e.noun not in self.nouns:
                self.nouns[e.noun] = e
                self.v.things.append(e)
        event.apply(self.state, bind)


def judge(text):
    """The verdict on a text without its end byte."""
    parts = split(text)
    r = Reader()
    r.v.title, r.v.questions = parts.title, parts.questions
    for line, paragraph in parts.paragraphs:
        r.paragraph(line, paragraph)
    return r.v


def main():
    p = argparse.ArgumentParser(prog="python -m world.judge", description=__doc__)
    p.add_argument("file")
    o = p.parse_args()
    texts = [t for t in open(o.file, encoding="utf-8").read().split("\x04") if t.strip()]
    bad = 0
    for n, t in enumerate(texts, 1):
        v = judge(t)
        bad += bool(v.faults)
        for f in v.faults:
            print(f"text {n}, {f}")
    print(f"{len(texts)} texts, {bad} with faults")


if __name__ == "__main__":
    main()
