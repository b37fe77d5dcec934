"""Writes the golden files of `tests/fixtures/tokenizers/`: small byte-level BPE tokenizers of the common kinds,
trained on the held-out text by Hugging Face's `tokenizers`, and the ids that it gives to awkward texts.

    python write_bpe.py                 needs the package tokenizers (written with 0.23.3)
"""

import json
import pathlib
import unicodedata

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

# Words of many scripts, for normal forms: each composed and decomposed, with marks in either order, and such as have a form
# that is neither (singletons, exclusions).
WORDS = """
    Où est passée la forêt d'à côté ? Là-bas, derrière l'île, près du chêne où naît l'été.
    Příliš dlouhý večer končí štěstím; ďábel už zůstal doma a žíznivě čeká na něj.
    Một buổi sáng đẹp trời, người thợ cũ ngồi uống nước chè dưới gốc đa và kể chuyện về những con thuyền.
    Die Bäume blühen früh, die Vögel hören plötzlich auf, und über Ångström, ÅÄÖ und die Größe sprechen wir später.
    Ἐν ἀρχῇ τοῦ θέρους ἡ θάλασσα ἦν ἥσυχος, ᾧ ἐχάρη ὁ ναύτης. Το καΐκι έφυγε νωρίς, ΰστερα ήρθε η βροχή.
    Мой ёжик йод не пьёт, ему ещё рано; чайник стоит у пустой стойки. Її їжак ґречний, а ў Беларусі зімой.
    아침마다 나는 강가를 걷고 따뜻한 물을 마신다 값이 싼 닭고기
    がぎぐげご パピプペポ ヴァイオリンを弾く少年は、バスで学校へ行きました。
    क़लम ख़बर ग़ज़ल लड़का पढ़ना फ़सल नदी के किनारे हम बैठे थे
    কোথায় বড় গাছটি? যৌবন আষাঢ় মাসের
    நொடி கொடு தொலைவு யௌவனம் கௌரவம்
    ಕೋಣ ಹೊಸ ಮೇಲೆ ದೋಣಿ කෝපය ഗോപുരം കൊതി
    שָׁלוֹם בּוֹקֶר אוֹר שִׂמְחָה ליּ יִום ﬠ אַף
    آب إلى مؤمن شيء أخ رئيس قُرْآنٌ مُهِمٌّ
    ที่นี่ มีน้ำใส བོད་ཡིག ཀྵ གྷ ဦးလေး ᬊᬵᬏᬵ
    \u212b \u00c5 \u212a \u2126 \uf900 \uf914 \ufa10 \u2260 \u226e \u2329 \u1e9b\u0323 \ufb01 \u2163 \u338f \uff76\uff9e \u00bd \u00b2 \u2460
    a\u0327\u030b a\u0323\u0308 a\u0308\u0323 o\u0328\u0304 o\u0304\u0328 q\u0323\u0307 q\u0307\u0323 \u0308\u0301 \u0344x \U0001d15e \U0001d160 e\u035c\u0361\u0301
    \u1112\u1161\u11ab \ud55c\u11ab \ud558\u11ab \u1100\u1161\u0308 \u05e9\u05bc\u05c1 \u05e9\u05c1\u05bc \ufb2a\u05bc \u0915\u094d\u0937\u093c \u0dd9\u0dcf\u0dca \u0f71\u0f72\u0f73
""".split()
FORMS = list(dict.fromkeys(text for word in WORDS for text in (word, unicodedata.normalize("NFC", word), unicodedata.normalize("NFD", word))))

# Texts with added tokens of every kind.
ADDED = [
    "a <mask> b", "a<mask>b", "a \t\n\u00a0<mask>  b", "<mask>", "  <mask>", "<mask>  ", "<mask> <mask>", "x  <r>   y", "x<r>\u3000 \ny", "<r> <mask> <r>",
    "<r>  <mask>", "a  <both>  b  <both><both>  ", "tok", "a tok b", "atok", "toka", "tok_", "_tok", "1tok", "tok½", "tok①", "tok٣", "tok\u0301", "é tok é", "etoké",
    "tok\u200d", "tok\u200bx", "(tok)", "toktok", "tok tok", "atok tok", "。tok、", "क\u093ctok", "‿tok", "tokⅫ", "tok🙂", "ⓐtok", "café", "cafe\u0301", "CAFÉ ﬁn ﬁnale fi",
    "a\u0308x ä", "ä", "<mask>é <mask>e\u0301", "spaced   ", "<r>\t \t\tx \t", "\u2028<mask>\u0085<both>\u180e<mask>", "<maskk> <mas <<mask>> <mask",
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
    forms = trained(byte_level(), 400, normalizer=normalizers.Sequence([normalizers.NFD(), normalizers.NFKC()]))
    forms.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False), AddedToken("<r>", rstrip=True, normalized=False)])
    forms.add_tokens([
        AddedToken("<both>", lstrip=True, rstrip=True, normalized=True), AddedToken("tok", single_word=True, normalized=False),
        AddedToken("cafe\u0301", normalized=True), AddedToken("ä", normalized=False), AddedToken("ﬁn", single_word=True, normalized=True), AddedToken("\t", normalized=False),
    ])
    forms.post_processor = processors.RobertaProcessing((END, forms.token_to_id(END)), ("<mask>", forms.token_to_id("<mask>")))
    yield "forms", forms
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
            texts = TEXTS + FORMS
        if name == "forms":
            texts = ADDED + FORMS[::7]
        if name == "small":
            texts = ["", "the owner of a value.", "a reference, and another\nline"]
        goldens = [[text, *(tokenizer.encode(text, add_special_tokens=special).ids for special in (True, False))] for text in texts]
        # Without special tokens only where there are some.
        goldens = [[text, ids] if ids == plain else [text, ids, plain] for text, ids, plain in goldens]
        (FOLDER / f"{name}.ids.json").write_text(json.dumps(goldens, separators=(",", ":")) + "\n")
        print(name, tokenizer.get_vocab_size(), "tokens")


if __name__ == "__main__":
    main()
