"""Plain text out of the Rust documentation that comes with the toolchain.

    python corpus.py [--docs DIR] [--out DIR] [--heldout FILE]

reads `$(rustc --print sysroot)/share/doc/rust/html` and writes

* `<out>/train.bin`     the training text, UTF-8 bytes,
* `<out>/corpus.json`   bytes and pages per book, what was dropped and why,
* `data/heldout.txt`    the validation text: whole chapters, never trained on.

The same toolchain gives the same bytes. The documentation is licensed MIT or Apache-2.0, except for the prose
of the Embedded Rust Book, which is CC-BY-SA-4.0.

A page becomes text the way a person would type it into a Markdown file: headings with `#`, code in
fences, `inline code` in backticks, one line per paragraph. Navigation, hidden lines of examples,
pictures and railroad diagrams are left out, and typographic quotes, which mdBook curls by itself,
are straight again, as in its sources.
"""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import random
import re
import subprocess
from html.parser import HTMLParser

HERE = pathlib.Path(__file__).parent

# The books, each a folder of mdBook pages. `std` is rustdoc's and handled apart.
BOOKS = [
    "book", "reference", "rust-by-example", "cargo", "rustc", "nomicon", "edition-guide",
    "embedded-book", "rustdoc", "clippy", "style-guide", "unstable-book", "error_codes",
]

# Whole chapters that no training text may resemble.
HELD_OUT = [
    "book/ch06-02-match.html",
    "book/ch08-03-hash-maps.html",
    "book/ch10-02-traits.html",
    "book/ch13-02-iterators.html",
    "book/ch15-05-interior-mutability.html",
    "book/ch16-02-message-passing.html",
    "book/ch19-03-pattern-syntax.html",
    "reference/items/enumerations.html",
    "reference/expressions/loop-expr.html",
    "reference/lifetime-elision.html",
    "reference/visibility-and-privacy.html",
    "rust-by-example/error/option_unwrap.html",
    "rust-by-example/fn/closures/capture.html",
    "rust-by-example/generics/where.html",
    "rust-by-example/std/hash.html",
    "cargo/reference/profiles.html",
    "cargo/guide/cargo-toml-vs-cargo-lock.html",
    "nomicon/subtyping.html",
    "nomicon/vec/vec-insert-remove.html",
    "rustc/profile-guided-optimization.html",
    "rustdoc/how-to-write-documentation.html",
    "embedded-book/concurrency/index.html",
    "edition-guide/rust-2021/disjoint-capture-in-closures.html",
    "style-guide/items.html",
    "error_codes/E0382.html",
    "error_codes/E0499.html",
    "error_codes/E0277.html",
]

# Pages that hold other pages, or nothing to read.
SKIPPED_NAMES = {"print.html", "test-summary.html", "toc.html", "404.html", "SUMMARY.html", "CHANGELOG.html", "grammar.html"}

# Parts of `std` that are tables of near-identical functions rather than prose.
SKIPPED_STD = {"arch", "simd", "intrinsics", "bstr", "os"}

VOID = {"br", "hr", "img", "input", "link", "meta", "wbr", "path", "source", "col", "area", "base", "embed"}
SILENT_TAGS = {"script", "style", "svg", "button", "nav", "noscript", "footer", "iframe", "rustdoc-toolbar", "template"}
SILENT_CLASSES = {
    "boring", "rule", "grammar-railroad", "buttons", "tooltip", "doc-anchor", "test-arrow", "src",
    "rule-link", "fa-svg", "out-of-band", "srclink", "notable-traits", "hidden",
}
STRAIGHT = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2026": "...", "\u00a0": " ",
    "\u200b": "", "\ufeff": "", "\u2011": "-", "\r": "",
})


class PageText(HTMLParser):
    """Turns one page into blocks: paragraphs, headings, list items, tables' rows and fenced code."""

    def __init__(self, inside):
        super().__init__(convert_charrefs=True)
        self.inside = inside          # (tag, class) of the elements that hold the text
        self.stack = []               # [tag, why it is special] of every open element
        self.depth_inside = 0
        self.silent = 0
        self.pre = 0
        self.lists = []               # per open list: None for bullets, else the next number
        self.blocks = []
        self.text = []
        self.lead = ""                # what the next block starts with: "# ", "- ", ...

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        classes = set((attrs.get("class") or "").split())
        marks = set()
        if tag == self.inside[0] and (self.inside[1] is None or self.inside[1] in classes):
            marks.add("inside")
            self.depth_inside += 1
        if tag in SILENT_TAGS or classes & SILENT_CLASSES:
            if tag not in VOID:
                marks.add("silent")
                self.silent += 1
        if tag not in VOID:
            self.stack.append((tag, marks))
        if not self.depth_inside or self.silent:
            return
        if tag == "br":
            self.text.append("\n" if self.pre else "\v")
        elif tag == "pre":
            self.flush()
            self.pre += 1
            language = re.search(r"language-([\w+-]+)", (attrs.get("class") or ""))
            self.language = "rust" if "rust" in classes else language.group(1) if language else ""
        elif tag == "code":
            if self.pre:
                language = re.search(r"language-([\w+-]+)", " ".join(classes))
                if language:
                    self.language = language.group(1)
            else:
                self.text.append("`")
        elif re.fullmatch(r"h[1-6]", tag):
            self.flush()
            self.lead = "#" * int(tag[1]) + " "
        elif tag in ("ul", "ol"):
            self.flush()
            self.lists.append(int(attrs.get("start") or 1) if tag == "ol" else None)
        elif tag == "li":
            self.flush()
            number = self.lists[-1] if self.lists else None
            indent = "  " * max(len(self.lists) - 1, 0)
            if number is None:
                self.lead = indent + "- "
            else:
                self.lead = f"{indent}{number}. "
                self.lists[-1] = number + 1
        elif tag in ("td", "th"):
            self.text.append(" | " if self.row_started() else "| ")
        elif tag in ("p", "div", "section", "blockquote", "table", "tr", "dt", "dd", "figure", "figcaption", "details", "summary", "hr"):
            self.flush()

    def handle_endtag(self, tag):
        if tag in VOID or not any(open_tag == tag for open_tag, _ in self.stack):
            return
        live = self.depth_inside and not self.silent
        if live:
            if tag == "pre":
                self.flush_code()
            elif tag == "code" and not self.pre:
                self.text.append("`")
            elif tag == "tr" and self.row_started():
                self.text.append(" |")
                self.flush()
            elif tag in ("ul", "ol"):
                self.flush()
                if self.lists:
                    self.lists.pop()
            elif tag in ("p", "li", "div", "section", "blockquote", "table", "dt", "dd", "figure", "figcaption", "details", "summary") or re.fullmatch(r"h[1-6]", tag):
                self.flush()
        while self.stack:
            open_tag, marks = self.stack.pop()
            self.depth_inside -= "inside" in marks
            self.silent -= "silent" in marks
            if open_tag == tag:
                break

    def handle_data(self, data):
        if self.depth_inside and not self.silent:
            self.text.append(data)

    def row_started(self):
        return any(part.strip() for part in self.text)

    def flush(self):
        if self.pre:
            return
        joined = re.sub(r"[ \t\n]+", " ", "".join(self.text).translate(STRAIGHT))
        joined = "\n".join(part.strip() for part in joined.split("\v")).strip()
        self.text = []
        if joined:
            self.blocks.append(self.lead + joined)
            self.lead = ""

    def flush_code(self):
        self.pre = max(self.pre - 1, 0)
        lines = [line.rstrip() for line in "".join(self.text).translate(STRAIGHT).expandtabs(4).split("\n")]
        self.text = []
        code = re.sub(r"\n{3,}", "\n\n", "\n".join(lines).strip("\n"))
        if code.strip():
            self.blocks.append(f"```{self.language}\n{code}\n```")

    def close(self):
        super().close()
        self.pre = 0
        self.flush()


def read_page(path, inside):
    parser = PageText(inside)
    parser.feed(path.read_text(encoding="utf-8"))
    parser.close()
    return parser.blocks


def is_list_item(block):
    return re.match(r" *(- |\d+\. )", block) is not None


def join(blocks):
    """Blocks a blank line apart, the items of one list or table on neighbouring lines."""
    text = ""
    for before, block in zip([None] + blocks, blocks):
        tight = before is not None and (
            is_list_item(before) and is_list_item(block) or before.startswith("| ") and block.startswith("| ")
        )
        text += ("" if before is None else "\n" if tight else "\n\n") + block
    return text + "\n"


def shingles(text, width=8):
    words = re.findall(r"\w+|[^\w\s]", text.lower())
    return {hash_words(words[i:i + width]) for i in range(max(len(words) - width + 1, 1 if words else 0))}


def hash_words(words):
    return hashlib.blake2b(" ".join(words).encode(), digest_size=8).digest()


def pages_of(docs):
    """(name, blocks) of every page, in a fixed order; translations, redirects and collections left out."""
    for book in BOOKS:
        for path in sorted((docs / book).rglob("*.html")):
            if path.name in SKIPPED_NAMES:
                continue
            head = path.read_text(encoding="utf-8")[:3000]
            if not re.search(r'<html lang="en"', head) or re.search(r"http-equiv=.?refresh", head):
                continue
            yield path.relative_to(docs).as_posix(), read_page(path, ("main", None))
    for path in sorted((docs / "std").rglob("*.html")):
        if path.name in SKIPPED_NAMES | {"all.html"} or path.relative_to(docs / "std").parts[0] in SKIPPED_STD:
            continue
        blocks = read_page(path, ("div", "docblock"))
        # rustdoc repeats the first sentence of every inherited method and cuts it with "Read more".
        yield path.relative_to(docs).as_posix(), [block for block in blocks if not block.endswith("Read more")]


def fingerprint(block):
    """Equal for blocks that differ only in numbers and integer types, as `i8`'s and `u64`'s methods do."""
    return hash_words([re.sub(r"\d+", "0", re.sub(r"\b[iu](8|16|32|64|128|size)\b", "int", block))])


def without_bare_headings(blocks):
    """Drops headings whose section is empty, which is what the other filters leave behind."""
    kept, next_level = [], 1
    for block in reversed(blocks):
        heading = re.match(r"(#+) ", block)
        level = len(heading.group(1)) if heading else 99
        if not heading or next_level > level:
            kept.append(block)
            next_level = level
    return kept[::-1]


def build(docs):
    held_pages, train_pages, dropped = [], [], collections.Counter()
    for name, blocks in pages_of(docs):
        if name in HELD_OUT:
            held_pages.append((name, blocks))
        elif blocks:
            train_pages.append((name, blocks))
    missing = sorted(set(HELD_OUT) - {name for name, _ in held_pages})
    if missing:
        raise SystemExit(f"held-out chapters not found in {docs}: {', '.join(missing)}; is this the documentation of another toolchain?")

    held_shingles = set()
    for _, blocks in held_pages:
        for block in blocks:
            held_shingles |= shingles(block)

    kept_pages, seen = [], set()
    for name, blocks in train_pages:
        kept = []
        for block in blocks:
            prints = shingles(block)
            if len(block) > 40 and len(prints & held_shingles) * 3 > len(prints):
                dropped["like held-out text"] += len(block)
                continue
            key = fingerprint(block)
            if len(block) > 24 and not block.startswith("#") and key in seen:
                dropped["seen before"] += len(block)
                continue
            seen.add(key)
            kept.append(block)
        kept = without_bare_headings(kept)
        # A page that lost everything but its headings has nothing to teach.
        if sum(len(block) for block in kept if not block.startswith("#")) > 200:
            kept_pages.append((name, join(kept)))
        else:
            dropped["too short"] += sum(map(len, kept))
    # Neighbouring pages are alike; a shuffle keeps any stretch of the text mixed.
    random.Random(1).shuffle(kept_pages)
    held_pages.sort(key=lambda page: HELD_OUT.index(page[0]))
    return kept_pages, [(name, join(blocks)) for name, blocks in held_pages], dropped


def default_docs():
    """The documentation of the toolchain that `rustc` means outside any project, or of rustup's stable one."""
    for toolchain in ({}, {"RUSTUP_TOOLCHAIN": "stable"}):
        try:
            sysroot = subprocess.run(["rustc", "--print", "sysroot"], cwd="/", env=os.environ | toolchain,
                                     check=True, capture_output=True, text=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            continue
        docs = pathlib.Path(sysroot) / "share/doc/rust/html"
        if (docs / "book").is_dir():
            return docs
    raise SystemExit("no toolchain here comes with documentation; `rustup component add rust-docs`, or give its html folder with --docs")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--docs", type=pathlib.Path, default=None, help="folder of the HTML documentation")
    arguments.add_argument("--out", type=pathlib.Path, default=HERE / "data/corpus", help="folder for the training text")
    arguments.add_argument("--heldout", type=pathlib.Path, default=HERE / "data/heldout.txt")
    options = arguments.parse_args()
    train, held, dropped = build(options.docs or default_docs())
    separator = "\n\n"
    train_text = separator.join(text for _, text in train).encode()
    held_text = separator.join(text for _, text in held).encode()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "train.bin").write_bytes(train_text)
    options.heldout.write_bytes(held_text)
    books = collections.defaultdict(lambda: {"pages": 0, "bytes": 0})
    for name, text in train:
        books[name.split("/")[0]]["pages"] += 1
        books[name.split("/")[0]]["bytes"] += len(text.encode())
    summary = {
        "train_bytes": len(train_text),
        "train_sha256": hashlib.sha256(train_text).hexdigest(),
        "heldout_bytes": len(held_text),
        "heldout_sha256": hashlib.sha256(held_text).hexdigest(),
        "heldout_pages": [name for name, _ in held],
        "books": dict(sorted(books.items())),
        "dropped_characters": dict(dropped),
    }
    (options.out / "corpus.json").write_text(json.dumps(summary, indent=2) + "\n")
    print(json.dumps(summary, indent=2))


if __name__ == "__main__":
    main()
