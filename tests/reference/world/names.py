"""Names: given ones from the lexicon, and invented ones from syllables. A part of all names is kept for the held-out split."""
import zlib

from . import content
from .lexicon import NAMES

ONSETS = "b c d f g h j k l m n p r s t v w y z br dr fl gr kl kr pl pr st sn tr th sh ch qu bl gl sw tw ".split()
VOWELS = "a e i o u a e i o u ai oo ee ia ay io".split()
CODAS = "l n r s m x k t p b d nd rk lm sk ng ck st".split()
ENDS = {"f": ["a", "ia", "ina", "elle", "y", "ie", "is", "una", "ette", "i"], "m": ["o", "us", "en", "or", "ik", "an", "o", "ert", "ax", "il"],
        "n": ["i", "o", "e", "ix", "um", "oo", "ble", "kin", "ling", "ot"]}
FIRST = "Blue Silver Little Red Old Golden Moon Star Rain Snow Black White Berry Thistle Button Pepper Honey Clover Copper Amber Frost Maple Apple Sun Wind Cinder Bramble Pebble Nut Feather".split()
LAST = "bell foot tail wing nose whisker leaf berry paw drop step beak ear stone fern top song brook shell hop".split()
STYLES = "Mr. Mrs. Old Miss Captain Aunt Uncle Sir Lady Little Granny Doctor".split()
STYLE_GENDER = {"Mr.": "m", "Mrs.": "f", "Miss": "f", "Aunt": "f", "Uncle": "m", "Sir": "m", "Lady": "f", "Granny": "f"}
SURNAMES = "Plum Finch Barley Crumb Button Willow Pepper Thimble Marsh Penny Fern Tuttle Brook Whisk Bramble Pickle Otter Tansy Hobbs Quill Mole Dapple Grubb Wren Sparks Nettle Birch Puddle Sedge Toggle".split()


def is_held(name):
    """One name in ten stands in held-out tales alone."""
    return zlib.crc32(name.encode()) % 10 == 0


def invented(rng, gender):
    """A name of one to four syllables that nobody had before."""
    shape = rng.random()
    if shape < .1:
        return rng.choice(FIRST) + rng.choice(LAST)
    n = rng.choice((1, 1, 2, 2, 2, 2)) if shape < .8 else rng.choice((2, 3))
    name = ""
    for i in range(n):
        name += ("" if i == 0 and rng.random() < .18 else rng.choice(ONSETS)) + rng.choice(VOWELS)
        if (rng.random() < .35 if i == n - 1 else rng.random() < .15) or n == 1:
            name += rng.choice(CODAS)
    if rng.random() < .45 and len(name) < 6:
        if name[-1] in "aeiouy":
            name += rng.choice("lnrmtdkvz")
        name += rng.choice(ENDS[gender])
    name = name[:9].capitalize()
    return name if len(name) > 2 else name + rng.choice(("bo", "la", "nix", "rem"))


def choose(rng, gender, invent, taken, held, grown):
    """A name that is not taken; grown-ups may have a style before it."""
    while True:
        if grown and rng.random() < .3:
            style = rng.choice([s for s in STYLES if STYLE_GENDER.get(s, gender) == gender])
            name = f"{style} {rng.choice(SURNAMES) if rng.random() < .7 else invented(rng, gender)}"
        elif invent:
            name = invented(rng, gender)
        else:
            name = rng.choice(NAMES[gender] + NAMES["n"])
        if is_held(name) == held and not any(name.split()[-1][:4] == t.split()[-1][:4] for t in taken) and not (invent and name.lower() in content.words()):
            return name
