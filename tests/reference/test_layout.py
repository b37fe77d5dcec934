"""Text laid out by words, and training rows: `python -m pytest` in this folder."""

import itertools
import json
import random

import numpy as np
import pytest

import layout
import rows
import toy_texts
import write_layout
from layout import FILL, PATCH

ALPHABET = [bytes([byte]) for byte in range(1, 256)] + [b"a", b"Z", b"7", b" ", b" ", b"'", b"\n", b'"', b".", "é".encode()] * 12


def random_texts(count):
    r = random.Random(4)
    for _ in range(count):
        yield b"".join(r.choice(ALPHABET) for _ in range(r.randrange(60)))


def by_the_letter(text):
    """The layout read off SPEC §2, a byte at a time."""
    def letter(i):
        return 0 <= i < len(text) and (bytes([text[i]]).isalnum() or text[i] >= 128)

    def word(i):
        return letter(i) or 0 <= i < len(text) and text[i] == ord("'") and letter(i - 1) and letter(i + 1)
    laid = bytearray()
    for i, byte in enumerate(text):
        if i == 0 and word(0):
            laid.append(FILL)
        elif word(i + 1) and not word(i):
            laid += bytes(-len(laid) % PATCH)
        laid.append(byte)
    return bytes(laid)


def test_a_text_is_laid_out_as_the_spec_says_and_comes_back():
    for text in (b"", b"a", b" ", b"'", b"a'b", *random_texts(400)):
        laid = layout.lay_out(text)
        assert laid == by_the_letter(text), text
        assert layout.back(laid) == text


def test_a_text_that_goes_on_keeps_what_is_laid_out():
    """All but the last byte of a text, which may yet become the byte before a word, stays where it is."""
    for text in random_texts(40):
        laid = layout.lay_out(text)
        for end in range(1, len(text)):
            settled = layout.lay_out(text[:end])[:-1]
            assert laid.startswith(settled.rstrip(bytes([FILL])))


@pytest.mark.parametrize("prompt, laid", [(b"Then ", b"\0Then\0\0\0 "), (b"Then Zor", b"\0Then\0\0\0 Zor"), (b'He said, "', b'\0He\0 said, \0"'),
                                          (b"The end.", b"\0The end."), (b"dogs'", b"\0dogs'"), (b" ", b" "), (b"one\n\n", b"\0one\n\0\0\0\n")])
def test_a_prompt_ends_where_a_word_can_begin(prompt, laid):
    assert layout.lay_out(prompt, goes_on=True) == laid


def test_the_fill_byte_is_refused():
    with pytest.raises(ValueError, match="byte 2 of the text is 0"):
        layout.lay_out(b"ab\0c")


def test_many_texts_are_laid_out_as_one_by_one():
    texts = [text for text in random_texts(200) if text and rows.END not in text]
    for text, (patches, _) in zip(texts, rows.lay_out_all(texts)):
        laid = layout.lay_out(text + bytes([rows.END]))
        assert patches.tobytes() == laid + bytes(-len(laid) % PATCH)


def test_the_fixture_is_up_to_date():
    assert json.loads(write_layout.PATH.read_text()) == write_layout.cases()


def spelled(patches, kinds):
    """The bytes of one document by kind, in order."""
    found = {}
    for byte, kind in zip(patches.ravel().tolist(), kinds.ravel().tolist()):
        found.setdefault(rows.KINDS[kind], bytearray()).append(byte)
    return found


def test_kinds_of_bytes():
    text = b"Zorvi Runs\n\nThe fox Zorvi ran. Then Zorvi met Mirabo.\n\nQ: Who ran?\nA: Zorvi."
    found = spelled(*rows.lay_out_all([text])[0])
    assert found["new name, first byte"] == b"ZM" and found["new name, rest"] == b"orviirabo"
    assert found["name again within 40, first byte"] == b"ZZ" and found["name again within 40, rest"] == b"orvi" * 2
    assert found["answer"] == b"Zorvi."
    assert set(found["fill"]) == {FILL} and set(found["nothing"]) == {FILL}
    assert b"The" in found["plain"] and b"Runs" in found["plain"]


@pytest.mark.parametrize("text, answers", [(b"Ida ran.\n\nQ: Who?\nA: Ida.\nQ: Why?\nA: For fun.", [b"Ida.", b"For fun."]),
                                           (b"Ida ran.\n\nWho ran?\n\nIda.", [b"Ida."]),
                                           (b"Can you tell me of Ida?\n\n" + b"Ida ran. " * 20, [])])
def test_answers_are_found(text, answers):
    kinds = rows.kinds_of(text)
    assert bytes(byte for byte, kind in zip(text, kinds) if kind == rows.ANSWER) == b"".join(answers)


def test_rows_hold_whole_documents():
    documents = list(itertools.islice(toy_texts.documents(1, False, False), 200))
    packer = rows.Packer(256, np.random.default_rng(1))
    packer.add(documents)
    packed = list(packer.full_rows())
    assert packed
    whole, padding = set(), 0
    for row in packed:
        padding += int((row[:, -1] == rows.PADDING).sum())
        for number in set(row[:, -1].tolist()) - {rows.PADDING}:
            mine = row[row[:, -1] == number]
            text = layout.back(mine[:, :PATCH].tobytes())
            assert not mine[0, PATCH:2 * PATCH].any(), "the first patch is not predicted"
            assert text.endswith(bytes([rows.END]))
            whole.add(text[:-1].lstrip(b"\n"))
        assert not row[row[:, -1] == rows.PADDING][:, :-1].any()
    assert whole <= set(documents) and len(whole) > 100
    assert padding < 0.1 * len(packed) * 256


def test_a_document_longer_than_a_row_ends_with_it():
    packer = rows.Packer(8, np.random.default_rng(1), newlines=0)
    packer.add([b"one two three four five six seven eight nine ten"])
    row = packer.row()
    assert row.shape == (8, rows.COLUMNS) and (row[:, -1] == 0).all()
