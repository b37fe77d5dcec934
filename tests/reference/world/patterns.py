"""Wordings as patterns that read text back: the other direction of `render.py`."""
import re

from . import grammar
from .grammar import Alt, Lit, Said, Slot, Verb

NAME = r"[^\W\d_a-z][\w'’-]*\.?(?: [A-Z][\w'-]*)?"
THE = r"[Tt]he [a-z](?:[a-z-]|'(?=s [a-z]|-))*(?: [a-z](?:[a-z-]|'(?=s [a-z]|-))*){0,2}"
WHO = {
    "he": rf"(?:[Hh]e|[Ss]he|[Ii]t|I|[Yy]ou|{THE}|{NAME})",
    "him": rf"(?:him|her|it|me|you|{THE}|{NAME})",
    "his": rf"(?:[Hh]is|[Hh]er|[Ii]ts|[Mm]y|[Yy]our|(?:{THE}|{NAME})'s)",
    "himself": r"(?:himself|herself|itself|myself|yourself)",
    "hers": rf"(?:his|hers|its|mine|yours|(?:{THE}|{NAME})'s)",
}
ONE = rf"(?:{THE}|{NAME}|I|me|you)"
GROUP = {
    "he": rf"(?:[Tt]hey|[Ww]e|[Yy]ou|{ONE}(?:, {ONE})* and {ONE})",
    "him": rf"(?:them|us|you|{ONE}(?:, {ONE})* and {ONE})",
    "his": rf"(?:[Tt]heir|[Oo]ur|[Yy]our|{ONE}(?:, {ONE})* and {ONE}'s)",
    "himself": r"(?:themselves|ourselves|yourselves)",
    "hers": r"(?:theirs|ours)",
}
ENGLISH = {"": "he", "pron": "he", "full": "he", "they": "he", "them": "him", "their": "his"}
NOUN = r"[a-z][a-z'’-]*(?: [a-z'’-]+){0,5}?"


class Pattern:
    """A wording of an event as a pattern; `groups` are the slots of its groups."""

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
            return "(?:" + "|".join(either(f, begin) for f in sorted(forms, key=len, reverse=True)) + ")"
        if isinstance(n, Said):
            verbs = "|".join(sorted({f for p in n.forms for f in (p, grammar.present(p, "3"), grammar.present(p, "1"))}, key=len, reverse=True))
            self.groups += [(n.key, "he"), (n.key, "he")]
            return f"(?:({WHO['he']}) (?:{verbs})|(?:{verbs}) ({WHO['he']}))"
        return self.slot(n)

    def literal(self, text, certain, before, after):
        text = text.replace("cannot", "can not")
        if certain:
            self.words |= set(re.findall(r"[a-z]{2,}", text.lower()))
        out = []
        for i, ch in enumerate(text):
            if ch == " ":
                out.append(" *" if before and i == 0 or after and i == len(text) - 1 else " ")
            elif self.start and ch.isalpha():
                out.append(either(ch, True))
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
        self.groups.append((key, form))
        if n.articled:
            return f"([Aa]n? {NOUN})"
        if grammar.is_char(key):
            english = ENGLISH.get(form, form)
            if english in WHO:
                return f"({(WHO if len(key) == 1 else GROUP)[english]})"
            if form == "name":
                return f"({NAME})"
            if form == "a":
                return f"([Aa]n? {NOUN})"
            if form == "the":
                return f"([Tt]he {NOUN})"
            if form in ("kind", "kind.s", "look"):
                return f"({NOUN})"
            return '([^"]+?)'
        if key in grammar.THINGS:
            return {"": f"((?:[Tt]he|[Hh]is|[Hh]er|[Ii]ts|[Mm]y|[Tt]heir|[Oo]ur|[Yy]our) {NOUN})", "a": f"([Aa]n? {NOUN})", "n": f"({NOUN})", "noun": f"({NOUN})", "plural": f"({NOUN})",
                    "look": f"({NOUN})", "it": "(it)"}.get(form, '([^"]+?)')
        if key in grammar.PLACES:
            return {"": f"([Tt]he {NOUN})", "n": f"({NOUN})", "in": f"([A-Za-z]+ the {NOUN})"}.get(form, '([^"]+?)')
        return '([^"]+?)'


def fragment(wording):
    """The pattern of a phrase of the lexicon."""
    code = getattr(wording, "pattern", None)
    if code is None:
        code = wording.pattern = Pattern(None, wording).code
    return code


def either(word, start):
    """The word as a pattern; at the start of a sentence in both cases."""
    return f"[{word[0].upper()}{word[0].lower()}]{re.escape(word[1:])}" if start and word[0].isalpha() else re.escape(word)


def flat(nodes):
    """Some text of the wording's form, to count its sentences."""
    return "".join(n.text if isinstance(n, Lit) else flat(n.options[0]) if isinstance(n, Alt) else "said X" if isinstance(n, Said) else "X" if isinstance(n, Slot) else n.forms[0] for n in nodes)


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
    """All patterns, found by a word that they must hold."""

    def __init__(self, events):
        self.patterns = [Pattern(e, w) for e in events for w in e.wordings]
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

    def readings(self, text, count):
        """(pattern, slots with their texts) of all wordings of that many sentences that the text can be."""
        text = text.replace("cannot", "can not")
        for word in set(re.findall(r"[a-z]{2,}", text.lower())):
            for p in self.by_word.get(word, ()):
                if p.sentences == count:
                    m = p.code.fullmatch(text)
                    if m:
                        yield p, [(k, f, g) for (k, f), g in zip(p.groups, m.groups()) if g is not None]
        for p in self.free:
            if p.sentences == count:
                m = p.code.fullmatch(text)
                if m:
                    yield p, [(k, f, g) for (k, f), g in zip(p.groups, m.groups()) if g is not None]
