"""Writes `tests/fixtures/layout.json`: texts and how they are laid out by words (SPEC §2), whole and as prompts, as numbers
and for the eye.

    python write_layout.py
"""

import json
import pathlib

import layout

PATH = pathlib.Path(__file__).parent.parent / "fixtures/layout.json"
TEXTS = [
    "", "a", "abc", "abcd", "Once upon a time", " Zorvi vi",
    # Prompts cut within a word, after one, and after what is between two.
    "There once lived Zor", "There once lived Zorvi", "There once lived Zorvi ", "The end.", "The end.\n", "She said, \"",
    # Quotes, dashes, ellipses and other runs of separators.
    "\"Is this your key, Mirabo?\" asked Zorvi.", "\"Oh!\" -- \"No...\"", "well-known, half-asleep", "(a) [b] {c}", "...", "  two  spaces  ", "a-b_c/d",
    # Apostrophes: within words, as quotes, at the edges, and more than one.
    "don't", "the foxes' den", "'tis", "he said 'yes'", "rock 'n' roll", "a''b", "'", "''", "a'", "'a'",
    # Lines.
    "The Lost Key\n\nOnce upon a time", "\n\n\n\nOnce", "one\ntwo\n\n\nthree\n", "Q: Who ran?\nA: Zorvi.\x04", "\tx\r\ny",
    # Digits, and bytes from 128 on, which are letters whatever they mean.
    "3 foxes and 12 owls, 1,000 in all", "Zoë's café – “naïve”", "狐と凧", "🦊 runs", "a\u00a0b",
    # Bytes that no text is expected to hold.
    "\x01\x02a\x7f",
]


def cases():
    return [{"text": list(text.encode()), "laid_out": list(layout.lay_out(text.encode())),
             "prompt": list(layout.lay_out(text.encode(), goes_on=True)),
             "seen": "|".join(part.decode("latin-1").replace("\0", "·") for part in patches(layout.lay_out(text.encode())))} for text in TEXTS]


def patches(laid):
    return [laid[start:start + layout.PATCH] for start in range(0, len(laid), layout.PATCH)]


def main():
    PATH.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases()) + "\n]\n")


if __name__ == "__main__":
    main()
