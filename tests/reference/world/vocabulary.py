"""The words of the world: every word that its wordings, lists and lexicon can make, and which of them stand with a capital.

`Words()` is made once; `known(word)` says whether a word is one, `names(text)` finds what can only be a name in a text.
"""
import re

from . import content, drills, grammar, lexicon, names, requests, riddles, storyteller, tale, talks
from .grammar import Alt, Lit, Said, Verb

PLAIN = """i you he she it we they me him her us them my your his its our their mine yours hers ours theirs myself yourself himself herself itself
ourselves yourselves themselves am is are was were be been being do does did done have has had a an the and or but not no yes there were he's she's
who what where when why how many whose whom which before after at end this that these those of in on by under to from with for about tale story
named called name color like with give gives gave taken""".split()
TOKEN = re.compile(r"[^\W\d_][\w]*(?:['’-][^\W\d_]\w*)*")
STYLED = re.compile(r"(?<![\w-])(?:" + "|".join(re.escape(s) for s in names.STYLES) + r") [A-Z][\w-]*(?<!['-])")
AT_START = re.compile(r"(?:^|[.!?]\s+|[.!?]\" |[\n\"]|^\")$")
INTRODUCED = re.compile(r"\b(?:named|called|(?:call|called) me|(?:name|I) (?:is|was|am)) ([A-Z]\w+)\b(?! [A-Z])")      # after these a name stands, even if it is `And`


class Words:
    """All word forms of the world; `capitals` are those that have a capital in the middle of a sentence, `starters` those that begin one."""

    def __init__(self, more=()):
        self.all, self.capitals, self.starters = {*PLAIN, *more}, set(), set()
        self.of_two = [n for group in lexicon.NAMES.values() for n in group if " " in n]
        self.given = {n for group in lexicon.NAMES.values() for n in group}
        c = content.load()
        for e in c.events.values():
            for w in e.wordings:
                self.wording(w)
            for q in e.questions:
                for w in (q.ask, *q.answers):
                    self.wording(w)
        for table in (lexicon.KINDS, lexicon.THINGS, lexicon.PLACES):
            for head, entry in table.items():
                self.take(head, grammar.plural(head), entry.prep, entry.to, *entry.looks)
                for phrases in entry.phrases.values():
                    for w in phrases:
                        self.wording(w)
        for key, values in lexicon.LISTS.items():
            self.take(key, *values)
            self.take(*(grammar.plural(re.sub("^an? ", "", v)) for v in values))
        for s in [*c.plots.values(), *c.scenes.values()]:
            for w in s.titles:
                self.wording(w, title=True)
        for w in tale.TITLES:
            self.wording(w, title=True)
        for w in requests.WISHES:
            self.wording(w)
        for asked, answers in storyteller.GROUPS:
            for w in [*asked, *answers]:
                self.wording(w)
        for block in talks.BLOCKS:
            for _, w in block[3]:
                self.wording(w)
        self.take(*drills.FILLER, *requests.YES)
        for value in vars(riddles).values():
            for w in value if isinstance(value, (list, tuple)) else ():
                if isinstance(w, grammar.Wording):
                    self.wording(w)
                elif isinstance(w, str):
                    self.take(w)
        self.capitals -= {"I"}
        self.literal = {m[0] for e in c.events.values() for w in e.wordings for m in STYLED.finditer(re.sub(r"\{[^}]*\}", "x", w.source))}

    def take(self, *texts):
        for text in texts:
            for m in TOKEN.finditer(text):
                self.all.add(m[0].lower())
                self.all.update(m[0].lower().split("-"))
                if m[0][0].isupper() and not starts(text, m.start()):
                    self.capitals.add(m[0])

    def wording(self, w, title=False):
        self.nodes(w.nodes, [""], title)

    def nodes(self, nodes, before, title):
        """Walks the tree; `before` is what may stand before it, to know where a sentence begins."""
        for n in nodes:
            if isinstance(n, Lit):
                for m in TOKEN.finditer(n.text):
                    self.all.add(m[0].lower())
                    self.all.update(m[0].lower().split("-"))
                    start = any(starts(b + n.text, len(b) + m.start()) for b in before)
                    if start:
                        self.starters.add(m[0].lower())
                    elif m[0][0].isupper() and not title:
                        self.capitals.add(m[0])
                before = [b[-3:] + n.text for b in before]
            elif isinstance(n, Alt):
                for o in n.options:
                    self.nodes(o, before, title)
                ends = {text[-3:] for o in n.options for text in endings(o, before)}
                before = list(ends)[:6] or [""]
            else:
                if isinstance(n, (Verb, Said)):
                    for f in n.forms:
                        self.all.update([f, *(grammar.present(f, k) for k in "123p")])
                before = ["x"]

    # -------------------------------------------------------- use

    def known(self, word):
        w = word.lower().replace("’", "'")
        if w in self.all or w.removesuffix("'s") in self.all or w.removesuffix("'") in self.all:
            return True
        return "-" in w and all(p in self.all for p in w.split("-") if p)

    def names(self, text):
        """The names of a text, in the order of their coming."""
        found, covered = {}, set()
        for n in self.of_two:
            if n in text:
                found[n] = text.index(n)
                covered |= {p for m in re.finditer(re.escape(n), text) for p in range(m.start(), m.end())}
        for m in STYLED.finditer(text):
            found.setdefault(m[0].removesuffix("'s"), m.start())
            covered |= set(range(m.start(), m.end()))
        for n in self.literal & found.keys():
            del found[n]
        for m in INTRODUCED.finditer(text):
            if m[1] not in self.capitals and m.start(1) not in covered:
                found.setdefault(m[1], m.start(1))
        for m in TOKEN.finditer(text):
            w = re.sub("['’]s$", "", m[0])
            if not w[0].isupper() or w in found or w == "I" or m.start() in covered or w.startswith("I'"):
                continue
            if starts(text, m.start()):
                low = w.lower()
                if self.known(low) and (w not in self.given or low in self.starters):
                    continue
            elif (w in self.capitals or w.lower() in self.starters) and w not in self.given or w in ("Mr", "Mrs"):
                continue
            found[w] = m.start()
        return sorted(found, key=found.get)


def endings(nodes, before):
    """Texts with which a sequence may end."""
    if not nodes:
        return before
    last = nodes[-1]
    if isinstance(last, Lit):
        return [last.text if len(last.text) > 2 or len(nodes) > 1 else b + last.text for b in before]
    if isinstance(last, Alt):
        return [t for o in last.options for t in endings(o, before)]
    return ["x"]


def starts(text, i):
    """Whether a sentence, or a speech, begins at that position."""
    return i == 0 or bool(AT_START.search(text[max(0, i - 4):i]))


_words = None


def load():
    """The words of all content, gathered once."""
    global _words
    if _words is None:
        _words = Words()
    return _words
