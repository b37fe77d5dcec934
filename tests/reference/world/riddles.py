"""Riddles about what the lexicon knows: things by their use, animals and people by what they do, places by what one sees."""
from . import grammar, lexicon, names
from .render import Teller, compiled, run
from .state import Char, State

ASK = ["What am I?", "Can you guess what I am?", "Do you know me?", "Guess what I am.", "What is my name?"]
ASK_WHO = ["Who am I?", "Can you guess who I am?", "Guess my name.", "Do you know who I am?"]
BEGIN = ["", "", "", "A riddle:", "Here is a riddle.", "Listen to my riddle.", "Guess!", "Can you guess it?", "Q:", "Ask me a riddle.\n\n", "Tell me a riddle.\n\n",
         "Do you know a riddle?\n\n", "A riddle, please.\n\n", "riddle\n\n"]


def _uses(rng, noun):
    entry = lexicon.THINGS[noun]
    uses = [w.source for w in entry.phrases.get("use", ())]
    uses = [grammar.re.sub(r"\bit\b", "me", u) for u in uses if grammar.re.search(r"\bit\b", u)]
    rng.shuffle(uses)
    return uses


def _thing(rng):
    noun = rng.choice([n for n, e in lexicon.THINGS.items() if e.phrases.get("use")])
    entry = lexicon.THINGS[noun]
    clues = []
    for use in _uses(rng, noun):
        clues.append(rng.choice(["You can {}.", "One can {}.", "People {}.", "Children {}.", "With me at hand, you can {}.", "Some people {}, and some do not.",
                                 "If you have me, you can {}."]).format(use))
    looks = [x for x in entry.looks if x not in ("left", "old", "new", "little", "big", "small", "tiny")]
    if len(looks) > 1 and rng.random() < .6:
        a, b = rng.sample(looks, 2)
        clues.append(rng.choice(["I can be {} or {}.", "Sometimes I am {}, sometimes {}.", "I may be {}, or I may be {}."]).format(a, b))
    tags = {"break": ["Drop me, and I break.", "Be careful, for I break easily.", "I do not like to fall."], "wear": ["You wear me.", "I go where you go, for you wear me."],
            "food": ["You can eat me.", "When I am gone, you are full."], "light": ["In the dark you are glad of me."], "music": ["I can make music.", "Without you I am silent, with you I sing."],
            "soft": ["I am soft."], "hold": ["Something can be put into me.", "I am empty, and then I am full."], "paper": ["Water is bad for me."], "toy": ["Children like me.", "I am made for play."],
            "precious": ["Thieves like me too.", "I am worth a lot."], "kitchen": ["You find me in the kitchen."], "round": ["I am round."], "small": ["I fit into a pocket."], "big": ["I am not small."]}
    for tag, lines in tags.items():
        if tag in entry.tags and rng.random() < .6:
            clues.append(rng.choice(lines))
    rng.shuffle(clues)
    return clues[:4], rng.choice(ASK), grammar.article(noun)


def _being(rng):
    kind = rng.choice([k for k, e in lexicon.KINDS.items() if "rare_kind" not in e.tags and e.phrases.get("does")])
    entry = lexicon.KINDS[kind]
    who = Char("", kind, next((g for g in "fmn" if g in entry.tags), "m"), "", entry.tags)
    teller = Teller(rng, State(), who, present=True)
    teller.bind = {"A": who}

    def phrase(form):
        return run(compiled(rng.choice(entry.phrases[form])), teller)
    clues = ["I " + phrase("does") + "."]
    if entry.phrases.get("likes"):
        clues.append(rng.choice(["I like {}.", "Nothing is better than {}.", "All day I think of {}."]).format(phrase("likes")))
    if entry.phrases.get("eats") and rng.random() < .7:
        clues.append(rng.choice(["I eat {}.", "For dinner I have {}.", "Give me {}, and I am happy."]).format(phrase("eats")))
    for tag, lines in {"bird": ["I have wings.", "I have feathers and no hands."], "swims": ["I can swim.", "Water is my friend."], "farm": ["I live on a farm."], "wild": ["Nobody owns me."],
                       "grown": ["I have work to do every day."], "magic": ["Some say that I do not exist."], "royal": ["I live in a castle."], "big": ["I am big."], "small": ["I am small."],
                       "pet": ["I live with people."], "animal": ["I have no shoes."]}.items():
        if tag in entry.tags and rng.random() < .5:
            clues.append(rng.choice(lines))
    rng.shuffle(clues)
    return clues[:4], rng.choice(ASK_WHO), grammar.article(kind)


def _place(rng):
    noun, entry = rng.choice(list(lexicon.PLACES.items()))
    seen = [w.source for w in entry.phrases["see"] if "{" not in w.source]
    rng.shuffle(seen)
    clues = [rng.choice(["Here you see {}.", "You can see {} here.", "Come to me, and you will see {}."]).format(s) for s in seen[:2]]
    for tag, lines in {"water": ["Bring a towel.", "You may get wet here."], "high": ["You can look far from here."], "dark": ["It is dark here."], "warm": ["It is warm here."], "town": ["Many people come here."],
                       "wild": ["Few people come here."], "indoors": ["There is a roof over you here."], "outdoors": ["There is no roof over you here."], "cold": ["Bring a warm coat."]}.items():
        if tag in entry.tags and rng.random() < .6:
            clues.append(rng.choice(lines))
    rng.shuffle(clues)
    return clues[:4], rng.choice(["What place am I?", "Where are you?", "What place is this?", "Guess where you are."]), "the dunes" if noun == "dunes" else grammar.article(noun)


def text(rng, held):
    clues, ask, answer = rng.choice([_thing, _thing, _being, _place])(rng)
    begin = rng.choice(BEGIN)
    riddle = begin + (" " if begin and not begin.endswith("\n") else "") + " ".join(grammar.capital(c) for c in clues) + " " + ask
    if begin == "Q:":
        return f"{riddle}\nA: {grammar.capital(answer)}."
    said = rng.choice(["It is {}.", "I am {}.", "The answer is {}.", "{}.", "That is {}!", "{}, of course.", "You are {}.", "It must be {}."]).format(answer)
    if rng.random() < .2:
        a = names.choose(rng, "f", True, [], held, False)
        b = names.choose(rng, "m", True, [a], held, False)
        return f'"{riddle.removeprefix(begin).strip()}" asked {a}.\n"{grammar.capital(said[:-1])}{"!" if said[-1] == "!" else ","}" said {b}.\n' + rng.choice(
            [f'"Right," said {a}.', f'"How did you know that?" asked {a}.', f'"You are clever, {b}," said {a}.', f"And {b} was right.", f"{a} laughed, for {b} was right."])
    return f"{riddle}\n\n{grammar.capital(said)}"
