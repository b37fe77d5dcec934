"""Writes the golden files of `tests/fixtures/tokenizers/`: small byte-level BPE tokenizers of the common kinds,
trained on the held-out text by Hugging Face's `tokenizers`, and the ids that it gives to awkward texts.

    python write_bpe.py                 needs the package tokenizers (written with 0.23.3)
"""

import json
import pathlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent
FOLDER = HERE.parent / "fixtures" / "tokenizers"
TEXT = (HERE / "data/heldout.txt").read_text()
LINES = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|", r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
END = "<|endoftext|>"

TEXTS = [
    "", " ", "  ", "\n", "a", "Ownership is", " Ownership is", "fn main() {\n    println!(\"{}\", 1234567);\n}\n",
    "it's we're they'll I'd IT'S WE'RE 'S 'ſ don''t", "tabs\t\tand   spaces  \n\n\n   end   ", "\r\n\r\n x\r\n", "   leading",
    "12345 1 12 123 1234 ½ Ⅻ ٣٤٥", "naïve café Ünïcödé ÅÄÖ ß ſ ǆ", "Ελληνικά кириллица עברית العربية हिन्दी ไทย",
    "日本語のテキスト、漢字とかな", "e\u0301 combining a\u0308\u0323 ͅ ּ", "emoji 👍🏽 👨‍👩‍👧‍👦 🇩🇪 ①Ⓐ🅐", "zero\u200bwidth\u00a0nbsp\u3000ideographic\u2028line",
    "!!!???...;;; -->> <<= #[derive(Debug)]", "a" * 300, "ab" * 200 + "\n", "_x_ x_1 __init__ snake_case CamelCase", f"one{END}two {END} {END}",
    "\u0000\u0001\u007f\u0080\u00ad\u00ff", "'", "''", "'s", " 's", "\n'll", "x\n\ny\n", "1.5e-3, 0x7f_u8 & 1_000", *[TEXT[i:i + 160] for i in range(0, 200_000, 40_000)],
]


def trained(pre, size, normalizer=None, alphabet=None, text=TEXT, specials=(END,)):
    tokenizer = Tokenizer(models.BPE())
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer, tokenizer.decoder = pre, decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet() if alphabet is None else alphabet
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, special_tokens=list(specials), show_progress=False)
    tokenizer.train_from_iterator([text], trainer)
    return tokenizer


def split(numbers):
    pattern = Regex(numbers.join(LINES))
    return pre_tokenizers.Sequence([pre_tokenizers.Split(pattern, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def byte_level(prefix=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=prefix)


def kinds():
    yield "gpt2", trained(byte_level(), 420)
    prefixed = trained(byte_level(prefix=True), 380, specials=("<s>", END))
    prefixed.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", prefixed.token_to_id("<s>"))])
    prefixed.add_tokens([AddedToken("snake_case", normalized=False), AddedToken("snake", normalized=False)])
    yield "prefix", prefixed
    yield "llama3", trained(split(r"\p{N}{1,3}"), 420)
    yield "qwen2", trained(split(r"\p{N}"), 400, normalizer=normalizers.NFC())
    digits = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level()])
    yield "digits", trained(digits, 400)
    # As many tokens as the fixtures of run_01 and run_13 have: no room for every byte.
    few = "".join(c for c in TEXT.lower() if c in "abcdefghijklmnopqrstuvwxyz .,\n")
    yield "small", trained(byte_level(), 96, alphabet=[], text=few, specials=())


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, tokenizer in kinds():
        file = json.loads(tokenizer.to_str())
        if name == "gpt2":
            # Older files write a merge as one text.
            file["model"]["merges"] = [" ".join(pair) for pair in file["model"]["merges"]]
        if name == "llama3":
            file["model"]["ignore_merges"] = True
        text = json.dumps(file, ensure_ascii=False, separators=(",", ":"))
        (FOLDER / f"{name}.json").write_text(text)
        tokenizer = Tokenizer.from_str(text)
        texts = TEXTS
        if name == "qwen2":
            texts = [text for text in TEXTS if all(c < "\u0300" for c in text)]
        if name == "small":
            texts = ["", "the owner of a value.", "a reference, and another\nline"]
        goldens = [[text, tokenizer.encode(text).ids] for text in texts]
        (FOLDER / f"{name}.ids.json").write_text(json.dumps(goldens, separators=(",", ":")) + "\n")
        print(name, tokenizer.get_vocab_size(), "tokens")


if __name__ == "__main__":
    main()
