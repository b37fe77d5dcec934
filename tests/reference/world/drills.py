"""Drills of recall: short texts in which names, owners and places come again, near and far, in natural sentences.

A name must be kept by the letter: most are invented, and what is asked is always told before.
"""
from . import grammar, lexicon, names

FILLER = """The sun was shining.|It was a quiet day.|Nobody said a word for a while.|A dog barked somewhere.|The wind moved the leaves.|There was bread and soup for everyone.
Somebody laughed.|It began to rain, but not for long.|A clock struck four.|The day went by quickly.|Birds flew over the roofs.|It smelled of hay.|The evening was warm.
A cart rolled by.|The bell rang.|It was almost noon.|Far away a train whistled.|The moon came up.|They talked about the weather.|Then they had some tea.
Two cats sat on the wall.|It grew dark.|The fire was warm.|A leaf fell down.|There were clouds in the sky.|The street was empty.""".replace("\n", "|").split("|")


class Cast:
    """People with names, kinds, things and places, no two alike."""

    def __init__(self, rng, held, n):
        self.rng = rng
        invent = rng.random() < .75
        self.names, self.genders = [], []
        for _ in range(n):
            g = rng.choice("fm")
            self.names.append(names.choose(rng, g, invent if rng.random() < .85 else not invent, self.names, held, rng.random() < .15))
            self.genders.append(g)
        self.kinds = rng.sample(list(lexicon.KINDS), n)
        things = rng.sample(list(lexicon.THINGS), n)
        self.things = [(rng.choice(lexicon.THINGS[t].looks) + " " if lexicon.THINGS[t].looks and rng.random() < .5 else "") + t for t in things]
        self.places = rng.sample(list(lexicon.PLACES), n)

    def he(self, i):
        return grammar.PRONOUNS[self.genders[i]]["he"]

    def his(self, i):
        return grammar.PRONOUNS[self.genders[i]]["his"]


def at(place):
    return f"{lexicon.PLACES[place].prep} the {place}"


def a(noun):
    return grammar.article(noun)


def cap(text):
    return grammar.capital(text)


def join(items):
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def fillers(rng, most):
    return rng.sample(FILLER, rng.randint(0, most))


def asked(rng, body, pairs):
    """Body and questions in one of the forms in which visitors put them."""
    text = " ".join(body)
    form = rng.random()
    if form < .6:
        return text + "\n\n" + "\n".join(f"Q: {q}\nA: {x}" for q, x in pairs)
    q, x = pairs[0]
    return f"{text} {q}\n\n{x}" if form < .85 else f"{text}\n\n{q}\n\n{x}"


def who_has_what(rng, held):
    n = rng.randint(2, 5)
    c = Cast(rng, held, n)
    had = rng.choice(["{0} had {1}.", "{0} owned {1}.", "{0} got {1}.", "{0} carried {1}.", "{0} brought {1}.", "{0} found {1}.", "{1} belonged to {0}.", "{0} chose {1}."])
    body = [cap(had.format(c.names[i], a(c.things[i]))) for i in range(n)]
    for f in fillers(rng, 3):
        body.insert(rng.randint(1, len(body)), f)
    pairs = []
    for i in rng.sample(range(n), min(n, rng.randint(1, 4))):
        t = c.things[i]
        pairs.append(rng.choice([(f"Who had the {t}?", f"{c.names[i]} had it."), (f"Who had the {t}?", f"{c.names[i]}."), (f"What did {c.names[i]} have?", cap(f"{a(t)}.")),
                                 (f"What did {c.names[i]} have?", f"{c.names[i]} had {a(t)}."), (f"Whose was the {t}?", f"It was {c.names[i]}'s."), (f"Who has {a(t)}?", f"{c.names[i]} has one.")]))
    return asked(rng, body, pairs)


def who_is_where(rng, held):
    n = rng.randint(2, 5)
    c = Cast(rng, held, n)
    form = rng.choice(["{0} went to the {2}.", "{0} was {1}.", "{0} waited {1}.", "{0} slept {1}.", "{0} lived {1}.", "{0} sat {1}.", "One could find {0} {1}.", "{0} stayed {1}."])
    body = [cap(form.format(c.names[i], at(c.places[i]), c.places[i])) for i in range(n)]
    for f in fillers(rng, 3):
        body.insert(rng.randint(1, len(body)), f)
    where = list(c.places)
    if rng.random() < .4:
        i = rng.randrange(n)
        j = rng.choice([k for k in range(n) if k != i])
        body.append(rng.choice(["Then {0} went to the {1} to see {2}.", "Later {0} came to the {1}, where {2} was.", "In the end {0} visited {2} {3}."]).format(c.names[i], c.places[j], c.names[j], at(c.places[j])))
        where[i] = c.places[j]
    pairs = []
    for i in rng.sample(range(n), min(n, rng.randint(1, 3))):
        others = [c.names[k] for k in range(n) if where[k] == where[i]]
        pairs.append(rng.choice([(f"Where is {c.names[i]} now?", cap(f"{at(where[i])}.")), (f"Where was {c.names[i]} at the end?", f"{c.names[i]} was {at(where[i])}."),
                                 (f"Who was {at(where[i])} at the end?", f"{join(others)}.")]))
    return asked(rng, body, pairs)


def handed_on(rng, held):
    n = rng.randint(3, 6)
    c = Cast(rng, held, n)
    t = c.things[0]
    body = [rng.choice(["{0} had {1}.", "{0} found {1}.", "Once {0} bought {1}.", "This is the way of {1}. First {0} had it."]).format(c.names[0], a(t))]
    for i in range(1, n):
        body += fillers(rng, 1)
        it = rng.choice(["it", "the " + t, "the " + t.split()[-1] if " " not in t or t in lexicon.THINGS or t.split(" ", 1)[1] in lexicon.THINGS and " " not in t.split(" ", 1)[1] else "it"])
        body.append(rng.choice(["{0} gave {2} to {1}.", "Then {0} handed {2} to {1}.", "{1} got {2} from {0}.", "{0} sold {2} to {1}.", "{0} lent {2} to {1}.", "Because {0} did not need {2}, {1} got it.",
                                '"Take it," said {0}, and {1} took {2}.']).format(c.names[i - 1], c.names[i], it))
    last = rng.random() < .3
    pairs = [rng.choice([(f"Who has the {t} now?", f"{c.names[-1]} has it."), (f"Who has the {t} at the end?", f"{c.names[-1]}."), (f"Where is the {t} now?", f"{c.names[-1]} has it.")])]
    i = rng.randrange(1, n)
    pairs.append(rng.choice([(f"Who gave the {t} to {c.names[i]}?", f"{c.names[i - 1]} did."), (f"From whom did {c.names[i]} get the {t}?", f"From {c.names[i - 1]}."),
                             (f"Who had the {t} first?", f"{c.names[0]} had it first."), (f"Who had the {t} before {c.names[i]}?", f"{c.names[i - 1]}.")]))
    if last:
        return " ".join(body) + rng.choice([" So now {0} has the {1}.", " Now the {1} belongs to {0}.", " And that is how {0} got the {1}."]).format(c.names[-1], t)
    return asked(rng, body, pairs)


def named_again(rng, held):
    """One name, many times, near and far."""
    c = Cast(rng, held, 2)
    n, k, g = c.names[0], c.kinds[0], c.genders[0]
    he, his, him = (grammar.PRONOUNS[g][f] for f in ("he", "his", "him"))
    o = c.names[1]
    lines = [f"{n} lived {at(c.places[0])}.", f"Everybody knew {n}.", f'"{n}!" called {o}, and {n} came.', f'"Where is {n}?" asked {o}.', f"{o} liked {n}, and {n} liked {o}.",
             f"{n}'s {c.things[0]} was always near {him}.", f"But {n} was not afraid.", f"In the evening {n} went home.", f"When {o} slept, {n} was still awake.",
             f"{o} wrote a letter. It began: Dear {n}.", f"On the door stood a name: {n}.", f'"Good night, {n}," said {o}.', f"Nobody but {n} knew the way.", f'"My name is {n}," {he} said to everyone.',
             f"{o} told {n} a secret, and {n} told nobody.", f"{cap(he)} had {a(c.things[1])}.", f"{cap(his)} friend was {o}.", f"{o} called {him} by {his} name: {n}.", f"So {n} and {o} became friends.",
             f"The one who laughed was {n}.", f'"Is that you, {n}?" asked {o}. "Yes," said {n}.', f"{cap(he)} wrote {his} name in the sand: {n}.", f'"What is your name?" asked {o}. "{n}," {he} said.']
    start = rng.choice([f"There was {a(k)} named {n}.", f"{n} was {a(k)}.", f"The {k} was called {n}.", f"Once {a(k)} was born, and they named {him} {n}.", f"{cap(a(k))} had a strange name. It was {n}.", f"Meet {n} the {k}."])
    body = [start]
    for line in rng.sample(lines, rng.randint(3, 7)):
        body += fillers(rng, 2)
        body.append(line)
    if rng.random() < .5:
        return " ".join(body)
    return asked(rng, body, [rng.choice([(f"What was the {k}'s name?", f"{n}."), (f"What was the {k} called?", f"The {k} was called {n}."), (f"Who was the {k}?", f"It was {n}."), (f"What is the name of the {k}?", f"{n}.")])])


def row(rng, held):
    """A row of names, told again in order."""
    n = rng.randint(3, 6)
    c = Cast(rng, held, n)
    names_ = c.names
    body = [rng.choice(["{0} went to the {3}.", "{0} sat in a row {1}.", "There were {2} friends: {0}.", "{0} wanted to play.", "At the table sat {0}."]).format(join(names_), at(c.places[0]), lexicon.LISTS["num"][n - 2], c.places[0])]
    body += fillers(rng, 2)
    kind = rng.random()
    if kind < .4:
        body.append("First came " + names_[0] + ", " + ", ".join(f"then {x}" for x in names_[1:]) + ".")
    elif kind < .7:
        body += [rng.choice(["{0} got {1}.", "{0} had {1}."]).format(x, a(t)) for x, t in zip(names_, c.things)]
    else:
        body.append('"' + rng.choice(["Good night, ", "Hello, ", "Come in, "]) + join(names_) + '," said the ' + c.kinds[0] + ".")
    body += fillers(rng, 2)
    i = rng.randrange(n)
    pairs = [rng.choice([("How many were there?", cap(f"There were {lexicon.LISTS['num'][n - 2]}.")), ("Who were they?", f"{join(names_)}."), ("Who was named first?", f"{names_[0]}."),
                         ("Who was named last?", f"{names_[-1]}."), (f"Who was named after {names_[i - 1]}?" if i else "Who was named first?", f"{names_[i]}.")])]
    return asked(rng, body, pairs)


NUMBERS = "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split()


def count(k, noun):
    return f"{NUMBERS[k]} {noun if k == 1 else grammar.plural(noun)}"


def counting(rng, held):
    c = Cast(rng, held, 2)
    a_, b = c.names
    noun = rng.choice("apple pear nut coin egg marble button shell cookie plum stone carrot stamp acorn feather".split())
    x, y = rng.randint(2, 10), rng.randint(1, 9)
    give = min(y, x - 1)
    if rng.random() < .6:
        text = f"{a_} {{has}} {count(x, noun)}. {cap(c.he(0))} {{gives}} {NUMBERS[give]} to {b}. "
        left, got = x - give, give
        pairs = [(f"How many {grammar.plural(noun)} {{does}} {a_} have now?", f"{a_} {{has}} {count(left, noun)}."), (f"How many {grammar.plural(noun)} {{does}} {b} have?", f"{b} {{has}} {count(got, noun)}.")]
        end = f"Now {a_} {{has}} {count(left, noun)}, and {b} {{has}} {NUMBERS[got]}."
    else:
        y = min(y, 10)
        text = f"{a_} {{has}} {count(x, noun)}, and {b} {{has}} {NUMBERS[y]}. "
        pairs = [("How many do they have together?", f"Together they have {count(x + y, noun)}.")]
        end = f"Together they {{have}} {count(x + y, noun)}."
    past = rng.random() < .4
    words = {"has": "had", "gives": "gave", "does": "did", "have": "had"} if past else {"has": "has", "gives": "gives", "does": "does", "have": "have"}
    if rng.random() < .4:
        return (text + end).format(**words)
    q, answer = pairs[rng.randrange(len(pairs))]
    return asked(rng, [text.format(**words).strip()], [(q.format(**words) if not past else q.format(**words), answer.format(**words))])


def hidden(rng, held):
    n = rng.randint(1, 3)
    c = Cast(rng, held, n)
    spots = rng.sample(lexicon.LISTS["spot"], n)
    who = [rng.choice([c.names[i], "the " + c.kinds[i]]) for i in range(n)]
    body = [cap(rng.choice(["{0} hid the {1} {2}.", "{0} put the {1} {2}.", "{0} left the {1} {2}.", "{0} forgot the {1} {2}.", "{0} laid the {1} {2}."]).format(who[i], c.things[i], spots[i])) for i in range(n)]
    for f in fillers(rng, 2):
        body.insert(rng.randint(1, len(body)), f)
    i = rng.randrange(n)
    pairs = [rng.choice([(f"Where is the {c.things[i]}?", cap(f"{spots[i]}.")), (f"Where is the {c.things[i]}?", f"The {c.things[i]} is {spots[i]}."), (f"Where was the {c.things[i]}?", f"It was {spots[i]}."),
                         (f"Who knows where the {c.things[i]} is?", cap(f"{who[i]} knows it."))])]
    if rng.random() < .3:
        return " ".join(body) + " " + rng.choice(["Later {0} came back, looked {2} and found the {1}.", "When {0} looked {2}, the {1} was still there.", "So the {1} was {2} all the time."]).format(who[i], c.things[i], spots[i])
    return asked(rng, body, pairs)


def likes(rng, held):
    n = rng.randint(2, 4)
    c = Cast(rng, held, n)
    liked = rng.sample(lexicon.LISTS["rare"] + lexicon.LISTS["food"], n)
    body = [rng.choice(["{0} the {1} liked {2}.", "{0} was {3} who loved {2}.", "{0}, {3}, could not live without {2}."]).format(c.names[i], c.kinds[i], liked[i], a(c.kinds[i])) for i in range(n)]
    for f in fillers(rng, 2):
        body.insert(rng.randint(1, len(body)), f)
    pairs = []
    for i in rng.sample(range(n), rng.randint(1, n)):
        pairs.append(rng.choice([(f"Who liked {liked[i]}?", f"{c.names[i]} did."), (f"What did {c.names[i]} like?", cap(f"{liked[i]}.")), (f"What did the {c.kinds[i]} like?", f"The {c.kinds[i]} liked {liked[i]}."),
                                 (f"Who was {c.names[i]}?", f"{c.names[i]} was {a(c.kinds[i])}."), (f"What was the name of the {c.kinds[i]}?", f"{c.names[i]}.")]))
    return asked(rng, body, pairs)


DRILLS = [(who_has_what, 2), (who_is_where, 2), (handed_on, 2), (named_again, 4), (row, 2), (counting, 1), (hidden, 1), (likes, 2)]


def text(rng, held):
    return rng.choices([d for d, _ in DRILLS], [w for _, w in DRILLS])[0](rng, held)
