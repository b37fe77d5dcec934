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


# Common words that the syllables can make and the content may not hold; words of the content are no names either.
WORDS = set("""able ago ah ail aim air also am any are art ash ask at ate axe bad bait bar bat bath bet bib bid bin bit blot boat bond boo book boost boot bot brag brain bran brat bred broom brook bud bus but
can chat cheek chest chick chin chip chook clan coat cook cool coot cot creek crib crook cub cup cut dad dairy dam damp den dip dish do dog doom door dot drain drink drip drool drop drum duo dust each ear eat eel
egg elk end era even ever every fair fail fat fed fee feel feet few fit flag flat fleet flip flood floor foot for from gain get glad gloom go goat god good got green greet grin groom had hail hair hat he heel
hen her hid him hip his hit hood hook hoop hot how hut ice idea in iron is it its jail jam jar jet job keel keen keep key kid kin kit knee lad lair lamp land leek let lid lip log look loom loop loot lot mad maid
mail main man map mast mat me meet men mink mob mood moon moot most must my nail near neat need net nip no nod nook noon nor not nut of oil old on one only onto or ore our out over own paid pail pain pair pan
pat peel peep pen pet pig pin pit plain plan plot pod pool poor pop pot prom quail queen quit quiz radio raft rail rain ran rat red reed reef rib rid road rod roof rook room root rot run sad said sail sand sat seed
seek seem seen set sheep ship shoe shop shot sink sip sit six ski skin sleep snail so soil son soon spot stain stair star step stood stool stop street sum sun sweep sweet swim tail tan tap tar task tax tea ten
than that the them then they thin this thus tin tip to too took tool top tot toy tree trim trip troop try tub twin two up us van vat veil very via vain vet vow wail wait war was wax we weed week well went were
wet what when who why wig win wit with wood yet you zoo and""".split())


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
        last = name.split()[-1]
        if is_held(name) == held and not any(last[:4] == t.split()[-1][:4] for t in taken) and (known(last) or not is_word(last)):
            return name


def sex(name):
    """What a name of the lexicon, or the style before it, says of who has it; None for an invented one."""
    if " " in name:
        return STYLE_GENDER.get(name.split()[0])
    found = [g for g in "fmn" if name in NAMES[g]]
    return found[0] if len(found) == 1 else None


def known(name):
    """Whether it is a name of the lexicon: these may be words as well, as Robin is."""
    return any(name in names for names in NAMES.values()) or name in SURNAMES


def is_word(name):
    """Whether the small form is a word, which would not be read as a name."""
    return name.lower() in WORDS or name.lower() in content.words()
