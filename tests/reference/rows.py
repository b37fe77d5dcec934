"""Training rows of whole documents, laid out by words, with the kind of every byte. NumPy only: the generators use it.

A row is `positions` patches, [positions, 9]: four bytes, the kinds of these four, the number of the document. Documents
stand one after the other and are whole; only one that is longer than a row ends where the row ends.
"""

import re
from bisect import bisect_right

import numpy as np

import layout
from layout import FILL, PATCH

END = 4                       # the byte that ends a document (SPEC §3 `end_byte`)
NEWLINES = ord("\n")
PADDING = 255                 # the number of the document that is none
COLUMNS = 2 * PATCH + 1

# What a byte is, as far as recall is measured by it and the loss weighs it. A repeated name is told apart by the bytes
# since it was last used. "nothing" is not predicted: the first patch of a document, padding, and fills after a fill.
DISTANCES = (40, 150, 400)
_AGAIN = [f"within {distance}" for distance in DISTANCES] + ["farther"]
KINDS = ["nothing", "plain", "fill", "answer", "new name, first byte", "new name, rest",
         *(f"name again {where}, {part}" for where in _AGAIN for part in ("first byte", "rest"))]
NOTHING, PLAIN, FILLING, ANSWER, NEW = range(5)
AGAIN = NEW + 2

_NAME_WITHIN = re.compile(rb"(?<=[a-z,] )[A-Z][a-z\x80-\xff]+")
_CAPITALISED = re.compile(rb"[A-Z][a-z\x80-\xff]+")
_ANSWERS = (re.compile(rb"(?<=^A: )[^\n\x04]+", re.MULTILINE),
            re.compile(rb"(?<=\?\n\n)[^\n\x04]{1,100}(?=\x04|\n\n[^\n]*\?\n|\Z)"))     # a short paragraph after a question, not a tale
_TITLE = re.compile(rb"[^\n]*[^\n.!?\"](?=\n)")


def kinds_of(text):
    """The kind of every byte of a document. A name is a word that is capitalised within a sentence somewhere, titles apart."""
    kinds = np.full(len(text), PLAIN, np.uint8)
    title = _TITLE.match(text)
    names = set(_NAME_WITHIN.findall(text, title.end() if title else 0))
    last = {}
    for found in _CAPITALISED.finditer(text):
        name, (begin, end) = found.group(), found.span()
        if name not in names:
            continue
        kind = NEW
        if name in last:
            kind = AGAIN + 2 * bisect_right(DISTANCES, begin - last[name])
        last[name] = begin
        kinds[begin], kinds[begin + 1:end] = kind, kind + 1
    for answers in _ANSWERS:
        for found in answers.finditer(text):
            kinds[slice(*found.span())] = ANSWER
    return kinds


def lay_out_all(documents):
    """Documents (bytes without the end byte) -> for each its patches [n, 4] and their kinds [n, 4]."""
    texts = [document + bytes([END]) for document in documents]
    text = np.frombuffer(b"".join(texts), np.uint8)
    lengths = np.array([len(document) for document in texts])
    starts = np.cumsum(lengths) - lengths
    at, laid_lengths = layout.places(text, starts)
    laid = np.full(laid_lengths.sum(), FILL, np.uint8)
    kinds = np.full(len(laid), NOTHING, np.uint8)
    laid[at] = text
    kinds[at] = np.concatenate([kinds_of(document) for document in texts])
    # The first fill after a byte is predicted like any other byte; what follows it in the patch is certain.
    after = at[(at % PATCH != PATCH - 1) & (text != END)] + 1
    kinds[after[laid[after] == FILL]] = FILLING
    bounds = np.cumsum(laid_lengths)[:-1]
    return [(part.reshape(-1, PATCH), of.reshape(-1, PATCH)) for part, of in zip(np.split(laid, bounds), np.split(kinds, bounds))]


class Packer:
    """Puts documents into rows so that little is left over."""

    WAITING = 96              # documents to choose from

    def __init__(self, positions, random, newlines=0.25):
        """`newlines` is the share of documents that begin after a patch of newlines, as a text does that has no patch yet."""
        self.positions, self.random, self.newlines, self.waiting = positions, random, newlines, []

    def add(self, documents):
        for patches, kinds in lay_out_all(documents):
            if self.random.random() < self.newlines:
                patches = np.concatenate([np.full((1, PATCH), NEWLINES, np.uint8), patches])
                kinds = np.concatenate([np.zeros((1, PATCH), np.uint8), kinds])
            else:
                kinds[0] = NOTHING
            self.waiting.append(np.concatenate([patches, kinds], 1)[:self.positions])

    def full_rows(self):
        """The rows that can be made while there is still a choice."""
        while len(self.waiting) >= self.WAITING:
            yield self.row()

    def row(self):
        """Documents in their order, each that still fits."""
        row = np.zeros((self.positions, COLUMNS), np.uint8)
        row[:, -1] = PADDING
        used, number, kept = 0, 0, []
        for document in self.waiting:
            if used + len(document) <= self.positions and number < PADDING:
                row[used:used + len(document), :-1] = document
                row[used:used + len(document), -1] = number
                used, number = used + len(document), number + 1
            else:
                kept.append(document)
        self.waiting = kept
        return row
