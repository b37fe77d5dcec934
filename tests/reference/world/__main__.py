"""Writes text of the world: `python -m world --seed 1 --bytes 20M > tales.bin`. The README says what is in it."""
import argparse
import sys

from . import kinds


def size(text):
    """`20M`, `1G`, `300k` or a plain number of bytes."""
    unit = {"k": 10**3, "m": 10**6, "g": 10**9}.get(text[-1:].lower())
    return int(float(text[:-1]) * unit) if unit else int(text)


def main():
    p = argparse.ArgumentParser(prog="python -m world", description=__doc__)
    p.add_argument("--seed", default="1", help="texts of one seed are always the same")
    p.add_argument("--start", type=int, default=0, help="number of the first text, to share the work among processes")
    p.add_argument("--step", type=int, default=1, help="every which text; with --start I --step N, N processes write all texts between them")
    p.add_argument("--bytes", type=size, default=10**6, help="write at least so much: 20M, 1G")
    p.add_argument("--held-out", action="store_true", help="names, pairs of thing and place and plots that training never sees")
    p.add_argument("--kind", choices=sorted(kinds.KINDS), help="only texts of this kind")
    p.add_argument("--show", action="store_true", help="for reading: a line between the texts in place of the end byte")
    p.add_argument("--out", help="a file, instead of the standard output")
    o = p.parse_args()
    out = open(o.out, "wb") if o.out else sys.stdout.buffer
    written, index = 0, o.start
    while written < o.bytes:
        text = kinds.text(o.seed, index, o.held_out, o.kind)
        index += o.step
        data = (text + ("\n\n----\n\n" if o.show else kinds.END)).encode()
        out.write(data)
        written += len(data)
    out.flush()


if __name__ == "__main__":
    main()
