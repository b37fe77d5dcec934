"""Wordings as patterns that read text back: the other direction of `render.py`.

Before a text is compared, its names and the nouns of the lexicon are masked: each becomes one character of a private area of Unicode. A
pattern is masked in the same way, so `the old woman` is `the ` and one character there too, and a slot for a kind is a small class
of characters. That makes patterns short and strict: a slot can take nothing but a known noun or a name.
"""
import re

from . import grammar, lexicon
from .grammar import Alt, Lit, Said, Slot, Verb

# ---------------------------------------------------------------- masks


class Nouns:
    """A character for each noun of the lexicon: kinds, things and places."""

    FIRST = 0xE000

    def __init__(self):
        tables = {"K": lexicon.KINDS, "T": lexicon.THINGS, "P": lexicon.PLACES}
        which = {}
        for mark, table in tables.items():
            for noun in table:
                which[noun] = which.get(noun, "") + mark
        ordered = sorted(which, key=lambda n: (which[n], n))      # nouns of one table stand together: their class is a few ranges
        self.char = {n: chr(self.FIRST + i) for i, n in enumerate(ordered)}
        self.noun = {c: n for n, c in self.char.items()}
        self.classes = {m: self._ranges([self.char[n] for n in ordered if m in which[n]]) for m in tables}
        self.starts = {}
        for n in sorted(which, key=len, reverse=True):
            self.starts.setdefault(re.match(r"\w+", n)[0].lower(), []).append(n.lower())
        self.lower = {n.lower(): n for n in ordered}

    @staticmethod
    def _ranges(chars):
        out, chars = "", sorted(chars)
        while chars:
            first = last = chars[0]
            while chars and ord(chars[0]) <= ord(last) + 1:
                last = chars.pop(0)
            out += f"{first}-{last}"
        return out


FIRST_NAME = 0xF0000
NAME = f"[{chr(FIRST_NAME)}-{chr(FIRST_NAME + 0xFFFD)}]"
_nouns = Nouns()
KIND, THING, PLACE = (f"[{_nouns.classes[m]}]" for m in "KTP")
MASKED = re.compile(f"[{chr(_nouns.FIRST)}-\uf8ff{chr(FIRST_NAME)}-{chr(FIRST_NAME + 0xFFFD)}]")
_WORD = re.compile(r"(?<![\w'’-])[^\W\d_]\w*")
_GOES_ON = re.compile(r"[\w-]\w|[\w]")


class Mask:
    """Masks a text and takes the mask off again; `names` are the names of that text."""

    def __init__(self, names=()):
        self.names = list(names)
        self.char = {n: chr(FIRST_NAME + i) for i, n in enumerate(self.names)}
        self.starts = {}
        for n in sorted(self.names, key=len, reverse=True):
            self.starts.setdefault(re.match(r"\w+", n)[0], []).append(n)

    def on(self, text):
        out, done = [], 0
        for m in _WORD.finditer(text):
            i = m.start()
            if i < done:
                continue
            found = self._name(text, i, m[0]) or self._noun(text, i, m[0].lower())
            if found:
                out += [text[done:i], found[0]]
                done = i + found[1]
        return "".join(out) + text[done:]

    def _name(self, text, i, word):
        for n in self.starts.get(word, ()):
            if text.startswith(n, i) and not _GOES_ON.match(text, i + len(n)):
                return self.char[n], len(n)
        return None

    @staticmethod
    def _noun(text, i, word):
        for n in _nouns.starts.get(word, ()):
            if text[i:i + len(n)].lower() == n and not _GOES_ON.match(text, i + len(n)):
                return _nouns.char[_nouns.lower[n]], len(n)
        return None

    def off(self, text):
        return MASKED.sub(lambda m: self.word(m[0]), text)

    def word(self, char):
        """The noun or name of a masked character."""
        return _nouns.noun.get(char) or self.names[ord(char) - FIRST_NAME]

    @staticmethod
    def is_name(char):
        return ord(char) >= FIRST_NAME


_plain = Mask()

# ---------------------------------------------------------------- slots

W = rf"[a-z{chr(_nouns.FIRST)}-\uf8ff][a-z'’-]*"
ONE = rf"(?:[Tt]he {KIND}|{NAME}|I|me|you)"
WHO = {
    "he": rf"[Hh]e|[Ss]he|[Ii]t|[Tt]he {KIND}|{NAME}",
    "him": rf"him|her|it|[Tt]he {KIND}|{NAME}",
    "his": rf"[Hh]is|[Hh]er|[Ii]ts|(?:[Tt]he {KIND}|{NAME})'s",
    "himself": r"himself|herself|itself",
    "hers": rf"his|hers|its|(?:[Tt]he {KIND}|{NAME})'s",
}
SELF = {"he": "I|[Yy]ou", "him": "me|you", "his": "[Mm]y|[Yy]our", "himself": "myself|yourself", "hers": "mine|yours"}
GROUP = {
    "he": rf"[Tt]hey|{ONE}(?:, {ONE})* and {ONE}",
    "him": rf"them|{ONE}(?:, {ONE})* and {ONE}",
    "his": rf"[Tt]heir|{ONE}(?:, {ONE})* and {ONE}'s",
    "himself": r"themselves",
    "hers": rf"theirs|{ONE}(?:, {ONE})* and {ONE}'s",
}
SELVES = {"he": "[Ww]e|[Yy]ou", "him": "us|you", "his": "[Oo]ur|[Yy]our", "himself": "ourselves|yourselves", "hers": "ours|yours"}
ENGLISH = {"": "he", "pron": "he", "full": "he", "they": "he", "them": "him", "their": "his"}
OWNER = "[Tt]he|[Hh]is|[Hh]er|[Ii]ts|[Mm]y|[Tt]heir|[Oo]ur|[Yy]our"
FREE = r'([^"]+?)'
PREPOSITIONS = "|".join(sorted({f"[{p[0].upper()}{p[0]}]{p[1:]}" for p in (e.prep for e in lexicon.PLACES.values()) if p}))
WAYS = "|".join([rf"[Tt]o the {PLACE}", *sorted({f"[{w[0].upper()}{w[0]}]{w[1:]}" for w in (_plain.on(e.to) for e in lexicon.PLACES.values() if e.to)}, key=len, reverse=True)])


class Pattern:
    """A wording of an event as a pattern; `groups` are the slots of its groups: (key, form, in speech)."""

    def __init__(self, event, wording):
        self.event, self.wording, self.groups = event, wording, []
        self.words = set()
        self.start = True
        text = self.sequence(wording.nodes, True)
        self.source = re.sub(r"(?: \*)+", " *", text)
        self._code = None
        self.sentences = len(sentences(flat(wording.nodes)))

    @property
    def code(self):
        if self._code is None:
            self._code = re.compile(self.source)
        return self._code

    def sequence(self, nodes, certain):
        out = []
        for i, n in enumerate(nodes):
            loose_before = i and isinstance(nodes[i - 1], Alt)
            loose_after = i + 1 < len(nodes) and isinstance(nodes[i + 1], Alt)
            out.append(self.node(n, certain, loose_before or not certain and i == 0, loose_after or not certain and i == len(nodes) - 1))
        return "".join(out)

    def node(self, n, certain, before, after):
        if isinstance(n, Lit):
            return self.literal(n.text, certain, before, after)
        if isinstance(n, Alt):
            begin, ends, parts = self.start, [], []
            for o in n.options:
                self.start = begin
                parts.append(self.sequence(o, False))
                ends.append(self.start)
            self.start = any(ends)
            return f"(?:{'|'.join(parts)})"
        begin, self.start = self.start, False
        if isinstance(n, Verb):
            forms = {f for p in n.forms for f in (p, *(grammar.present(p, k) for k in "123p"))}
            if forms & {"was", "were"}:
                forms |= {"was", "were"}
            return "(?:" + "|".join(word(f, begin) for f in sorted(forms, key=len, reverse=True)) + ")"
        if isinstance(n, Said):
            verbs = "|".join(sorted({f for p in n.forms for f in (p, grammar.present(p, "3"), grammar.present(p, "1"))}, key=len, reverse=True))
            self.groups += [(n.key, "he", False), (n.key, "he", False)]
            who = f"({WHO['he']}|{SELF['he']})"
            return f"(?:{who} (?:{verbs})|(?:{verbs}) {who})"
        return self.slot(n)

    def literal(self, text, certain, before, after):
        text = _plain.on(text.replace("cannot", "can not"))
        if certain:
            self.words |= words(text)
        out = []
        for i, ch in enumerate(text):
            if ch == " ":
                out.append(" *" if before and i == 0 or after and i == len(text) - 1 else " ")
            elif self.start and ch.isalpha():
                out.append(either(ch))
                self.start = False
            else:
                out.append(re.escape(ch))
            if ch in ".!?":
                self.start = True
            elif ch not in ' "' and not ch.isalpha():
                self.start = False
        return "".join(out)

    def slot(self, n):
        key, form = n.key, n.form
        self.groups.append((key, form, n.quoted))
        if grammar.is_char(key):
            english = ENGLISH.get(form, form)
            if english in WHO:
                third, first = (WHO, SELF) if len(key) == 1 else (GROUP, SELVES)
                return f"({third[english]})" if n.quoted else f"({third[english]}|{first[english]})"
            if form == "name":
                return f"({NAME})"
            if form == "a":
                return f"([Aa]n? (?:{W} ){{0,4}}?{KIND})"
            if form == "the":
                return f"([Tt]he (?:{W} ){{0,4}}?{KIND})"
            if form == "kind":
                return self.article(n, KIND)
            if form == "look":
                return self.article(n, rf"{W}(?: {W}){{0,3}}?")
            return FREE
        if key in grammar.THINGS:
            noun = rf"(?:{W} ){{0,4}}?{THING}"
            if form == "":
                return rf"((?:{OWNER}) {noun})"
            if form == "a":
                return f"([Aa]n? {noun})"
            if form in ("n", "noun"):
                return self.article(n, noun)
            if form == "look":
                return self.article(n, rf"{W}(?: {W}){{0,3}}?")
            return "([Ii]t)" if form == "it" else FREE
        if key in grammar.PLACES:
            if form in ("", "n"):
                return f"([Tt]he {PLACE})" if not form else self.article(n, PLACE)
            if form == "in":
                return f"((?:{PREPOSITIONS}) the {PLACE})"
            return f"({WAYS})" if form == "to" else FREE
        return FREE

    @staticmethod
    def article(n, pattern):
        return f"([Aa]n? {pattern})" if n.articled else f"({pattern})"


def fragment(wording):
    """The pattern of a phrase of the lexicon."""
    code = getattr(wording, "pattern", None)
    if code is None:
        code = wording.pattern = Pattern(None, wording).code
    return code


def word(text, start):
    """The word, masked, as a pattern; at the start of a sentence in both cases."""
    text = _plain.on(text)
    return either(text[0]) + re.escape(text[1:]) if start else re.escape(text)


def either(ch):
    return f"[{ch.upper()}{ch.lower()}]" if ch.isascii() and ch.isalpha() else re.escape(ch)


def words(text):
    """Words and masked nouns of a text, to find patterns by."""
    return set(re.findall(rf"[a-z]{{2,}}|[{chr(_nouns.FIRST)}-\uf8ff]", text.lower()))


def flat(nodes):
    """Some text of the wording's form, to count its sentences."""
    return "".join(n.text if isinstance(n, Lit) else flat(n.options[0]) if isinstance(n, Alt) else "said X" if isinstance(n, Said) else "X" if isinstance(n, Slot) else n.forms[0] for n in nodes)


# ---------------------------------------------------------------- sentences

SAYING = "|".join(sorted({f for past in grammar.SAYING for f in (past, grammar.present(past, "3"), grammar.present(past, "1"))}))
TAG = re.compile(rf" (?:[A-Z][\w-]*\.?|I|you|he|she|it|the [a-z' -]+?)(?: [A-Z][\w-]*)? (?:{SAYING})\b")
ABBREVIATED = re.compile(r"\b(?:Mr|Mrs|Dr|St)\.$")


def sentences(text):
    """The sentences of a paragraph: a speech and who says it are one."""
    out, current, quoted = [], "", False
    for i, ch in enumerate(text):
        current += ch
        if ch == '"':
            quoted = not quoted
        if quoted or not (ch in ".!?" or ch == '"' and current[-2:-1] in (".", "!", "?")):
            continue
        following = text[i + 1:i + 3]
        if following and (following[0] != " " or not (following[1:].isupper() or following[1:] == '"' or following[1:].isdigit())):
            continue
        if ABBREVIATED.search(current) or ch == "." and text[i + 1:i + 2] == '"':
            continue
        if ch == '"' and current[-2:-1] in "!?" and TAG.match(text, i + 1):
            continue
        out.append(current.strip())
        current = ""
    if current.strip():
        out.append(current.strip())
    return out


class Grammar:
    """All patterns, found by the rarest word that they must hold."""

    def __init__(self, patterns):
        self.patterns = list(patterns)
        frequency = {}
        for p in self.patterns:
            for w in p.words:
                frequency[w] = frequency.get(w, 0) + 1
        self.by_word, self.free = {}, []
        for p in self.patterns:
            if p.words:
                self.by_word.setdefault(min(p.words, key=lambda w: (frequency[w], w)), []).append(p)
            else:
                self.free.append(p)

    @classmethod
    def of(cls, events):
        return cls(Pattern(e, w) for e in events for w in e.wordings)

    def readings(self, text, count=None):
        """(pattern, slots with their masked texts) of all wordings of that many sentences that the masked text can be."""
        text = text.replace("cannot", "can not")
        held = words(text)
        for pool in [self.by_word.get(w, ()) for w in held] + [self.free]:
            for p in pool:
                if (count is None or p.sentences == count) and p.words <= held:
                    m = p.code.fullmatch(text)
                    if m:
                        yield p, [(*slot, said) for slot, said in zip(p.groups, m.groups()) if said is not None]
