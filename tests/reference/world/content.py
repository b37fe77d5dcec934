"""Reads the files of events, scenes and plots: `events/*.txt` and `plots/*.txt`. The README says how they are written."""
import re
from dataclasses import dataclass, field
from pathlib import Path

from . import grammar
from .events import Atom, Event, Question

HERE = Path(__file__).parent


@dataclass
class Beat:
    """A step of a plot. kind: do, paragraph, choose, maybe, if, until."""
    kind: str
    calls: list = field(default_factory=list)        # (name, arguments), one is chosen
    blocks: list = field(default_factory=list)
    conditions: list = field(default_factory=list)
    chance: float = 1.0
    where: str = ""


@dataclass
class Script:
    """A plot or a scene."""
    name: str
    params: list
    titles: list = field(default_factory=list)
    cast: list = field(default_factory=list)         # (role, tags that it may have)
    picks: list = field(default_factory=list)
    beats: list = field(default_factory=list)
    held: bool = False
    source: str = ""


class Content:
    """All events, scenes and plots."""

    def __init__(self):
        self.events, self.scenes, self.plots, self.incidentals = {}, {}, {}, []
        self.errors, self._later, self._split = [], [], {}

    def plots_of(self, held):
        """The plots of training, or those that are held out."""
        if held not in self._split:
            self._split[held] = [p for p in self.plots.values() if p.held == held] or list(self.plots.values())
        return self._split[held]

    def read_file(self, path):
        path = Path(path)
        block, start = [], 0
        lines = path.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines + ["end"], 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            if not line.startswith(" "):
                if block:
                    self._block(block, path.name)
                block = []
                if line != "end" or number <= len(lines):
                    block = [(number, line.rstrip())]
            else:
                block.append((number, line.rstrip()))

    def _block(self, block, file):
        number, head = block[0]
        where = f"{file}:{number}"
        word = head.split()[0]
        try:
            if word == "event" and ":" not in head:
                self._later.append((head[len(word):], block[1:], where))
            elif word in ("event", "event*", "event+"):
                self._event(head[len(word):], block[1:], where, word[5:])
            elif word in ("scene", "plot"):
                self._script(word, head[len(word):], block[1:], where)
            else:
                raise grammar.WordingError(f"a block begins with `event`, `scene` or `plot`, not with {word!r}")
        except grammar.WordingError as e:
            self.errors.append(f"{where}: {e}")

    def finish(self):
        """Adds the wordings of blocks `event NAME PARAMETERS` to the events that other files define."""
        for head, lines, where in self._later:
            name, *params = [p.strip("()") for p in head.split()]
            event = self.find(self.events, name, where)
            if event is None or event.params != params:
                why = f"its parameters are {' '.join(event.params)}" if event else "no file defines it; a definition has a `:` after the parameters"
                self.errors.append(f"{where}: wordings are added to event {name} {' '.join(params)}, but {why}")
            else:
                self._wordings(event, lines, where)
        self._later = []

    @staticmethod
    def find(table, name, where):
        """The event or scene of that name: the one of files with the same stem, if there are several."""
        return table.get(f"{stem(where)}/{name}") or table.get(name)

    # -------------------------------------------------------- events

    def _event(self, head, lines, where, mark):
        signature, _, rule = head.partition(":")
        pre, _, post = rule.partition(">")
        name, *params = signature.split()
        key = name if name not in self.events else f"{stem(where)}/{name}"
        event = self.events.get(key)
        atoms = lambda text: [Atom.parse(a, where) for a in text.split(",") if a.strip()]
        absent = {p.strip("()") for p in params if p.startswith("(")}
        params = [p.strip("()") for p in params]
        if event is None and name in self.events and stem(self.events[name].source) == stem(where):
            event = self.events[name]
        if event is not None:
            raise grammar.WordingError(f"event {name} is already at {event.source}; to add wordings, write `event {name} {' '.join(event.params)}` without a `:`")
        event = self.events[key] = Event(key, params, absent, atoms(pre), atoms(post), incidental=mark == "*", calm=mark == "+", source=where)
        if mark == "*":
            self.incidentals.append(event)
        self._wordings(event, lines, where)

    def _wordings(self, event, lines, where):
        file = where.split(":")[0]
        for number, line in lines:
            text = line.strip()
            try:
                asked = re.match(r"Q |q\(([^()]+)\) ", text)
                if asked:
                    ask, _, answers = text[asked.end():].partition(" = ")
                    event.questions.append(Question(grammar.read("@past " + ask, plain=True), [grammar.read("@past " + a, plain=True) for a in answers.split(" | ") if a.strip()],
                                                    re.compile(rf"(?i)\b(?:{asked[1]})") if asked[1] else None))
                    continue
                m = re.match(r"@\(([^)]*)\)\s+", text)
                w = grammar.read(text[m.end():] if m else text)
                w.conditions = [Atom.parse(a, where) for a in m[1].split(",")] if m else []
                w.where = f"{file}:{number}"
                event.wordings.append(w)
            except grammar.WordingError as e:
                self.errors.append(f"{file}:{number}: {e}")

    # -------------------------------------------------------- scenes and plots

    def _script(self, word, head, lines, where):
        name, *params = head.split()
        into = self.scenes if word == "scene" else self.plots
        key = name if name not in into else f"{stem(where)}/{name}"
        if key in into or name in into and (word == "plot" or stem(into[name].source) == stem(where)):
            raise grammar.WordingError(f"{word} {name} stands twice, first at {into[name].source}")
        script = into[key] = Script(key, params, source=where)
        body = []
        for number, line in lines:
            text = line.strip()
            key, _, rest = text.partition(" ")
            if key == "title":
                script.titles += [grammar.read(t, plain=True) for t in rest.split(" | ")]
            elif key in ("cast", "things", "places"):
                for part in rest.split(";"):
                    role, _, tags = part.partition(":")
                    script.cast.append((role.strip(), tags.split()))
            elif key == "pick":
                script.picks += rest.split()
            elif text == "held-out":
                script.held = True
            else:
                body.append((number, len(line) - len(line.lstrip()), text))
        script.beats = self._beats(body, where)

    def _beats(self, lines, where):
        beats, i = [], 0
        while i < len(lines):
            number, indent, text = lines[i]
            j = i + 1
            while j < len(lines) and lines[j][1] > indent:
                j += 1
            inner = lines[i + 1:j]
            beat = self._beat(text, f"{where.split(':')[0]}:{number}")
            if text.endswith(":"):
                if not inner:
                    raise grammar.WordingError(f"line {number}: nothing stands indented below {text!r}")
                block = self._beats(inner, where)
                if text == "or:":
                    if not beats or beats[-1].kind != "choose":
                        raise grammar.WordingError(f"line {number}: `or:` without `choose:` before it")
                    beats[-1].blocks.append(block)
                    i = j
                    continue
                beat.blocks.append(block)
            elif inner:
                raise grammar.WordingError(f"line {inner[0][0]}: indented, but the line above does not end with `:`")
            beats.append(beat)
            i = j
        return beats

    def _beat(self, text, where):
        if text == "--":
            return Beat("paragraph", where=where)
        if text in ("choose:", "or:"):
            return Beat("choose", where=where)
        if text == "tight:":
            return Beat("tight", where=where)
        m = re.fullmatch(r"maybe(?: (\d+))?:", text)
        if m:
            return Beat("maybe", chance=int(m[1] or 50) / 100, where=where)
        m = re.fullmatch(r"(if|until) ([^:]+?)(?: max (\d+))?:\s*(.*)", text)
        if m:
            beat = Beat(m[1], conditions=[Atom.parse(a, where) for a in m[2].split(",")], chance=int(m[3] or 6), where=where)
            beat.calls = self._calls(m[4])
            return beat
        m = re.match(r"\?(\d*) +(.*)", text)
        if m:
            return Beat("maybe", self._calls(m[2]), chance=int(m[1] or 50) / 100, where=where)
        return Beat("do", self._calls(text), where=where)

    @staticmethod
    def _calls(text):
        return [(c.split()[0], c.split()[1:]) for c in text.split("|") if c.strip()]


def words():
    """All words of the content in small letters, with the forms that the grammar makes of them; an invented name is none of them."""
    global _words
    if _words is None:
        from . import lexicon
        found = {w.lower() for folder in ("events", "plots", "lexicon", ".") for path in (HERE / folder).glob("*.*") if path.suffix in (".txt", ".py")
                 for w in re.findall(r"(?<![A-Za-z])[A-Za-z]+", path.read_text(encoding="utf-8"))}
        for past in {f for e in load().events.values() for w in e.wordings for f in re.findall(r"[a-z]+", " ".join(re.findall(r"<([^<>/]*)", w.source)))}:
            try:
                found |= {grammar.base(past), grammar.present(past, "3")}
            except ValueError:
                pass
        _words = found | {part for head in (*lexicon.KINDS, *lexicon.THINGS, *lexicon.PLACES) for part in grammar.plural(head).split()}
    return _words


def stem(where):
    """`wild` for `wild.txt:12`."""
    return where.split(".")[0]


_content, _words = None, None


def load():
    """All content, read once."""
    global _content
    if _content is None:
        _content = Content()
        for folder in ("events", "plots"):
            for path in sorted((HERE / folder).glob("*.txt")):
                _content.read_file(path)
        _content.finish()
        if _content.errors:
            errors, _content = _content.errors, None
            raise grammar.WordingError("\n".join(errors))
    return _content
