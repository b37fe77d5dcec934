"""How varied the world is: `python -m world.varied --bytes 20M`.

Two figures: of the word 8-grams of fresh texts, how many stand in the text of another seed; and how many bits a byte `xz -9e` leaves.
"""
import argparse
import lzma
import re
import sys

from . import kinds
from .__main__ import size

WORD = re.compile(r"[\w']+|[^\w\s]")
MOST_KNOWN, LEAST_BITS = .40, 1.0


def grams(text, n=8):
    words = [w for w in WORD.findall(text) if w[0].isalnum()]
    return [hash(tuple(words[i:i + n])) for i in range(len(words) - n + 1)]


def corpus(seed, count, held=False, kind=None):
    """Texts of a seed up to that many bytes."""
    texts, written, i = [], 0, 0
    while written < count:
        texts.append(kinds.text(seed, i, held, kind))
        written += len(texts[-1].encode()) + 1
        i += 1
    return texts


def known(texts, fresh):
    """The share of the fresh texts' 8-grams that stand in the texts."""
    seen = {g for t in texts for g in grams(t)}
    found = [g in seen for t in fresh for g in grams(t)]
    return sum(found) / len(found)


def bits(texts):
    data = kinds.END.join(texts).encode()
    return 8 * len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)) / len(data)


def main():
    p = argparse.ArgumentParser(prog="python -m world.varied", description=__doc__)
    p.add_argument("--bytes", type=size, default=2 * 10**7, help="of the text that is searched and pressed")
    p.add_argument("--fresh", type=size, default=3 * 10**5, help="of the texts looked for")
    p.add_argument("--most", type=float, default=MOST_KNOWN, help="the share that may stand there; in less text less does, so less may")
    p.add_argument("--kind", choices=sorted(kinds.KINDS), help="only texts of this kind")
    o = p.parse_args()
    texts = corpus("varied", o.bytes, kind=o.kind)
    share = known(texts, corpus("fresh", o.fresh, kind=o.kind))
    left = bits(texts)
    print(f"{o.bytes / 1e6:.0f} MB: of the word 8-grams of fresh texts {share:.1%} stand there (at most {o.most:.0%} wanted); xz -9e leaves {left:.2f} bits a byte (at least {LEAST_BITS} wanted)")
    sys.exit(share > o.most or left < LEAST_BITS)


if __name__ == "__main__":
    main()
