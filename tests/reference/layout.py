"""Text laid out by words (SPEC §2): the first byte of every word stands at offset 1 of a patch.

    python layout.py FILE        what the layout costs on a text, and how fast it is

A word is a run of letters, digits and bytes ≥ 128, with single apostrophes between them. The byte before a word stands
at offset 0 of its patch, and fill bytes take what is left of the patch before. A text that begins with a word has a
fill byte at offset 0. Everything else follows its predecessor directly, so a text that ends within a word, or after
one, ends there, unfilled.

Only the byte before a word can move, so a reader that gets a text byte by byte holds back one byte: the last of a run
of separators. Where that one stands is known as soon as the next byte is. A prompt that ends with one has no next byte:
after white space, and after what follows white space, as an opening quote does, a word is expected.

The fill byte cannot be part of a text: taking the fills out would take it out as well.
"""

import pathlib
import sys
import time

import numpy as np

FILL = 0
PATCH = 4

_LETTER = np.zeros(256, bool)
for _first, _last in ((b"a", b"z"), (b"A", b"Z"), (b"0", b"9"), (b"\x80", b"\xff")):
    _LETTER[_first[0]:_last[0] + 1] = True


def in_word(text):
    """Which bytes of a text (an array) belong to words."""
    letter = _LETTER[text]
    between = np.zeros(len(text), bool)
    between[1:-1] = letter[:-2] & letter[2:]
    return letter | (between & (text == ord("'")))


def places(text, starts=(0,)):
    """Where each byte of a text (an array) stands once laid out, and the length in whole patches.

    Several texts may be given one after the other, with `starts` where each begins: every one begins a patch, and
    there is a length for each.
    """
    starts = np.asarray(starts)
    word = in_word(text)
    # No word goes on from one text to the next, nor does an apostrophe join them.
    for edge in (starts, starts[1:] - 1):
        word[edge] &= _LETTER[text[edge]]
    first = word.copy()
    first[1:] &= ~word[:-1]
    first[starts] = word[starts]
    # Runs begin a patch each: the byte before a word with the word, or what a text begins with.
    begins = np.zeros(len(text), bool)
    begins[:-1] = first[1:]
    begins[starts[1:] - 1] = False
    begins[starts] = True
    run = np.flatnonzero(begins)
    lead = np.zeros(len(text), np.int64)
    lead[starts] = first[starts]                # the fill before a text that begins with a word
    length = np.diff(run, append=len(text)) + lead[run]
    padded = -(-length // PATCH) * PATCH
    base = np.cumsum(padded) - padded
    number = np.cumsum(begins) - 1
    at = base[number] + np.arange(len(text)) - run[number] + lead[run][number]
    return at, np.add.reduceat(padded, np.searchsorted(run, starts))


def expects_word(text):
    """Whether a word is expected after a prompt (bytes) that ends with no word."""
    return text[-1:].isspace() or text[-2:-1].isspace() or len(text) == 1


def lay_out(text, goes_on=False):
    """Bytes laid out by words; of a prompt, where somebody is to go on. Raises ValueError where the text holds the fill byte."""
    if FILL in text:
        raise ValueError(f"byte {text.index(FILL)} of the text is {FILL}, which only fills patches: a text laid out by words cannot hold it")
    if not text:
        return b""
    source = np.frombuffer(text, np.uint8)
    at, _ = places(source)
    if goes_on and not in_word(source)[-1] and expects_word(text):
        at[-1] += -at[-1] % PATCH
    laid = np.full(at[-1] + 1, FILL, np.uint8)
    laid[at] = source
    return laid.tobytes()


def back(laid):
    """The text of laid-out bytes: all but the fills."""
    return laid.replace(bytes([FILL]), b"")


def main():
    text = pathlib.Path(sys.argv[1]).read_bytes().replace(bytes([FILL]), b"")
    began = time.perf_counter()
    laid = lay_out(text)
    seconds = time.perf_counter() - began
    assert back(laid) == text
    print(f"{len(laid) / len(text):.3f} times the bytes, {len(text) / seconds / 1e6:.0f} MB/s")


if __name__ == "__main__":
    main()
