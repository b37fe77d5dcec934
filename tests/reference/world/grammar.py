"""The grammar of the world: wordings, and the English that they need.

A wording is one sentence (or a few) with choices, slots and verbs. This module reads it into a small tree; `render.py` turns the
tree into a closure that writes text, `judge.py` turns the same tree into a pattern that reads text back.
"""
import re
from dataclasses import dataclass, field

from . import thesaurus

CHARS, THINGS, PLACES = "ABCDE", "TUVW", "PQR"

# ---------------------------------------------------------------- words

IRREGULAR = dict(pair.split("=") for pair in """
was=be were=be had=have did=do said=say went=go came=come saw=see found=find took=take gave=give got=get made=make knew=know
thought=think told=tell felt=feel left=leave kept=keep held=hold stood=stand sat=sit ran=run began=begin brought=bring bought=buy
built=build caught=catch chose=choose crept=creep cut=cut dug=dig drew=draw dreamt=dream drank=drink drove=drive ate=eat fell=fall
fed=feed fought=fight flew=fly forgot=forget forgave=forgive froze=freeze grew=grow hung=hang heard=hear hid=hide hit=hit hurt=hurt
knelt=kneel laid=lay led=lead leapt=leap lent=lend let=let lay=lie lit=light lost=lose meant=mean met=meet paid=pay put=put read=read
rode=ride rang=ring rose=rise sold=sell sent=send set=set sewed=sew shook=shake shone=shine shot=shoot showed=show shut=shut sang=sing
sank=sink slept=sleep slid=slide spoke=speak spent=spend spun=spin split=split spread=spread sprang=spring stole=steal stuck=stick
stung=sting swept=sweep swam=swim swung=swing taught=teach tore=tear threw=throw understood=understand woke=wake wore=wear wove=weave
wept=weep won=win wound=wind wrote=write could=can would=will became=become blew=blow broke=break bent=bend bit=bite bled=bleed
burst=burst clung=cling cost=cost dealt=deal sought=seek shrank=shrink slung=sling snuck=sneak strode=stride struck=strike swore=swear
overslept=oversleep overheard=overhear hopped=hop agreed=agree freed=free belonged=belong longed=long breathed=breathe bathed=bathe
added=add decided=decide invited=invite arrived=arrive imagined=imagine admired=admire escaped=escape explored=explore
prepared=prepare completed=complete tied=tie lied=lie died=die untied=untie obeyed=obey decorated=decorate celebrated=celebrate
hesitated=hesitate created=create waited=wait repeated=repeat treated=treat compared=compare hired=hire required=require
described=describe provided=provide divided=divide combined=combine ignored=ignore restored=restore outran=outrun withdrew=withdraw
hanged=hang quarrelled=quarrel travelled=travel pedalled=pedal paddled=paddle might=may must=must should=should
gulped=gulp tasted=taste pasted=paste wasted=waste hasted=haste loathed=loathe soothed=soothe apologized=apologize curtsied=curtsy
mistook=mistake shared=share stared=stare cared=care dared=dare scared=scare tired=tire wired=wire fired=fire cured=cure
flung=fling murmured=murmur adored=adore stored=store scored=score snored=snore inspired=inspire desired=desire rewound=rewind sped=speed spelt=spell swelled=swell undid=undo upset=upset withstood=withstand
""".split())
SAME_IN_ALL = {"can", "will", "may", "must", "should"}
E_ENDINGS = ("c", "v", "z", "u", "dg", "ng")
NO_E = {"bang", "cling", "hang", "long", "ring", "throng", "chitchat"}


def base(past):
    """The base form of a past form: `ran` is `run`, `stopped` is `stop`, `loved` is `love`."""
    if past in IRREGULAR:
        return IRREGULAR[past]
    if past.endswith("ied"):
        return past[:-3] + "y"
    if not past.endswith("ed"):
        raise ValueError(f"grammar.py knows no verb with the past form {past!r}; add it to IRREGULAR")
    stem = past[:-2]
    if stem.endswith("e"):
        return stem
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] in "bdgmnprt":
        return stem[:-1]
    if stem.endswith(E_ENDINGS) and not stem.endswith("zz") and stem not in NO_E:
        return stem + "e"
    if stem.endswith("s") and not stem.endswith("ss"):
        return stem + "e"
    if re.search(r"([bcdfgkpt]l|zzl|[^aeiou]ur|[aeiou].*ag)$", stem):
        return stem + "e"
    if re.fullmatch(r"[^aeiou]*[aeiouy][^aeiouwxy]", stem):
        return stem + "e"
    if re.search(r"qu[aei][^aeiouwxy]$", stem):
        return stem + "e"
    return stem


def present(past, number):
    """The present form for a subject: number is `1` (I), `2` (you), `3` (she, the kite) or `p` (they, we)."""
    b = base(past)
    if b == "be":
        return {"1": "am", "2": "are", "3": "is", "p": "are"}[number]
    if number != "3" or b in SAME_IN_ALL:
        return b
    if b == "have":
        return "has"
    if re.search(r"(s|x|z|ch|sh|o)$", b):
        return b + "es"
    if re.search(r"[^aeiou]y$", b):
        return b[:-1] + "ies"
    return b + "s"


PRONOUNS = {
    "f": dict(he="she", him="her", his="her", himself="herself", hers="hers"),
    "m": dict(he="he", him="him", his="his", himself="himself", hers="his"),
    "n": dict(he="it", him="it", his="its", himself="itself", hers="its"),
    "p": dict(he="they", him="them", his="their", himself="themselves", hers="theirs"),
    "1": dict(he="I", him="me", his="my", himself="myself", hers="mine"),
    "2": dict(he="you", him="you", his="your", himself="yourself", hers="yours"),
    "2p": dict(he="you", him="you", his="your", himself="yourselves", hers="yours"),
    "1p": dict(he="we", him="us", his="our", himself="ourselves", hers="ours"),
}
AN = re.compile(r"(?i)(?:[aeio]|u(?!s[aeiu]|ni[^mn]|k[aeu])|hour|honest)(?!ne\b)")


def article(noun):
    """`a` or `an`, by the sound of the next word."""
    return ("an " if AN.match(noun) else "a ") + noun


def plural(noun):
    """The plural of a noun of the lexicon."""
    head, _, last = noun.rpartition(" ")
    irregular = {"mouse": "mice", "goose": "geese", "child": "children", "man": "men", "woman": "women", "wolf": "wolves", "knife": "knives",
                 "leaf": "leaves", "loaf": "loaves", "sheep": "sheep", "fish": "fish", "deer": "deer", "foot": "feet", "shelf": "shelves",
                 "scarf": "scarves", "calf": "calves", "elf": "elves", "dwarf": "dwarves", "thief": "thieves", "potato": "potatoes",
                 "tomato": "tomatoes", "hero": "heroes", "half": "halves"}
    if last in irregular:
        last = irregular[last]
    elif last.endswith("man") and last != "human":
        last = last[:-3] + "men"
    elif re.search(r"(s|x|z|ch|sh)$", last):
        last += "es"
    elif re.search(r"[^aeiou]y$", last):
        last = last[:-1] + "ies"
    else:
        last += "s"
    return f"{head} {last}" if head else last


def capital(text):
    """The text with its first letter, also after an opening quote, in upper case."""
    if text[:1] == '"':
        return '"' + text[1:2].upper() + text[2:]
    return text[:1].upper() + text[1:]


SMALL = {"a", "an", "the", "and", "of", "in", "on", "at", "by", "to", "for", "with", "from", "who", "that", "over", "under"}


_LOWER_START = re.compile(r"([.!?] )([a-z])")


def tidy(text):
    """Closes up what an empty choice left open, and begins sentences with capitals."""
    if "  " in text:
        text = text.replace("   ", " ").replace("  ", " ")
    if " ." in text or " ," in text or " ?" in text or " !" in text:
        text = text.replace(" .", ".").replace(" ,", ",").replace(" ?", "?").replace(" !", "!")
    if "can not " in text:
        text = text.replace("can not ", "cannot ")
    return capital(_LOWER_START.sub(lambda m: m[1] + m[2].upper(), text.strip()))


def title_case(text):
    words = text.split(" ")
    return " ".join(w if i and w in SMALL else w[:1].upper() + w[1:] for i, w in enumerate(words))


# ---------------------------------------------------------------- the tree of a wording

@dataclass(eq=False)
class Lit:
    text: str


@dataclass(eq=False)
class Alt:
    options: list


@dataclass(eq=False)
class Slot:
    key: str
    form: str
    quoted: bool
    subject: str = None      # whose doing a phrase of the lexicon is
    articled: bool = False
    capital: bool = False    # a sentence begins here


@dataclass(eq=False)
class Verb:
    forms: list
    agree: str               # a key of a character, or a number: 1, 3, p


@dataclass(eq=False)
class Said:
    forms: list
    key: str


@dataclass(eq=False)
class Wording:
    """One way to tell an event. `person` is 1, 2 or 3 when only that voice can use it, `tenses` what it can be told in."""
    source: str
    nodes: list
    person: int = 0
    tenses: str = "past present"
    keys: set = field(default_factory=set)
    not_narrator: set = field(default_factory=set)    # roles that must not be the one who tells, for their name stands there
    tense_marked: bool = False
    bare_was: bool = False   # cannot be told to `you`, who `were`
    conditions: list = field(default_factory=list)    # facts that this wording alone asks for
    where: str = ""


TOKEN = re.compile(r'(\[|\]|\||\{[^{}]*\}|<[^<>]*>|")')
OBJECT_AFTER = set("""to with at of from by about near behind beside around past towards toward beyond over under against without between among inside onto into
through upon above below across help make see let ask tell give show thank find follow meet visit bring send lend hand call wake carry hug kiss hold love miss know believe forgive
forget remember given shown told brought sent lent offered handed asked helped followed thanked asking telling giving showing helping meeting seeing
following waking calling carrying missing""".split())
EITHER_AFTER = {"for", "on", "in", "before", "after", "like", "than", "since", "until"}      # a subject if a verb follows
INVERTING = {"did", "was", "were", "could", "would", "had", "might", "should", "must"}
COMING = {"stood", "sat", "lay", "came", "crept", "lived", "jumped", "flew", "hung"}      # `there stood Ben`: who comes after them is the subject
COUNTS = {"two", "three", "four", "five", "all", "both", "others", "people", "children", "men", "women", "mice", "geese", "feet", "teeth"}
SENTENCE_END = re.compile(r"""[.!?]"? "?$""")
ADVERB = set("and but then or also always never still just soon even almost only both often sometimes at once who already again not too "
             "all quickly so now".split())
PAST_WORDS = re.compile(r"\b(was|were|had|said|went|could|did|would|came|saw|asked|took|gave|knew|began|ate|fell|flew|forgot|grew|ran|sang|"
                        r"swam|threw|woke|wore|wrote|drew|drank|blew|spoke|stood)\b")


class WordingError(ValueError):
    """A wording that cannot be read; the message says where and what to do."""


def is_char(key):
    return key and all(c in CHARS for c in key)


class _Reader:
    """Reads one wording from left to right; keeps whose doing the next verb is."""

    def __init__(self, source, subject=None):
        self.source = source
        self.tokens = [t for t in TOKEN.split(source) if t]
        self.i = 0
        self.quoted = False
        self.subject = subject
        self.tail = "and" if subject else ""
        self.outside = []
        self.out = Wording(source, [])

    def fail(self, why):
        raise WordingError(f"{why}, in the wording: {self.source}")

    def sequence(self, inside):
        nodes = []
        while self.i < len(self.tokens):
            t = self.tokens[self.i]
            if t == "]" or t == "|":
                if not inside:
                    self.fail(f"a {t!r} outside of a choice")
                return nodes
            self.i += 1
            if t == "[":
                nodes.append(self.choice())
            elif t[0] == "{":
                nodes.append(self.slot(t[1:-1], nodes))
            elif t[0] == "<":
                nodes.append(self.verb(t[1:-1]))
            else:
                if t == '"':
                    self.quoted = not self.quoted
                elif not self.quoted:
                    self.outside.append(t)
                if t.strip():
                    self.tail = t
                nodes.append(Lit(t))
        if inside:
            self.fail("a choice is not closed with ]")
        return nodes

    def choice(self):
        before = (self.subject, self.tail, self.quoted)
        options, tails = [], []
        while True:
            self.subject, self.tail, self.quoted = before
            options.append(self.sequence(True))
            tails.append((self.subject, self.tail, self.quoted))
            if self.i >= len(self.tokens):
                self.fail("a choice is not closed with ]")
            t = self.tokens[self.i]
            self.i += 1
            if t == "]":
                break
        if len({q for _, _, q in tails}) > 1:
            self.fail("speech opens in one option of a choice and not in the other")
        self.subject, self.tail, self.quoted = next((t for t, o in zip(tails, options) if o), tails[0])
        return Alt(options)

    def slot(self, text, nodes):
        key, _, form = text.partition(".")
        if not re.fullmatch(r"[A-E]+|[T-W]|[P-R]|[a-z]+\d?", key):
            self.fail(f"{{{text}}} is no slot")
        self.out.keys |= set(key) if is_char(key) else {key}
        if is_char(key) and not form and not self.quoted and self.is_object(nodes, "".join(self.tokens[self.i:self.i + 3])):
            form = "him"
        if is_char(key) and not form and not self.quoted and self.comes(nodes):
            self.out.not_narrator |= set(key)       # nobody says `there stood I`
        s = Slot(key, form, self.quoted, self.subject)
        before = "".join(n.text for n in nodes[-3:] if isinstance(n, Lit)) if nodes and isinstance(nodes[-1], Lit) else ""
        who_speaks = before.endswith(('?" ', '!" ')) and re.match(r" (?:(?!only)\w+ly )?<(\w+)", "".join(self.tokens[self.i:self.i + 2]))
        s.capital = bool(SENTENCE_END.search(before)) and not (who_speaks and who_speaks[1] in SAYING)
        if is_char(key):
            if form in ("", "he", "pron", "full", "they", "a", "name", "the", "kind") and not self.quoted:
                self.subject = key
            if not self.quoted and form in ("name", "a", "kind", "kind.s", "the") and len(key) == 1:
                self.out.not_narrator.add(key)
        if nodes and isinstance(nodes[-1], Lit) and re.search(r"(^|[ \"])[Aa] $", nodes[-1].text):
            nodes[-1] = Lit(nodes[-1].text[:-2])
            s.articled = True
        self.tail = "{" + text + "}"
        return s

    @staticmethod
    def comes(nodes):
        """Whether the verb right before is one that its subject follows."""
        verbs = [n for n in nodes[-2:] if isinstance(n, Verb)]
        return len(nodes) > 1 and nodes[-1].__class__ is Lit and nodes[-1].text == " " and bool(verbs) and set(verbs[0].forms) <= COMING

    @staticmethod
    def is_object(nodes, rest):
        """Whether what comes next is the object of the verb or preposition before it."""
        nodes = list(nodes)
        if len(nodes) > 1 and isinstance(nodes[-1], Lit) and nodes[-1].text == " ":
            nodes.pop()
        while nodes and isinstance(nodes[-1], Alt):
            nodes = next((list(o) for o in nodes[-1].options if o), [])
        last = nodes[-1] if nodes else None
        if isinstance(last, Verb):
            return not set(last.forms) & (INVERTING | COMING)
        if isinstance(last, Lit):
            m = re.search(r"([a-z]+) ?$", last.text)
            if m and m[1] in EITHER_AFTER:
                return not re.match(r" (?:[a-z]+ly |never |always |still |also |only |often )?(?:<|\\[|and \\{|[a-z]+ed\\b|(?:%s)\\b)" % "|".join(IRREGULAR), rest)
            return bool(m) and m[1] in OBJECT_AFTER
        return False

    def verb(self, text):
        if self.quoted:
            self.fail(f"<{text}> stands inside speech, which has its own tense; write the form itself")
        self.out.tense_marked = True
        m = re.fullmatch(r"([a-z|]+) ([A-E])", text)
        if m:
            forms = m[1].split("|")
            self.check(forms)
            if not SAYING.issuperset(forms):
                self.fail(f"<{text}>: {', '.join(set(forms) - SAYING)} is not among the verbs of speech; add it to grammar.SAYING, or write {{{m[2]}}} <{m[1]}>")
            self.out.keys.add(m[2])
            self.subject = m[2]
            self.tail = "{" + m[2] + "}"
            return Said(forms, m[2])
        m = re.fullmatch(r"([a-z|]+)(?:/(\w+))?", text)
        if not m:
            self.fail(f"<{text}> is no verb; write <went>, <said A> or <was/they>")
        forms = m[1].split("|")
        self.check(forms)
        agree = self.agreement(m[2])
        if agree == "3" and forms == ["were"]:
            agree = "p"
        comes = re.match(r" \{([A-E])[.}]", "".join(self.tokens[self.i:self.i + 2]))
        if comes and agree == "p" and not m[2] and set(forms) <= COMING:
            agree = comes[1]         # `by the boats sat a sailor`
        self.tail = "and"
        return Verb(forms, agree)

    def check(self, forms):
        for f in forms:
            try:
                base(f)
            except ValueError as e:
                self.fail(str(e))

    def agreement(self, explicit):
        if explicit:
            if explicit in ("it", "they", "we", "I"):
                return {"it": "3", "they": "p", "we": "p", "I": "1"}[explicit]
            if is_char(explicit):
                return explicit
            self.fail(f"/{explicit} is no subject; write /A, /AB, /it or /they")
        tail = self.tail.rstrip()
        m = re.search(r"\{(\w+)(?:\.(\w+))?\}$", tail)
        if m:
            if is_char(m[1]) and m[2] in (None, "", "he", "pron", "full", "they", "a", "the", "name"):
                return m[1]
            return "3" if not is_char(m[1]) or m[2] != "does" else self.subject or "3"
        word = re.search(r"([A-Za-z']*)[^A-Za-z']*$", tail)[1].lower()
        if word in ("they", "we", "you"):
            return "p"
        if word == "i":
            return "1"
        if tail.endswith((",", '"')) or word in ADVERB or word.endswith("ly"):
            return self.subject or "3"
        return "p" if word in COUNTS or word.endswith("s") and not word.endswith("ss") and word not in ("always", "this", "was", "his", "its") else "3"


SAYING = set("""said asked cried called shouted whispered answered thought wondered sobbed begged replied exclaimed sighed muttered growled squeaked
grumbled mumbled murmured yelled promised suggested explained announced declared warned added agreed laughed giggled chuckled hissed roared barked purred
croaked chirped snapped boasted pleaded screamed gasped groaned moaned yawned demanded ordered repeated sang hummed told squealed hooted quacked bleated
chattered panted protested insisted remarked guessed joked teased confessed admitted lied offered urged stammered wailed howled snorted sniffed beeped
invited complained reminded decided hoped cheered echoed""".split())        # verbs that tell who speaks


MACROS = {
    "then": "[then |soon |after that |a little later |]",
    "suddenly": "[suddenly |all at once |just then |at that very moment |]",
    "finally": "[at last |finally |in the end |after a long while |]",
    "oneday": "[one day|one morning|one afternoon|one bright morning|early one day|one windy day|one fine day|on a quiet afternoon|one evening]",
    "oneday_of": "[on a cold day|on a warm day|on a rainy morning|on the first day of the week|on a Sunday|on a Monday|one Saturday]",
    "happily": "[happily|with a smile|cheerfully|with shining eyes|with a laugh|]",
    "sadly": "[sadly|with a sigh|in a small voice|with tears in {A.his} eyes|]",
    "very": "[very|so|quite|really]",
    "softly": "[softly|quietly|in a low voice|gently|]",
}


def expand(source):
    """Replaces `@then` and the other macros by their choices."""
    def macro(m):
        if m[1] not in MACROS:
            raise WordingError(f"@{m[1]} is no macro (known: {', '.join(sorted(MACROS))}), in the wording: {source}")
        return MACROS[m[1]]
    return re.sub(r"(?<![A-Za-z0-9])@([a-z_]+)", macro, source)


def read(source, subject=None, plain=False):
    """The tree of a wording; a phrase has the role that is its subject. `{A} and {B}` are read as `{AB}`;
    unless it is `plain`, words of the thesaurus become choices. `@1 `, `@2 `, `@3 `, `@past ` before it say where alone it fits."""
    person, tenses, text = 0, "past present", source.strip()
    while True:
        m = re.match(r"@(1|2|3|past|present)\s+", text)
        if not m:
            break
        if m[1] in "123":
            person = int(m[1])
        else:
            tenses = m[1]
        text = text[m.end():]
    text = re.sub(r"\bboth \{([A-E])\} and \{([A-E])\}", r"{\1\2} both", re.sub(" {2,}", " ", expand(text) if plain else thesaurus.vary(expand(text))))
    r = _Reader(re.sub(r"\{([A-E])\} and \{([A-E])\}", r"{\1\2}", text), subject)
    r.out.nodes = r.sequence(False)
    if r.quoted:
        r.fail("speech is not closed")
    w = r.out
    outside = " ".join(r.outside)
    if not w.tense_marked and re.search(r"[A-Za-z]{2}", outside):
        tenses = "past" if tenses == "past present" else tenses
    elif tenses == "past present" and PAST_WORDS.search(outside):
        tenses = "past"
    w.bare_was = bool(re.search(r"\bwas\b", outside))
    w.source, w.person, w.tenses = source.strip(), person, tenses
    return w
