"""Reads a text as a model wrote it and rules on it, without the simulator's state.

    python -m world.judge FILE [--training FILE] [--words FILE]     # texts end with byte 4; prints each fault with its line and reason
    python -m world.judge --calibrate --tales 1000                  # judges the judge: true tales, and tales with one change

How: names and nouns are masked, every sentence is looked for among the wordings of the world (`patterns.py`), and the events that it
can tell are played again. Where a sentence can be read in more than one way, several readings are kept, and the one with the fewest
faults counts. What a wording leaves unsaid (the place, who else is there) is found by the conditions of its event, or stays unknown, and
the unknown never is a fault. A sentence that no wording covers is `unread`: its words, names and pronouns are ruled on, what it may have
changed is unknown from there on, and it is counted. It is no fault by itself, but a tale of which more than a quarter is unread (and more
than one sentence), or that has three such sentences in a row, has the fault `unread`.

The faults: see FAULTS.
"""
import argparse
import collections
import itertools
import re
import sys
from dataclasses import dataclass, field

from . import grammar, lexicon, names, patterns, questions, vocabulary
from .grammar import CHARS, PLACES, THINGS
from .events import is_variable
from .state import FUNCTIONAL, Char, Place, State, Thing

FAULTS = {
    "words": "a word that is none, or a noun, look or phrase that the world does not know there",
    "nowhere": "somebody or something that was never brought in",
    "twice": "somebody or something brought in again",
    "name": "one who has two names, or a name that two have",
    "gender": "a pronoun of another gender",
    "pronoun": "a pronoun that can mean nobody of whom was just spoken",
    "voice": "`I` in a tale that nobody tells as `I`",
    "owner": "a thing with somebody who does not have it",
    "place": "somebody or something in two places",
    "away": "one who is asleep or away does something",
    "cause": "an event whose cause did not happen",
    "self": "somebody does to himself what takes two",
    "unended": "a sentence or paragraph without an end",
    "speech": "speech that is not closed",
    "loop": "a sentence or eight words said again",
    "copy": "a stretch of 120 bytes of the training text",
    "title": "a title that does not fit",
    "dropped": "the one with whom the tale began is not spoken of again",
    "answer": "an answer that is not what the tale says",
    "question": "a question that cannot be asked of this tale",
    "unread": "too many sentences that no wording covers",
    "end": "no end within the length allowed",
}
GENDER = {"he": "m", "him": "m", "his": "m", "himself": "m", "she": "f", "her": "f", "hers": "f", "herself": "f", "it": "n", "its": "n", "itself": "n"}
FIRST = {"i", "me", "my", "mine", "myself", "we", "us", "our", "ours", "ourselves", "you", "your", "yours", "yourself", "yourselves"}
MANY = {"they", "them", "their", "theirs", "themselves"}
STATIC = {"", "he", "pron", "full", "him", "his", "himself", "hers", "they", "them", "their", "name", "a", "the", "kind", "kind.s", "look", "n", "noun", "it", "plural", "in", "to"}
UNREAD_SHARE, UNREAD_ROW = 1 / 4, 3
BEAM, TRIES = 8, 12         # readings kept, and ways to bind the roles of one reading
COPY = 120


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
class Told:
    """An event that a sentence was read as."""
    event: object
    bind: dict
    wording: object
    line: int
    text: str


@dataclass
class Verdict:
    """What the judge found; `answers` has (question, answer, True, False or None where nothing can be said)."""
    faults: list = field(default_factory=list)
    told: list = field(default_factory=list)
    names: list = field(default_factory=list)
    read: int = 0
    sentences: int = 0
    unread: list = field(default_factory=list)
    title: str = ""
    answers: list = field(default_factory=list)
    world: object = None
    worlds: list = field(default_factory=list)       # all readings that are as good
    reader: object = None

    def answered(self, ask, answer):
        """True or False: whether the answer is what the tale says; None if no such question can be asked of it."""
        verdicts = [answered(self.reader, w, ask, answer) for w in self.worlds]
        return True if True in verdicts else False if False in verdicts else None

    @property
    def kinds(self):
        return {f.kind for f in self.faults}


# ---------------------------------------------------------------- the parts of a text

@dataclass
class Text:
    """Title, paragraphs as (line number, text), pairs of question and answer, and what a reader asked for before."""
    title: str = ""
    paragraphs: list = field(default_factory=list)
    questions: list = field(default_factory=list)
    asked: list = field(default_factory=list)
    again: list = field(default_factory=list)       # numbers of the paragraphs where a tale of the same hero begins


def split(text):
    """The parts of a text without its end byte: a request, a title, the tale, and questions as `Q:` and `A:` or apart by empty lines."""
    parts, line, blocks = Text(), 1, []
    for block in text.split("\n\n"):
        if block.strip():
            blocks.append((line + len(block) - len(block.lstrip("\n")), block.strip("\n")))
        line += block.count("\n") + 2
    body = max(range(len(blocks)), key=lambda i: (not blocks[i][1].startswith("Q: ")) * len(blocks[i][1]), default=None)
    loose = []
    for i, (n, block) in enumerate(blocks):
        if block.startswith("Q: "):
            pairs = re.findall(r"^Q: (.*)\n?(?:A: (.*))?$", block, re.M)
            parts.questions += pairs
        elif i < body:
            if "\n" not in block and len(block) < 80 and block[-1] not in '.!"' and (block[-1] != "?" or i == body - 1):
                parts.title = block
            else:
                parts.asked.append(block)
        elif i == body or len(block) > 200:
            if i != body:
                parts.again.append(len(parts.paragraphs))
            parts.paragraphs += [(n + k, p) for k, p in enumerate(block.split("\n")) if p.strip()]
        else:
            loose.append((i, block))
    loose = [b for i, b in loose if not (i + 1 < len(blocks) and len(blocks[i + 1][1]) > 200)]
    parts.questions += list(zip(loose[::2], loose[1::2] + [""] * (len(loose) % 2)))
    return parts


# ---------------------------------------------------------------- what is known at one moment

class Unknown:
    """A value of which the text does not tell; it agrees with any."""

    def __repr__(self):
        return "somebody or something"


UNKNOWN = Unknown()


class World:
    """One reading of a tale up to some sentence. Copied when it goes on, so that readings do not disturb each other."""

    def __init__(self):
        self.facts = {}          # predicate -> tuple of tuples
        self.names = {}          # name -> Char
        self.chars = ()
        self.kind, self.sex, self.look = {}, {}, {}
        self.things = {}         # noun -> Thing
        self.unknown_things = 0
        self.prev = ()           # who was spoken of last
        self.recent = ()         # and in the sentences before
        self.narrator = None
        self.loose = False       # an unread sentence may have changed anything
        self.faults = ()
        self.told = ()
        self.read = ()           # numbers of the sentences that were read
        self.missed = 0          # how many were not

    def copy(self):
        w = World.__new__(World)
        w.__dict__.update(self.__dict__)
        w.facts, w.names, w.kind, w.sex, w.look, w.things = (dict(d) for d in (self.facts, self.names, self.kind, self.sex, self.look, self.things))
        return w

    def key(self):
        """Readings with the same key will go on alike."""
        return (tuple(sorted((p, frozenset((*f,) for f in fs)) for p, fs in self.facts.items() if fs)), self.prev, frozenset(self.names.items()),
                frozenset(self.sex.items()), self.narrator, frozenset(self.kind.items()))

    # facts

    def matches(self, pred, args):
        """Facts that agree with the arguments; None and what is unknown agree with any."""
        return [f for f in self.facts.get(pred, ()) if len(f) == len(args) and all(agree(a, b) for a, b in zip(args, f))]

    def definite(self, pred, args):
        return [f for f in self.facts.get(pred, ()) if len(f) == len(args) and UNKNOWN not in f and all(a is None or a == b for a, b in zip(args, f))]

    def place(self, who):
        """Where somebody is, or UNKNOWN."""
        return next((f[1] for f in self.facts.get("at", ()) if f[0] is who), UNKNOWN)

    def add(self, pred, args):
        held = self.facts.get(pred, ())
        if pred in FUNCTIONAL:
            i = FUNCTIONAL[pred]
            held = tuple(f for f in held if i is not None and f[i] != args[i])
        if args not in held:
            self.facts[pred] = (*held, args)

    def remove(self, pred, args):
        held = self.facts.get(pred)
        if held:
            self.facts[pred] = tuple(f for f in held if not all(a is None or a is UNKNOWN or a == b for a, b in zip(args, f)))

    def tags(self, who):
        """The tags of the lexicon, or None if the kind is not known."""
        if isinstance(who, Char):
            entry = lexicon.KINDS.get(self.kind.get(who))
            return entry.tags if entry else None
        return who.tags

    def say(self, what):
        """In words."""
        if isinstance(what, Char):
            return next((n for n, c in self.names.items() if c is what), "the " + (self.kind.get(what) or "somebody"))
        if isinstance(what, (Thing, Place)):
            return "the " + what.noun
        return f"{what.sign}{what.pred} {' '.join(what.args)}" if hasattr(what, "pred") else str(what)


def agree(a, b):
    return a is None or a is UNKNOWN or b is UNKNOWN or a == b


def one_kind(a, b):
    """Whether `woman` can be said of an `old woman`."""
    return a == b or a.endswith(" " + b) or b.endswith(" " + a)


# ---------------------------------------------------------------- reading

_grammar = None


def all_patterns():
    """The patterns of all wordings, made once."""
    global _grammar
    if _grammar is None:
        from . import content
        _grammar = patterns.Grammar.of(content.load().events.values())
    return _grammar


class Reader:
    """Plays a tale again, sentence by sentence."""

    def __init__(self, words, found_names):
        self.words = words
        self.mask = patterns.Mask(found_names)
        self.made = {}
        self.places = {}
        self.count = 0
        self.plain = []          # all sentences so far
        self._readings = {}

    def char(self, *key):
        """A character; the same in all readings that bring it in in the same way."""
        if key not in self.made:
            self.made[key] = Char("", "", "")
        return self.made[key]

    def spans(self, parts, i, k):
        """The readings of k sentences from the i-th: (pattern, slots)."""
        text = " ".join(parts[i:i + k])
        found = self._readings.get(text)
        if found is None:
            found = list(all_patterns().readings(text, k))
            if not found and patterns.MASKED.match(text[0:1]) and self.mask.is_name(text[0]) and self.words.known(self.mask.word(text[0])):
                found = list(all_patterns().readings(self.mask.word(text[0]) + text[1:], k))      # `Will you come?`, though there is a Will
            self._readings[text] = found
        return found

    def paragraph(self, worlds, line, text):
        """All readings of a paragraph that are worth keeping, from those of what was before."""
        plain = patterns.sentences(text)
        parts = [self.mask.on(s) for s in plain]
        begin = self.count
        self.plain += plain
        before = set(patterns.MASKED.findall(self.mask.on(" ".join(self.plain[:begin]))))
        self.count += len(parts)
        states = [[] for _ in range(len(parts) + 1)]
        for w in worlds:
            w = w.copy()
            w.prev = ()
            states[0].append(w)
        for i in range(len(parts)):
            here = best(states[i])
            if not here:
                continue
            any_read = False
            for k in range(1, min(5, len(parts) - i) + 1):
                found = self.spans(parts, i, k)
                any_read = any_read or bool(found)
                said = " ".join(plain[i:i + k])
                for w in here:
                    for pattern, slots in found:
                        for after in self.readings(w, pattern, slots, line, said):
                            after.read = (*w.read, *range(begin + i, begin + i + k))
                            states[i + k].append(after)
            self.spoken = before.union(*(patterns.MASKED.findall(p) for p in parts[:i]))
            for w in here if not any_read else ():
                states[i + 1].append(self.unread(w, parts[i], line, plain[i]))
            if any_read and not any(states[j] for j in range(i + 1, min(i + 6, len(states)))):
                raise AssertionError("a reading that leads nowhere")
        return best(states[-1])

    # -------------------------------------------------------- one reading

    def readings(self, world, pattern, slots, line, said):
        """The worlds after a sentence read as that wording, with the faults that it then has."""
        event = pattern.event
        by_key = {}
        for key, form, quoted, text in slots:
            by_key.setdefault(key, []).append((form, text))
        w = world.copy()
        faults, bind, here, open_roles, groups = [], {}, [], {}, {}
        if pattern.wording.person in (1, 2) and "A" in event.params and "A" not in by_key and "A" not in event.new and w.narrator:
            bind["A"] = w.narrator
        for key, texts in by_key.items():
            if not set(key) <= set(CHARS):
                continue
            if len(key) > 1:
                groups[key] = texts
                continue
            who = self.person(w, key, texts, event, pattern.wording, faults)
            if isinstance(who, list):
                open_roles[key] = who
            else:
                bind[key] = who
                here.append(who)
        for key, texts in by_key.items():
            if key in THINGS:
                self.thing(w, key, texts, event, bind, faults)
            elif key in PLACES:
                self.place(key, texts, bind, faults)
            elif key[0].islower():
                self.picked(key, texts, bind, faults)
        results = []
        for more in self.ways(w, by_key, open_roles, groups, bind, here, event):
            after = w.copy()
            all_here, added = list(here), list(faults)
            full = dict(bind)
            for key, who, fault in more:
                if fault:
                    added.append(fault)
                if who is None:
                    continue
                full.setdefault(key, who)
                if who not in all_here:
                    all_here.append(who)
            for key in full:
                if key in by_key and key in CHARS and isinstance(full[key], Char):
                    self.sex(after, full[key], by_key[key], added)
            for found, wrong in self.solve(after, event, full):
                end = after.copy() if found else after
                for key, form, _, text in slots:
                    if form not in STATIC and key[0].isupper() and len(key) == 1 and not self.phrase(end, key, found.get(key), form, text):
                        wrong = [*wrong, ("words", f"{self.mask.off(text)!r} is nothing that the world says of {end.say(found.get(key) or UNKNOWN)}")]
                faulty = [Fault(kind, line, said, why) for kind, why in dict.fromkeys(added)]
                faulty += [Fault(kind, line, said, what if isinstance(what, str) else f"event {event.name} cannot happen here ({end.say(what)})") for kind, what in wrong]
                end.faults = (*end.faults, *faulty)
                self.apply(end, event, found)
                order = [k for key in by_key for k in key]      # as they stand in the sentence
                all_here.sort(key=lambda c: min((order.index(k) for k in found if k in order and found[k] is c), default=99))
                end.prev = tuple(all_here) or end.prev[:1]
                end.recent = tuple(dict.fromkeys([*end.prev, *w.recent]))[:4]
                end.told = (*end.told, Told(event, found, pattern.wording, line, said))
                results.append(end)
                if len(results) >= TRIES:
                    return results
        return results

    def ways(self, w, by_key, open_roles, groups, bind, here, event):
        """All ways to bind roles that only pronouns stand for, and groups: lists of (role, who, fault or None)."""
        choices = []
        taken = set(map(id, bind.values()))
        for key, options in open_roles.items():
            if any(key in g for g in groups):       # the group says who it is; its gender is looked at later
                continue
            if options:
                choices.append([[(key, who, None)] for who in options])
                continue
            sexes = {GENDER[t.lower()] for _, t in by_key[key] if t.lower() in GENDER}
            near = [c for c in (*here, *w.prev) if id(c) not in taken and c is not w.narrator]
            far = [c for c in reversed(w.chars) if id(c) not in taken and c is not w.narrator]
            fit = [c for c in dict.fromkeys(near) if w.sex.get(c, "") in ("", *sexes)]
            said = " ".join(t for _, t in by_key[key])
            recent = [c for c in w.recent if c in far and w.sex.get(c, "") in ("", *sexes)]
            if fit:
                choices.append([[(key, c, None)] for c in fit])
            elif len(recent) == 1:      # a sentence about something else stood between, and only one can be meant
                choices.append([[(key, recent[0], None)]])
            else:
                fit = [c for c in far if w.sex.get(c, "") in ("", *sexes)]
                kind, why = ("pronoun", f"nobody of whom was just spoken is meant by `{said}`") if fit else ("gender", f"nobody in this tale is `{said}`")
                fit = fit or near or far
                choices.append([[(key, c, (kind, why))] for c in fit[:3]] or [[(key, None, (kind, why))]])
        for key, texts in groups.items():
            choices.append(self.group(w, key, texts, bind, here))
        for combination in itertools.islice(itertools.product(*choices), TRIES):
            yield [x for part in combination for x in part]

    def person(self, w, key, texts, event, wording, faults):
        """Who is named; a list of those who may be meant, or an empty one if only pronouns stand there."""
        found_names, kinds, full, first, sexes = [], [], None, False, set()
        for form, text in texts:
            base = text.removesuffix("'s")
            low = base.lower()
            if low in GENDER:
                sexes.add(GENDER[low])
            elif low in FIRST:
                first = True
            elif form == "a":
                full = base.split(" ", 1)[1]
            elif form == "kind.s":
                kinds += [(k, "") for k in lexicon.KINDS if grammar.plural(k) == self.mask.off(low)]
            elif form not in STATIC or form == "look":
                continue
            elif self.mask.is_name(base[-1]):
                found_names.append(self.mask.word(base[-1]))
            else:
                kinds.append((self.mask.word(base[-1]), re.sub("^([Tt]he|[Aa]n?) ", "", base[:-1]).strip()))
        if len(set(found_names)) > 1:
            faults.append(("name", f"{found_names[0]} and {found_names[1]} stand for one"))
        name = found_names[0] if found_names else ""
        if len(sexes) > 1:
            faults.append(("gender", "one is `he` and `she`"))
        if full:
            kinds.insert(0, (self.mask.word(full[-1]), self.mask.off(full[:-1].strip())))
        for kind, _ in kinds[1:]:
            if not one_kind(kind, kinds[0][0]):
                faults.append(("name", f"the {kinds[0][0]} and the {kind} stand for one"))
        if key in event.new:
            return self.newcomer(w, key, texts, name, kinds, first, full, event, wording, faults)
        if first:
            if w.narrator is None:
                faults.append(("voice", "nobody tells this tale as `I`"))
                return []
            return w.narrator
        if name:
            who = w.names.get(name)
            if who is None and "named" in {a.pred for a in event.effects}:
                nameless = [c for c in w.chars if c not in w.names.values() and c is not w.narrator]
                fit = [c for c in nameless if not kinds or one_kind(w.kind.get(c) or kinds[0][0], kinds[0][0])]
                near = [c for c in fit if c in w.prev]
                who = next(iter(near or fit), None)
                if who is not None:
                    w.names[name] = who
                    self.style(w, who, name)
            if who is None:
                faults.append(("nowhere", f"nobody is called {name}"))
                who = self.char("stranger", name)
            elif kinds and not any(one_kind(w.kind.get(who) or k, k) for k, _ in kinds):
                faults.append(("name", f"{name} is no {kinds[0][0]} but the {w.kind[who]}"))
            return who
        if kinds:
            kind = kinds[0][0]
            found = [c for c in w.chars if w.kind.get(c) == kind] or [c for c in w.chars if one_kind(w.kind.get(c) or kind, kind)]
            if not found:
                faults.append(("nowhere", f"there is no {kind} in this tale"))
                return self.char("stranger", kind)
            return found[0] if len(found) == 1 else [c for c in reversed(found)]
        return []

    def newcomer(self, w, key, texts, name, kinds, first, full, event, wording, faults):
        kind = kinds[0][0] if kinds else ""
        if not name and not first and not full and all(form not in ("kind", "kind.s", "the") for form, _ in texts):
            faults.append(("nowhere", f"nobody brought in the {kind}" if kind else "nobody says who it is"))
        who = self.char(event.name, key, name, kind)
        if who in w.chars:
            faults.append(("twice", f"{w.say(who)} is here already"))
            return who
        if name:
            if name in w.names:
                faults.append(("twice", f"there is a {name} already"))
            w.names[name] = who
        w.kind[who] = kind
        if kinds and kinds[0][1] and kind in lexicon.KINDS:
            looks = lexicon.KINDS[kind].looks
            if kinds[0][1] not in looks:
                faults.append(("words", f"no {kind} is {kinds[0][1]} in this world"))
        entry = lexicon.KINDS.get(kind)
        marks = [g for g in "fmn" if entry and g in entry.tags]
        if len(marks) == 1:
            w.sex[who] = marks[0]
        elif name:
            self.style(w, who, name)
        if first or wording.person in (1, 2) and key == "A":
            if w.chars and w.narrator is None:
                faults.append(("voice", f"the tale began with {w.say(w.chars[0])} and is now told as `I`"))
            w.narrator = who
        return who

    @staticmethod
    def style(w, who, name):
        """The gender of a given name, or of `Mrs.` before it."""
        if name in lexicon.NAMES["n"]:
            return
        sex = names.STYLE_GENDER.get(name.split()[0]) if " " in name else next((g for g in "fm" if name in lexicon.NAMES[g] and name not in lexicon.NAMES["fm".replace(g, "")]), None)
        if sex and not w.sex.get(who):
            w.sex[who] = sex

    @staticmethod
    def sex(w, who, texts, faults):
        for _, t in texts:
            s = GENDER.get(t.lower())
            if s and w.sex.get(who, s) != s:
                faults.append(("gender", f"{w.say(who)} is not `{t}`"))
            elif s:
                w.sex[who] = s

    def group(self, w, key, texts, bind, here):
        """Ways to bind the roles of a group."""
        said = next((t for _, t in texts if t.lower() not in MANY | FIRST), None)
        if said is None:
            first = texts[0][1].lower() in FIRST
            pool = [c for c in dict.fromkeys([*here, *w.prev, *reversed(w.chars)]) if c]
            if first and w.narrator:
                pool = [w.narrator] + [c for c in pool if c is not w.narrator]
            known = [k for k in key if k in bind]
            rest = [k for k in key if k not in bind]
            pool = [c for c in pool if c not in [bind[k] for k in known]]
            ways = []
            for chosen in itertools.islice(itertools.permutations(pool[:4], len(rest)), 12):
                if first and w.narrator and w.narrator not in [*chosen, *(bind[k] for k in known)]:
                    continue
                ways.append([(k, c, None) for k, c in zip(rest, chosen)])
            fault = None if ways else ("pronoun", f"there are not {len(key)} who can be `{texts[0][1]}`")
            return ways or [[(rest[0] if rest else key[0], None, fault)]]
        members, fault = [], None
        for part in re.split(", | and ", said.removesuffix("'s")):
            if part.lower() in FIRST:
                who = w.narrator
                fault = fault or who is None and ("voice", "nobody tells this tale as `I`") or None
            elif self.mask.is_name(part[-1]):
                who = w.names.get(self.mask.word(part[-1]))
                fault = fault or (who is None and ("nowhere", f"nobody is called {self.mask.word(part[-1])}")) or None
            else:
                kind = self.mask.word(part[-1])
                who = next((c for c in reversed(w.chars) if one_kind(w.kind.get(c) or kind, kind)), None)
                fault = fault or (who is None and ("nowhere", f"there is no {kind} in this tale")) or None
            members.append(who)
        if len(members) != len(key):
            return [[(key[0], None, ("pronoun", f"{len(members)} stand for {len(key)}"))]]
        if len(set(map(id, members))) < len(members) and not fault:
            fault = ("self", f"{w.say(members[0])} stands there twice")
        orders = [members]
        if w.narrator in members:       # who tells comes last, whatever role it has
            orders = [list(o) for o in itertools.permutations(members)]
        return [[(k, c, fault) for k, c in zip(key, o)] for o in orders]

    def thing(self, w, key, texts, event, bind, faults):
        for form, text in texts:
            if form not in ("", "a", "n", "noun"):
                continue
            noun = self.mask.word(text[-1])
            before = text[:-1].strip()
            if form in ("", "a") or re.match("[Aa]n? ", text):
                before = before.partition(" ")[2]
            look = self.mask.off(before)
            t = bind.get(key) or w.things.get(noun) or next((t for n, t in w.things.items() if one_kind(n, noun)), None)
            if t is None or t is UNKNOWN:
                t = self.made.setdefault(("thing", noun), Thing(noun, "", lexicon.THINGS[noun].tags))
                if key not in event.new and key not in event.absent:
                    if w.unknown_things or w.loose and form != "":
                        w.unknown_things = max(0, w.unknown_things - 1)
                    else:
                        faults.append(("nowhere", f"no {noun} was spoken of before"))
                w.things[noun] = t
            elif not one_kind(t.noun, noun):
                faults.append(("owner", f"{t.noun} and {noun} stand for one"))
            if t.noun != noun:
                bind[key] = t       # `the crown` of a `paper crown`
                continue
            if look and w.look.get(t, look) != look:
                faults.append(("words", f"the {noun} was {w.look[t]}, not {look}"))
            elif look:
                if look not in lexicon.THINGS[noun].looks:
                    faults.append(("words", f"no {noun} is {look} in this world"))
                w.look[t] = look
            bind[key] = t

    def place(self, key, texts, bind, faults):
        for form, text in texts:
            if form not in ("", "in", "to", "n"):
                continue
            if form == "to" and (not text or patterns.MASKED.fullmatch(text[-1]) is None):
                noun = next((n for n, e in lexicon.PLACES.items() if e.to == self.mask.off(text)), None)
            else:
                noun = self.mask.word(text[-1]) if text and patterns.MASKED.fullmatch(text[-1]) else None
            entry = lexicon.PLACES.get(noun)
            if entry is None:
                faults.append(("words", f"{self.mask.off(text)!r} is no place that the world knows"))
                continue
            plain = self.mask.off(text)
            right = {"in": f"{entry.prep} the {noun}", "to": entry.to or f"to the {noun}"}.get(form)
            if right and plain.lower() != right.lower():
                faults.append(("words", f"one is {entry.prep} the {noun}" if form == "in" else f"one goes {right}"))
            p = self.places.setdefault(noun, Place(noun, entry.prep, entry.tags, entry.to))
            if bind.get(key, p) is not p:
                faults.append(("place", f"{bind[key].noun} and {noun} stand for one"))
            bind[key] = p

    def picked(self, key, texts, bind, faults):
        values = lexicon.LISTS.get(key.rstrip("0123456789"), ())
        for form, text in texts:
            plain = self.mask.off(text)
            low = plain.lower()
            value = next((v for v in values if v.lower() == low or low in said_forms(v)), None)
            if value is None:
                if not values:
                    bind[key] = UNKNOWN
                    continue
                faults.append(("words", f"{plain!r} is no {key} that the world knows"))
            if key in bind and bind[key] != (value or plain):
                faults.append(("words", f"{bind[key]} and {plain} stand for one"))
            bind[key] = value or plain

    def phrase(self, w, key, entity, form, said):
        """Whether the lexicon has this phrase for the kind, thing or place, or for any if it is not known which it is."""
        table = lexicon.KINDS if key in CHARS else lexicon.THINGS if key in THINGS else lexicon.PLACES
        entry = table.get(w.kind.get(entity) if isinstance(entity, Char) else getattr(entity, "noun", None))
        entries = [entry] if entry else table.values()
        if isinstance(entity, Thing):
            entries = [e for n, e in table.items() if one_kind(n, entity.noun)]
        return any(patterns.fragment(p).fullmatch(said) for e in entries for p in e.phrases.get(form, ()))

    @staticmethod
    def called(w, who, text):
        """Whether somebody has that name, or is of that kind."""
        return w.names.get(text) is who or text not in w.names and bool(w.kind.get(who)) and one_kind(w.kind[who], text)

    # -------------------------------------------------------- conditions

    def solve(self, w, event, bind):
        """[(bindings, [(kind of fault, what)])]: what can be bound so that the event can happen, or the best of it."""
        wrong, first = [], UNKNOWN
        for role in event.roles:
            who = bind.get(role)
            if not isinstance(who, Char) or role in event.new or role in event.absent:
                continue
            if w.definite("asleep", (who,)) or w.definite("away", (who,)):
                wrong.append(("away", who))
            place = w.place(who)
            if first is UNKNOWN:
                first = place
            elif place is not UNKNOWN and place is not first:
                wrong.append(("place", who))
        chars = [bind[k] for k in event.params if k in CHARS and isinstance(bind.get(k), Char)]
        if len(set(map(id, chars))) < len(chars):
            wrong.append(("self", chars[0]))
        ways = [bind]
        for atom in event.conditions:
            found = [b for way in ways for b in self.condition(w, atom, way, event)]
            if found:
                ways = found[:6]
            elif not (w.loose and atom.pred not in ("has", "is")):
                kind = {"has": "owner", "owns": "owner", "at": "place", "near": "place"}.get(atom.pred, "cause")
                if not w.loose or kind == "owner" and self.sure(w, atom, ways[0]):
                    wrong.append((kind, atom))
        return [(way, wrong) for way in ways[:3]]

    @staticmethod
    def sure(w, atom, bind):
        """Whether it is known that another has the thing."""
        thing = bind.get(atom.args[1]) if len(atom.args) > 1 else None
        return bool(isinstance(thing, Thing) and w.definite("has", (None, thing)))

    def condition(self, w, atom, bind, event):
        """The bindings, more or fewer, under which the fact holds."""
        args = tuple(given(a, bind) for a in atom.args)
        if atom.pred in ("is", "near", "same"):
            if None in args or UNKNOWN in args:
                return [bind]
            if atom.pred == "is":
                tags = w.tags(args[0])
                holds = tags is None or args[1] in tags
                return [bind] if holds != (atom.sign == "!") or tags is None else []
            if atom.pred == "near":
                a, b = w.place(args[0]), w.place(args[1])
                return [bind] if UNKNOWN in (a, b) or (a is b) != (atom.sign == "!") else []
            return [bind] if (args[0] is args[1]) != (atom.sign == "!") else []
        if atom.sign == "!":
            open_role = any(a is None and v != "?" for a, v in zip(args, atom.args))
            return [] if w.definite(atom.pred, args) and not (open_role and atom.args[0] in event.params and args[0] is None) else [bind]
        found = []
        for fact in reversed(w.matches(atom.pred, args)):
            b = dict(bind)
            for a, v in zip(atom.args, fact):
                if a != "?" and is_variable(a) and b.get(a.lstrip("$")) in (None, UNKNOWN):
                    if isinstance(v, Char) and any(v is o and k in event.params for k, o in b.items()):
                        break
                    b[a.lstrip("$")] = v
            else:
                found.append(b)
        return found

    def apply(self, w, event, bind):
        """Makes the event true."""
        for key, e in bind.items():
            if isinstance(e, Char) and e not in w.chars:
                w.chars = (*w.chars, e)
        for atom in event.effects:
            args = tuple(given(a, bind) for a in atom.args)
            if atom.pred == "new":
                key = atom.args[0]
                if args[0] is None:
                    if key in THINGS:
                        w.unknown_things += 1
                    continue
                w.add("new", args)
                if isinstance(args[0], Char) and not w.facts.get("at") or isinstance(args[0], Char) and w.place(args[0]) is UNKNOWN:
                    others = [w.place(bind[k]) for k in event.params if k in CHARS and isinstance(bind.get(k), Char) and bind[k] is not args[0] and k not in event.absent]
                    w.add("at", (args[0], next((p for p in others if p is not UNKNOWN), UNKNOWN)))
            elif atom.sign == "-":
                w.remove(atom.pred, args)
            else:
                w.add(atom.pred, tuple(UNKNOWN if a is None else a for a in args))

    # -------------------------------------------------------- sentences that no wording covers

    def unread(self, world, text, line, said):
        """Rules on what can be ruled without reading it; what it speaks of may have changed."""
        w = world.copy()
        w.loose = True
        w.missed += 1
        here = []
        faults = []
        for m in re.finditer(rf"[Aa]n? (?:{patterns.W} ){{0,4}}?({patterns.KIND})(?:,? (?:named|called) ({patterns.NAME}))?", text):
            kind, name = self.mask.word(m[1]), m[2] and self.mask.word(m[2])
            if name in w.names or name is None and any(w.kind.get(c) == kind for c in w.chars):
                continue
            who = self.char("unread", name, kind)
            if who not in w.chars:
                w.chars = (*w.chars, who)
                w.kind[who] = kind
                marks = [g for g in "fmn" if g in lexicon.KINDS[kind].tags]
                if len(marks) == 1:
                    w.sex[who] = marks[0]
                w.add("new", (who,))
            if name:
                w.names[name] = who
        for m in re.finditer(rf"(?:named|called|name is|name was|I am) ({patterns.NAME})", text):
            name = self.mask.word(m[1])
            if name not in w.names:
                nameless = [c for c in w.chars if c not in w.names.values()]
                who = nameless[-1] if nameless else self.char("unread", name)
                w.names[name] = who
                if who not in w.chars:
                    w.chars = (*w.chars, who)
                    w.add("new", (who,))
        for m in re.finditer(patterns.NAME, text):
            name = self.mask.word(m[0])
            if name not in w.names:
                faults.append(("nowhere", f"nobody is called {name}"))
                w.names[name] = self.char("stranger", name)
            elif w.names[name] not in here:
                here.append(w.names[name])
        for m in re.finditer(rf"[Tt]he ({patterns.KIND})", text):
            kind = self.mask.word(m[1])
            found = [c for c in w.chars if one_kind(w.kind.get(c) or kind, kind)]
            here += [c for c in found if c not in here]
            speaks = re.search(rf"\" (?:{patterns.SAYING}) [Tt]he {m[1]}", text)
            if not found and (speaks or m[1] not in self.spoken and m[1] not in scenery()):
                faults.append(("nowhere", f"there is no {kind} in this tale"))
        for m in re.finditer(rf"[Aa]n? (?:{patterns.W} ){{0,4}}?({patterns.THING})", text):
            noun = self.mask.word(m[1])
            if noun not in w.things:
                w.things[noun] = self.made.setdefault(("thing", noun), Thing(noun, "", lexicon.THINGS[noun].tags))
                w.add("new", (w.things[noun],))
        for m in re.finditer(rf"[Tt]he (?:{patterns.W} )?({patterns.THING})", text):
            noun = self.mask.word(m[1])
            if noun not in w.things and not w.unknown_things and m[1] not in self.spoken and m[1] not in scenery():
                faults.append(("nowhere", f"no {noun} was spoken of before"))
        m = re.match(rf"(?:[Tt]he )?({patterns.NAME}|{patterns.KIND}) (?:{GIVING}) .*?({patterns.THING})", text)
        if m and self.mask.word(m[2]) in w.things:
            holders = w.definite("has", (None, w.things[self.mask.word(m[2])]))
            if holders and all(not self.called(w, c, self.mask.word(m[1])) for c, _ in holders):
                faults.append(("owner", f"{w.say(holders[0][0])} has the {self.mask.word(m[2])}"))
        for m in re.finditer(patterns.THING, text):
            thing = w.things.get(self.mask.word(m[0]))
            if thing:
                w.remove("has", (None, thing))
                w.add("has", (UNKNOWN, thing))
        for who in here or w.prev:
            w.remove("at", (who, None))
        w.remove("asleep", (None,))
        w.remove("away", (None,))
        outside = re.sub(r'"[^"]*"?', " ", text)
        if w.chars:
            for word, s in (("he", "m"), ("she", "f")):
                if re.search(rf"\b{word}\b", outside.lower()) and all(w.sex.get(c, s) != s for c in w.chars):
                    faults.append(("gender", f"nobody in this tale is `{word}`"))
        w.prev = tuple(here) or w.prev
        w.faults = (*w.faults, *(Fault(kind, line, said, why) for kind, why in faults))
        return w


GIVING = "gave|gives|handed|hands|lent|lends|sold|sells|threw|throws|broke|breaks|lost|loses|dropped|drops"
_scenery = None


def scenery():
    """Nouns that wordings themselves speak of, which need nobody to bring them in: `the clock struck`."""
    global _scenery
    if _scenery is None:
        _scenery = {c for p in all_patterns().patterns for c in re.findall(rf"[Tt]\]?he(?:\\\\)? ({patterns.MASKED.pattern})", p.source)}
    return _scenery


def given(arg, bind):
    """The value of an argument, or None if nothing binds it."""
    if arg == "?":
        return None
    if arg[0] == "$":
        return bind.get(arg[1:])
    return bind.get(arg) if is_variable(arg) else arg


_said = {}


def said_forms(value):
    """A value of a list as slots write it: with another article, in the plural, with its preposition."""
    forms = _said.get(value)
    if forms is None:
        bare = re.sub("^an? ", "", value)
        forms = _said[value] = {f.lower() for f in (grammar.article(value), "the " + bare, grammar.plural(bare), grammar.article(bare))}
    return forms


def cost(w):
    """What speaks against a reading."""
    return len(w.faults) + w.missed


def best(worlds):
    """The readings with the fewest faults, no two of which go on alike."""
    if len(worlds) < 2:
        return worlds
    kept, seen = [], set()
    for w in sorted(worlds, key=cost):
        k = w.key()
        if k not in seen:
            seen.add(k)
            kept.append(w)
            if len(kept) == BEAM:
                break
    return kept


# ---------------------------------------------------------------- questions

_asks = None


class Ask:
    """Stands in for an event in the pattern of a question."""

    def __init__(self, event, question):
        self.event, self.question = event, question


def asks():
    """The patterns of all questions."""
    global _asks
    if _asks is None:
        from . import content
        _asks = patterns.Grammar(patterns.Pattern(Ask(e, q), q.ask) for e in content.load().events.values() for q in e.questions)
    return _asks


def agrees(reader, w, slots, bind):
    """Whether what the slots say is what is bound there."""
    for key, form, _, text in slots:
        base = text.removesuffix("'s")
        low = base.lower()
        if len(key) > 1 and key[0].isupper():
            said = [reader.mask.word(c) for c in base if patterns.MASKED.fullmatch(c)]
            members = [bind.get(k) for k in key]
            if not all(any(isinstance(m, Char) and Reader.called(w, m, n) for m in members) for n in said) and all(isinstance(m, Char) for m in members):
                return False
            continue
        e = bind.get(key)
        if e is None or e is UNKNOWN:
            continue
        if isinstance(e, Char):
            if low in GENDER:
                if w.sex.get(e, GENDER[low]) != GENDER[low]:
                    return False
            elif low in FIRST:
                if e is not w.narrator:
                    return False
            elif form in STATIC and form not in ("look", "kind.s"):
                if not patterns.MASKED.fullmatch(base[-1]) or not Reader.called(w, e, reader.mask.word(base[-1])):
                    return False
            elif form not in STATIC and not reader.phrase(w, key, e, form, text):
                return False
        elif isinstance(e, Thing):
            if form in ("", "a", "n", "noun"):
                noun = reader.mask.word(text[-1])
                words = reader.mask.off(text).split()
                look = w.look.get(e)
                if noun != e.noun or look and len(words) > len(noun.split()) + 1 and look not in " ".join(words):
                    return False
            elif form not in STATIC and not reader.phrase(w, key, e, form, text):
                return False
        elif isinstance(e, Place):
            if reader.mask.off(text).removeprefix("the ").lower() not in (e.noun, f"{e.prep} the {e.noun}", e.to or f"to the {e.noun}", f"the {e.noun}"):
                if form in STATIC or not reader.phrase(w, key, e, form, text):
                    return False
        else:
            plain = reader.mask.off(text).lower()
            if plain != str(e).lower() and plain not in said_forms(str(e)):
                return False
    return True


def answered(reader, w, ask, answer):
    """True or False: whether the answer is what the tale says; None if no such question can be asked of it."""
    verdict = None
    masked_ask, masked = reader.mask.on(ask), reader.mask.on(answer)
    for right in general(w):
        if ask.strip().lower() == right[0].lower():
            verdict = verdict or False
            if answer.strip().lower() in [r.lower() for r in right[1]]:
                return True
    for pattern, slots in asks().readings(masked_ask):
        a = pattern.event
        for told in w.told:
            if told.event is not a.event or not a.question.is_told(told.text) or not agrees(reader, w, slots, told.bind):
                continue
            verdict = verdict or False
            for wording in a.question.answers:
                p = answer_pattern(wording)
                m = p.code.fullmatch(masked)
                if m and agrees(reader, w, [(*s, t) for s, t in zip(p.groups, m.groups()) if t is not None], told.bind):
                    return True
    return verdict


_answers = {}


def answer_pattern(wording):
    if wording not in _answers:
        _answers[wording] = patterns.Pattern(None, wording)
    return _answers[wording]


def as_state(w):
    """The facts that `questions.py` asks for, with names, kinds and looks."""
    chars = {}
    for c in w.chars:
        name = next((n for n, o in w.names.items() if o is c), "")
        chars[c] = Char(name, w.kind.get(c) or "somebody", w.sex.get(c) or "n", "", w.tags(c) or frozenset())
    things = {t: Thing(t.noun, w.look.get(t, ""), t.tags) for t in w.things.values()}
    state = State()
    turn = lambda e: chars.get(e) or things.get(e) or e
    state.facts = {p: [tuple(turn(a) for a in f) for f in fs if UNKNOWN not in f] for p, fs in w.facts.items()}
    state.facts["named"] = [(chars[c],) for c in w.names.values() if c in chars]
    state.facts["new"] = [(e,) for e in [*chars.values(), *things.values()]]
    return state, list(chars.values()), list(things.values()), turn


def general(w):
    """Questions that can be asked of every tale, with the answers that are right."""
    state, chars, things, _ = as_state(w)
    described = {c for c in chars if c.kind != "somebody"} | {t for t in things if t.look}
    order = chars
    pairs = list(questions.general(state, order, things, described))
    return pairs


# ---------------------------------------------------------------- rules on the text alone

UNMARKED = re.compile(rf'[A-Za-z]" (?:(?:{patterns.SAYING}) (?:[A-Z]\w+|the [a-z]+|I)\b|(?:[A-Z]\w+|I|he|she|it) (?:{patterns.SAYING})\b)')


def text_faults(parts, words, mask, prompt_words, values, unsure):
    """Faults that need no reading: words, ends, speech, loops. `values` may be said again, `unsure` are questions and answers that no
    pattern of the world is."""
    for n, paragraph in parts.paragraphs:
        if paragraph.count('"') % 2:
            yield Fault("speech", n, paragraph[-60:], "speech is opened and not closed")
        if not re.search(r"""[.!?]["']?$""", paragraph.rstrip()):
            yield Fault("unended", n, paragraph[-60:], "the paragraph does not end with a full stop, ! or ?")
        for m in UNMARKED.finditer(paragraph):
            yield Fault("speech", n, m[0], "what is said ends with no mark")
    for n, text in parts.paragraphs + [(0, x) for q in unsure for x in q]:
        for m in vocabulary.TOKEN.finditer(patterns.MASKED.sub("", mask.on(text))):
            w = m[0]
            if not words.known(w) and w.lower() not in prompt_words and w.lower() not in ("s", "q", "a"):
                yield Fault("words", n, w, "no word that the world knows")
    yield from loops(parts, mask, values)


def loops(parts, mask, values):
    """A sentence of four words said again within three sentences, one of six words ever, or eight words in a row."""
    counts, before = collections.Counter(), []
    long = re.compile("|".join(sorted((re.escape(v) for v in values if len(v.split()) > 2), key=len, reverse=True)) or "(?!)")
    for n, paragraph in parts.paragraphs:
        for s in patterns.sentences(paragraph):
            length = len(s.split())
            if s.strip('".!?').lower() not in values and (length >= 6 and s in before or length >= 4 and s in before[-3:]):
                yield Fault("loop", n, s, "the sentence is said again")
            before.append(s)
        for g in grams(mask.on(long.sub("#", paragraph))):
            counts[g] += 1
            if counts[g] == 2 and g not in may_come_again():
                yield Fault("loop", n, mask.off(" ".join(g)), "eight words are said again")
                break


_again = None


def may_come_again():
    """Eight words in a row that one wording says twice."""
    global _again
    if _again is None:
        from . import content
        plain = patterns.Mask()
        _again = set()
        for e in content.load().events.values():
            for w in e.wordings:
                found = grams(plain.on(patterns.flat(w.nodes)))
                _again |= {g for g in found if found.count(g) > 1}
    return _again


GRAM = re.compile(rf"[\w'#]+|{patterns.MASKED.pattern}")


def grams(text):
    """Eight words in a row of a masked text, in small letters."""
    w = [x.lower() for x in GRAM.findall(text)]
    return [tuple(w[i:i + 8]) for i in range(len(w) - 7)]


def title_faults(parts, reader, w, prompt_words):
    """Names and nouns of the title that the tale does not have."""
    if not parts.title:
        return
    story = "\n".join(p for _, p in parts.paragraphs)
    hero = w.narrator or (w.chars[0] if w.chars else None)
    nameless = hero is None or hero not in w.names.values()         # then the title may say the name
    there = set(patterns.MASKED.findall(reader.mask.on(story)))
    nouns = {reader.mask.word(c) for c in there}
    for c in patterns.MASKED.findall(reader.mask.on(parts.title)):
        if c in there or c in literal_nouns():
            continue
        noun = reader.mask.word(c)
        if not any(one_kind(noun, n) for n in nouns) and noun not in story and not (noun in lexicon.KINDS and (hero is None or not w.kind.get(hero))):
            yield Fault("title", 1, parts.title, f"there is no {noun} in the tale")
    for m in vocabulary.TOKEN.finditer(patterns.MASKED.sub("", reader.mask.on(parts.title))):
        if not reader.words.known(m[0]) and m[0].lower() not in prompt_words and m[0] != "s" and not nameless:
            yield Fault("title", 1, parts.title, f"nobody is called {m[0]}")


_literal = None


def literal_nouns():
    """Nouns that stand in the wording of some title itself."""
    global _literal
    if _literal is None:
        from . import content, tale
        titles = [t for s in content.load().plots.values() for t in s.titles] + tale.TITLES
        _literal = {c for t in titles for c in patterns.MASKED.findall(patterns.Mask().on(re.sub(r"\{[^}]*\}", "", t.source)))}
    return _literal


class Training:
    """The training text, by blocks of half the length of a copy, so that every copy holds a whole one."""

    def __init__(self, data):
        self.data, self.size = data, COPY // 2
        self.at = {}
        for i in range(0, len(data) - self.size, self.size):
            self.at.setdefault(hash(data[i:i + self.size]), []).append(i)

    def copied(self, text):
        """A stretch of COPY bytes of the text that stands in the training text, or None."""
        data, size = text.encode(), self.size
        for i in range(len(data) - size + 1):
            for at in self.at.get(hash(data[i:i + size]), ())[:50]:
                if self.data[at:at + size] != data[i:i + size]:
                    continue
                left, right = 0, size
                while left < i and left < at and data[i - left - 1] == self.data[at - left - 1]:
                    left += 1
                while i + right < len(data) and at + right < len(self.data) and data[i + right] == self.data[at + right]:
                    right += 1
                if left + right >= COPY:
                    return data[i - left:i + right].decode(errors="replace")
        return None


# ---------------------------------------------------------------- the verdict

def judge(text, ended=True, prompt="", training=None, words=None):
    """The verdict on a text without its end byte. Words and copies that the prompt brought in are not held against the model."""
    words = words or vocabulary.load()
    v = Verdict()
    parts = split(text)
    v.title = parts.title
    story = "\n".join(p for _, p in parts.paragraphs)
    v.names = words.names(story)
    after = words.names("\n".join(x for q in parts.questions for x in q))
    reader = Reader(words, [*v.names, *(n for n in after if n not in v.names)])
    prompt_words = {t.lower() for t in vocabulary.TOKEN.findall(prompt)}
    worlds = [World()]
    faults = []
    for i, (line, paragraph) in enumerate(parts.paragraphs):
        if i in parts.again:
            for w in worlds:
                w.loose = True
        worlds = reader.paragraph(worlds, line, paragraph)
    w = worlds[0]
    v.reader, v.worlds = reader, [o for o in worlds if cost(o) == cost(w)]
    v.world, v.told, v.read, v.sentences = w, list(w.told), len(set(w.read)), reader.count
    faults += w.faults
    unread = [i for i in range(reader.count) if i not in set(w.read)]
    v.unread = [reader.plain[i] for i in unread]
    row = max((len(list(g)) for _, g in itertools.groupby(i - n for n, i in enumerate(unread))), default=0)
    if len(unread) > 1 and len(unread) > UNREAD_SHARE * reader.count or row >= UNREAD_ROW:
        faults.append(Fault("unread", 1, story[:40] + "...", f"{len(unread)} of {reader.count} sentences are like nothing that the world tells"))
    faults += title_faults(parts, reader, w, prompt_words)
    late = w.told[len(w.told) // 2:]
    if len(w.told) > 5 and w.chars and not w.loose and w.chars[0] is not w.narrator and all(w.chars[0] is not e for t in late for e in t.bind.values()):
        faults.append(Fault("dropped", 1, story[:60], f"{w.say(w.chars[0])} is not spoken of again"))
    for ask, answer in parts.questions:
        right = v.answered(ask, answer)
        v.answers.append((ask, answer, right))
        if right is None:
            faults.append(Fault("question", 0, f"{ask} {answer}", "no such question can be asked of this tale"))
        elif not right:
            faults.append(Fault("answer", 0, f"{ask} {answer}", "the tale says otherwise"))
    values = {v.lower() for t in w.told for v in t.bind.values() if isinstance(v, str)}
    faults += text_faults(parts, words, reader.mask, prompt_words, values, [(q, a) for q, a, right in v.answers if not right])
    if training:
        copied = training.copied(text[len(prompt):] if text.startswith(prompt) else text)
        if copied:
            faults.append(Fault("copy", 1, copied, "stands in the training text"))
    if not ended:
        faults.append(Fault("end", text.count("\n") + 1, text[-40:], "the tale does not end"))
    v.faults = sorted(faults, key=lambda f: f.line or 10**6)
    return v


def main():
    p = argparse.ArgumentParser(prog="python -m world.judge", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("file", nargs="?", help="texts that end with byte 4")
    p.add_argument("--training", help="the training text, to find copies of it")
    p.add_argument("--words", help="a common list of words, one a line, in addition to the world's own")
    p.add_argument("--calibrate", action="store_true", help="judge the judge, on fresh tales of the simulator")
    p.add_argument("--tales", type=int, default=200, help="how many fresh tales")
    p.add_argument("--seed", default="calibrate")
    p.add_argument("--show", type=int, default=0, help="print so many true tales that fail, and changed ones that pass")
    o = p.parse_args()
    training = Training(open(o.training, "rb").read()) if o.training else None
    if o.calibrate:
        from . import calibrate
        sys.exit(not calibrate.report(o.seed, o.tales, training, o.show))
    if not o.file:
        p.error("give a file of texts that end with byte 4, or --calibrate")
    words = vocabulary.Words(w.strip().lower() for w in open(o.words, encoding="utf-8")) if o.words else None
    texts = [t for t in open(o.file, encoding="utf-8").read().split("\x04") if t.strip()]
    kinds, bad = collections.Counter(), 0
    for n, t in enumerate(texts, 1):
        v = judge(t, training=training, words=words)
        bad += bool(v.faults)
        kinds.update(v.kinds)
        for f in v.faults:
            print(f"text {n}, {f}")
    print(f"{len(texts)} texts, {bad} with faults; texts by kind of fault: {dict(kinds.most_common())}")


if __name__ == "__main__":
    main()
