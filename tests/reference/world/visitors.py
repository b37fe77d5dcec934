"""Texts that begin as visitors begin: in the middle of a tale, with a chapter, a diary, a letter, a poem, a question about the world.

Beginnings that a plot can go on from stand in `events/visitors.txt`; the plot's own opening is then left out.
"""
from . import content, drills, grammar, lexicon, names, storyteller, tale

class Begun(tale.Tale):
    """A tale whose beginning is given: the plot does not bring in again who is known from it."""

    known = ()

    def _known(self, event, args, scope):
        new = [scope.get(a) for p, a in zip(event.params, args) if p in event.new]
        return bool(new) and all(e in self.known for e in new)

    def play(self):
        self._cast(self.plot, self.scope)
        self.hero = hero = self.scope["A"]
        renamed(self, hero)
        if self.style.first and hero.name:
            self.teller.narrator = hero
        event, bind = self._beginning()
        if not self.say(event, bind):
            raise tale.CannotHappen("no beginning fits")
        self.known = {bind[k] for k in event.new}
        if "B" in event.params:
            self.teller.paragraph()     # after two, a pronoun would not be clear
        self._beats(self.plot.beats, self.scope)
        return self

    def _beginning(self):
        """One of the events of `events/visitors.txt` that fits the plot, with its roles."""
        scope, first = self.scope, {name for name, _ in self.plot.beats[0].calls}
        steps = [call for beat in self.plot.beats[:3] if beat.kind == "do" for call in beat.calls]
        choices = ["visitor_one"] * 3
        if ("open_with", ["A", "T"]) in steps or ("owns", ["A", "T"]) in steps:
            choices += ["visitor_thing"] * 4
        if "open_two" in first or ("friend", ["A", "B"]) in steps:
            choices += ["visitor_two"] * 6
        if "home" not in scope and self.rng.random() < .3:
            choices += ["visitor_place"]
        event = self.content.events[self.rng.choice(choices)]
        bind = {k: scope[k] for k in event.params if k in scope}
        if "P" in event.params:
            bind["P"] = self.place(["home"])
        return event, bind


def renamed(t, hero):
    """Some heroes have a family name."""
    if hero.name and "grown" in hero.tags and t.rng.random() < .3:
        style = t.rng.choice([s for s in names.STYLES if names.STYLE_GENDER.get(s, hero.gender) == hero.gender])
        name = f"{style} {t.rng.choice(lexicon.LISTS['family'])}"
        if names.is_held(name) == t.held:
            hero.name = name


_plots = {}


def play(rng, held, first=None):
    """A tale with a visitor's beginning; `first` says whether the hero tells it."""
    if held not in _plots:       # plots whose first step is a scene that only brings the hero in: open, open_with and the like
        every = [p for p in content.load().plots.values() if p.cast and p.cast[0][0] == "A" and p.beats[0].kind == "do" and all("open" in name for name, _ in p.beats[0].calls)]
        _plots[held] = [p for p in every if p.held == held] or every
    while True:
        style = tale.Style.pick(rng)
        if first is not None:
            style.first, style.voice, style.present = first, "1", False
        t = Begun(rng, held, style, rng.choice(_plots[held]))
        try:
            return t.play()
        except tale.CannotHappen:
            continue


# ---------------------------------------------------------------- tales under a heading, or asked for

def voiced(rng, t):
    """The tale's text; some visitors write small letters, some shout."""
    first, rest = t.told[0].text, t.body[len(t.told[0].text):]
    chance = rng.random()
    return (first.lower() if chance < .05 else first.upper() if chance < .08 else first) + rest


def begun(rng, held):
    return voiced(rng, play(rng, held))


def finished(rng, held):
    t = play(rng, held)
    first, ask = t.told[0].text, rng.choice(["Finish this story: {}", "Continue this story: {}", "Go on with this: {}", "Here is my beginning: {}", "How does it go on? {}", "{} What happened then?",
                                             "Finish the tale. {}", "My story begins like this: {}", "Please continue: {}", "{} Go on, please.", "Finish my sentence, and the story: {}"])
    return f"{ask.format(first)}\n\n{t.body[len(first):].strip()}"


def headed(rng, held):
    t = play(rng, held)
    title = t.title() or "A Small Story"
    roles = [f"The {grammar.title_case(t.scope[k].kind if k in 'AB' else t.scope[k].noun)}" for k in "ABT" if k in t.scope and any(t.scope[k] in x.bind.values() for x in t.told)]
    if len(roles) > 1 and rng.random() < .4:
        title = drills.join(roles)
    number = rng.choice(["1", "1", "1", "One", "I", "2", "3", "Two", "Four", "5", "7"])
    form = rng.choice(["Title: {0}", "Title: {0}", "Title: {0}", "Story: {0}", "{0}", "{0}", "{2}", "{3}", "{0}.", "The title is: {0}", "Chapter {1}", "Chapter {1}", "Chapter {1}", "Chapter {1}: {0}", "Chapter {1}. {0}",
                       "CHAPTER {1}", "Part {1}", "Part {1}: {0}", "The first chapter", "{0}\n\nChapter {1}", "A story: {0}", "\"{0}\"", "# {0}"])
    return form.format(title, number, title.lower(), title.upper()) + rng.choice(["\n\n", "\n\n", "\n"]) + t.body


def choice(rng, text):
    """A line with `[a|b]` in it, chosen."""
    return grammar.re.sub(r"\[([^\[\]]*)\]", lambda m: rng.choice(m[1].split("|")), text)


DIARY = ["today was a [strange|good|long|wonderful|sad|funny|quiet] day.", "I have to tell you something.", "you will not believe what happened.", "it is late, but I must write this down.",
         "I am [very tired|a little sad|happy|still awake], and I will tell you why.", "I have not written for a long time.", "today I [learned something|was very brave|made a mistake|saw something strange].",
         "I have a secret.", "nobody else may read this.", "it rained all day [today|on Monday|again]."]
LETTER = ["I hope that you are well.", "how are you? I am well.", "thank you for your letter.", "I miss you very much.", "here everything is as always, or almost.", "you asked me what is new.", "it is [snowing|raining|hot] here."]


def written(rng, held):
    """A diary or a letter: the hero tells."""
    t = play(rng, held, True)
    if rng.random() < .6:
        day = rng.choice(["", "", "", "Monday. ", "Sunday, in the evening. ", "Friday\n", "The first of May. "])
        head = rng.choice(["Dear diary,", "Dear diary,", "Dear Diary,", "dear diary,", "Dear diary!"])
        line = choice(rng, rng.choice(DIARY)) if rng.random() < .7 else ""
        if line and head[-1] == "!":
            line = grammar.capital(line)
        end = rng.choice(["", "", "\nGood night, dear diary.", "\nNow I am going to bed.", "\nTomorrow I will write more."])
        return f"{day}{head}{rng.choice(['', chr(10), chr(10)]) or ' '}{line + ' ' if line else ''}{t.body}{end}"
    to = rng.choice([person(rng, held), person(rng, held), "Grandmother", "Mother", "friend", "Uncle", "Santa"])
    return (f"Dear {to},\n{choice(rng, rng.choice(LETTER))} I must tell you what happened to me. {t.body}\n"
            + rng.choice(["Your {}", "Yours, {}", "With love, {}", "Write soon! Your {}"]).format(t.hero.name))


ADJECTIVES = """scary sad happy funny long short very_short magic strange new old true nice silly exciting beautiful quiet creepy good warm little wonderful weird crazy different better great sweet cozy wild brave dark secret
quick lovely clever simple cheerful calm big spooky interesting terrible merry gentle surprising""".split()
SORTS = "Christmas winter summer spring bedtime fairy love pirate dragon animal ghost adventure mystery family school forest sea space night birthday cat dog robot princess friendship detective farm train magic monster Easter rainy-day".split()
ANSWERS = ["", "", "", "", "Gladly. Here it is.", "Very well, listen.", "Of course. Sit down.", "I think that I know one.", "Let me think. Yes!", "With pleasure.", "This one is for you."]


def wanted(rng, held):
    """A story of some sort, or something that only a story can answer."""
    t = play(rng, held)
    adjective = rng.choice(ADJECTIVES).replace("_", " ")
    sort = grammar.article(rng.choice(SORTS))
    kind, name = t.hero.kind, t.hero.name
    named = (t.hero,) in t.state.facts.get("named", ()) and (t.hero is not t.teller.narrator)
    some = grammar.article(adjective)
    if named and rng.random() < .5:
        ask = rng.choice([f"Why is {name} so famous?", f"Who was {name}?", f"What do you know about {name}?", f"What did {name} do?", f"What happened to {name} the {kind}?", f"What happened to the {kind}?",
                          f"what happened to the {kind}", f"Why do you like {name}?", f"Where is the {kind}?", f"Do you know {name}?", f"Why is the {kind} so tired?", f"Is the {kind} all right?",
                          f"What is the {kind} doing?", f"What about the {kind}?", f"Have you heard of {name}?", f"How is the {kind}?", f"Why did the {kind} go away?", f"and the {kind}?"])
        answer = rng.choice(["", "", "I will tell you.", "That is a story of its own.", "Listen, then you will know.", "It was like this.", "Nobody knows it as well as I do."])
    elif named and rng.random() < .4:
        ask = choice(rng, rng.choice([f"How do I {rng.choice(lexicon.LISTS['hobby'])}?", f"How can I {rng.choice(lexicon.LISTS['hobby'])}?", "How do I find the [gold|princess|way home|key|castle|secret door|right way|sea]?",
                                      "How can I [be brave|be happy|find my cat|become famous|find a friend]?", "What should I do [today|now|with my day]?", "How do I [win|start|sleep|get to the moon|open the door]?"]))
        answer = rng.choice([f"I do not know. But {name} the {kind} wanted to know that, too.", f"You could ask {name} the {kind}. Listen to this.", f"That is hard to say. Let me tell you about {name} the {kind}.",
                             f"Do as {name} the {kind} did. That is this story:"])
    else:
        ask = rng.choice([f"Tell me {some} story.", f"Tell me {some} story", f"Tell me {some} story, please.", f"tell me {some} story", f"I want {some} story!", f"Do you know {some} story?", f"Write {some} story.",
                          f"Can you tell me {some} story?", f"{adjective} story", f"{grammar.capital(some)} story, please!", f"Make up {some} story.", f"Tell us {some} story about {grammar.article(kind)}.", f"Tell me {sort} story.", f"tell me {sort} story", f"Do you know {sort} story?", f"{grammar.capital(sort)} story, please.",
                          f"I would like {sort} story.", f"Write {sort} story.",
                          f"Tell me {some} story about {grammar.article(kind)}.", f"Write {some} story about {grammar.article(kind)}", f"Story time!", "Surprise me.", "Tell me something.", "I am bored. Tell me a story.",
                          f"My favorite animal is the {kind}.", f"I like stories about {grammar.plural(kind)}.", f"{grammar.capital(grammar.article(kind))}!", f"{kind}", f"TELL ME A STORY ABOUT {grammar.article(kind).upper()}!",
                          "TELL ME A STORY", "START!", "Go!", "start", "Begin.", "Say something.", "Once more!", "I want to hear something new."])
        answer = rng.choice(ANSWERS)
    title = t.title() if rng.random() < .3 else None
    return "\n\n".join([ask] + [x for x in (answer, title) if x] + [t.body])


# ---------------------------------------------------------------- short texts

OUTSIDE = [p for p, e in lexicon.PLACES.items() if {"walk", "outdoors"} <= e.tags]
ALIVE = [k for k, e in lexicon.KINDS.items() if e.tags & {"animal", "person", "child"}]

def person(rng, held, taken=()):
    return names.choose(rng, rng.choice("fm"), rng.random() < .35, list(taken), held, False)


VERSES = """The {x} is old, the {x} is wise,|it has a thousand little eyes.
The {x} is near, the {x} is far,|it shines at night just like a star.
I saw the {x} in morning light,|it was so small, it was so bright.
O little {x}, where do you go?|Across the hills, into the snow.
The wind may blow, the rain may fall,|the {x} does not mind at all.
I dreamed about the {x} last night,|it flew away, a bird in flight.
The {x}, the {x}, it sings a song,|the night is short, the day is long.
When evening comes and lamps are lit,|I think about the {x} a bit.
The moon goes up, the sun goes down,|the {x} is known in every town.
Who knows the {x}? I know it well,|but what it said I will not tell.
And if you ask me what I love,|the {x} below, the stars above.
The {x} was here, the {x} is gone,|but still its little song goes on.
The {x} is blue, the {x} is green,|the finest that I've ever seen.
Good night, dear {x}, sleep well, sleep deep,|the whole wide world is now asleep.
Be still and listen, close your eyes,|and hear the {x}, how soft it sighs.
The {x} and I, we had some tea,|it told its dreams to you and me.
In winter cold, in summer heat,|the {x} has never wet its feet.
There is no {x} as fine as you,|I say it, and I know it's true.""".split("\n")
POEM_ABOUT = "sun snow moon wind rain river night spring winter star sky cloud forest garden hill house road leaf flower train summer autumn island storm morning evening tree stone castle".split()


def poem(rng, held):
    x = rng.choice(POEM_ABOUT if rng.random() < .5 else rng.choice([list(lexicon.THINGS), list(lexicon.KINDS), list(lexicon.PLACES)]))
    lines = [[grammar.capital(line.format(x=x)) for line in v.split("|")] for v in rng.sample(VERSES, rng.choice((2, 2, 3, 4)))]
    text = "\n".join(line for v in lines for line in v)
    the, some = "the " + x, grammar.article(x)
    ask = choice(rng, rng.choice([f"Write a [|little |short |funny |nice ]poem about {the}[.||, please.]", f"Write a poem about {some}[.|]", f"Tell me a poem about {the}.", f"write a poem about {the}", f"A poem about {the}, please.",
                                  f"Make a [poem|rhyme|song] about {the}.", f"Can you write a [poem|song] about {some}?", f"Write me a [song|verse|rhyme] about {some}.", f"Do you know a poem about {the}?", f"Sing a song about {the}!",
                                  f"poem about {the}", f"Title: {grammar.title_case(the)}\n\nA poem", f"I want a poem about {the}.", f"The {grammar.title_case(x)}: a poem"]))
    return ask + "\n\n" + text


COLOURS = """grass=green|a lemon=yellow|snow=white|a crow=black|milk=white|coal=black|a ripe tomato=red|a frog=green|an elephant=grey|blood=red|a carrot=orange|the sun=yellow|night=black|chocolate=brown|a strawberry=red
a cucumber=green|a banana=yellow|the sea=blue|a cloud=white|a swan=white|a fox=red|a bear=brown|a leaf in spring=green|a leaf in autumn=red or yellow|salt=white|a cherry=red|a mouse=grey|a pumpkin=orange|a plum=purple
the sky at night=black|a clear sky in summer=blue|the moon=white|honey=golden|a polar bear=white|a pig=pink|a raven=black|a flamingo=pink|sand=yellow|a blueberry=blue|an orange=orange|a zebra=black and white"""
FACTS = """How many legs does a [dog|cat|horse|cow|lion|mouse] have?=Four.|It has four legs.
How many legs does a spider have?=Eight.|It has eight legs.
How many legs does a [bird|duck|hen|person] have?=Two.|It has two legs.
How many legs does a fish have?=None. A fish has no legs.
How many legs does an ant have?=Six.|An ant has six legs.
How many days are there in a week?=Seven.|There are seven days in a week.
How many months are there in a year?=Twelve.|There are twelve months in a year.
How many fingers do you have on one hand?=Five.|On one hand there are five fingers.
What comes after Monday?=Tuesday.|After Monday comes Tuesday.
What day comes after Friday?=Saturday.|After Friday comes Saturday.
What comes after three?=Four.|After three comes four.
What comes after ten?=Eleven.
What does a cow say?=Moo!|A cow says moo.
What does a [cat|kitten] say?=Meow!|It says meow.
What does a [dog|puppy] say?=Woof!|It says woof.
What does a duck say?=Quack!|A duck says quack.
What does an owl say?=Hoo, hoo!|An owl says hoo.
What is the opposite of [big|large]?=Small.|The opposite is small.
What is the opposite of hot?=Cold.|The opposite of hot is cold.
What is the opposite of day?=Night.|The opposite of day is night.
What is the opposite of [happy|glad]?=Sad.|The opposite is sad.
What do bees make?=Honey.|Bees make honey.
What do [cows|rabbits|sheep] eat?=Grass.|They eat grass.
What do birds have that we do not have?=Wings.|Birds have wings.
Where do fish live?=In the water.|Fish live in the water.
Where do birds live?=In nests, in the trees.|Many birds live in nests.
Where does the sun rise?=In the east.|The sun rises in the east.
Where does the sun go at night?=It goes down in the west and comes back in the morning.
When does the sun come up?=In the morning.|It comes up in the morning.
When do owls sleep?=By day.|Owls sleep by day.
What is a young cat called?=A kitten.|It is called a kitten.
What is a young dog called?=A puppy.|It is called a puppy.
What is a young sheep called?=A lamb.|It is called a lamb.
What is ice made of?=Water.|Ice is frozen water.
What is bread made of?=Flour and water.|It is made of flour and water.
What is bigger, a mouse or an elephant?=An elephant.|The elephant is bigger.
What is faster, a snail or a hare?=A hare.|The hare is faster.
What is [warmer|hotter], ice or fire?=Fire.|Fire is hotter.
Why is the [sea|ocean] salty?=Because rivers carry salt from the stones into the sea.
Why is the grass green?=Because there is something green in its leaves that catches the light of the sun.
Why do birds fly south?=Because it is warm there, and they find more to eat.
Why does it rain?=Because the clouds are full of water. When the drops grow too heavy, they fall.
Why is it dark at night?=Because the sun is on the other side of the world.
Why do leaves fall?=Because the trees rest in winter and do not need them.
Why do [cats|dogs] sleep so much?=Because they are tired from all their dreams.
Why do we sleep?=Because we are tired, and because dreams need time.
Why is snow cold?=Because it is made of frozen water.
Why is the moon bright?=Because the sun shines on it.
Why do stars twinkle?=Because their light has to come through the moving air.
Why do fish not drown?=Because they can breathe under water.
Why do bees like flowers?=Because they make honey from what they find in them.
Why do we laugh?=Because something is funny, or because we are happy.
Can [pigs|cows|dogs|elephants] fly?=No, they cannot fly.
Can [ducks|fish|frogs] swim?=Yes, they can swim very well.
Is the moon made of cheese?=No, it is made of stone.
Is the sun hot?=Yes, very hot.
Is water wet?=Yes, water is wet.
Is the [sea|ocean] deep?=Yes, very deep.""".split("\n")


def fact(rng, held):
    """A question about the world with its answer."""
    if rng.random() < .35:
        what, colour = rng.choice(COLOURS.replace("\n", "|").split("|")).split("=")
        word = rng.choice(["colour", "color"])
        ask = rng.choice([f"What {word} is {what}?", f"What {word} is {what}?", f"Which {word} does {what} have?", f"Tell me the {word} of {what}."])
        answers = [f"{grammar.capital(colour)}.", f"{grammar.capital(what)} is {colour}.", f"It is {colour}."]
    else:
        ask, answers = rng.choice(FACTS).split("=")
        ask, answers = choice(rng, ask), answers.split("|")
    answer = rng.choice(answers)
    form = rng.random()
    if form < .4:
        return f"Q: {ask}\nA: {answer}"
    if form < .5:
        return f"Question: {ask}\nAnswer: {answer}"
    if form < .6:
        ask = ask[0].lower() + ask[1:].rstrip("?.")
    thing = grammar.article(rng.choice(list(lexicon.THINGS)))
    more = rng.choice(["", "", f" But I know more about tales. Shall I tell you one about {grammar.article(rng.choice(list(lexicon.KINDS)))}?", f" Do you want to hear a story about {thing}?", " What else would you like to know?"])
    return f"{ask}\n\n{answer}{more}"


NOUNS = "apple pear nut coin egg marble button shell cookie plum stone carrot stamp feather ball hat book cherry balloon key candle fish duck flower".split()


def sum_(rng, held):
    """So many things, and what became of them."""
    gender = rng.choice("fm")
    a = names.choose(rng, gender, rng.random() < .35, [], held, False)
    b = person(rng, held, [a])
    noun, x = rng.choice(NOUNS), rng.randint(2, 9)
    he = grammar.capital(grammar.PRONOUNS[gender]["he"])
    count = drills.count
    if rng.random() < .6:
        y = rng.randint(1, x - 1)
        deeds = ["gives {} to " + b, "loses {}", "sells {}", "puts {} into the box"] + (["eats {}"] if noun in "apple pear nut egg cookie plum carrot cherry".split() else [])
        left = x - y
    else:
        y = rng.randint(1, 5)
        deeds = ["finds {} more", "gets {} more from " + b, "buys {} more"]
        left = x + y
    deed = rng.choice(deeds).format(drills.NUMBERS[y])
    body = f"{a} has {count(x, noun)}. {he} {deed}."
    digits = rng.random() < .1
    end = count(left, noun)
    form = rng.random()
    if form < .6:
        text = f"{body} Now {a} has {end}."
        if rng.random() < .5:
            text += rng.choice([f' "Is that enough?" asks {b}. "Yes," says {a}.', f" {a} is happy.", f" {b} is happy, too."])
    elif form < .8:
        text = f"{body} How many {grammar.plural(noun)} does {a} have now?\n\n" + rng.choice([f"{a} has {end}.", f"{grammar.capital(end)}."])
    else:
        text = f"{body}\n\nQ: How many {grammar.plural(noun)} does {a} have?\nA: {a} has {end}."
    if digits:
        text = grammar.re.sub(r"\b(" + "|".join(drills.NUMBERS[1:]) + r")\b", lambda m: str(drills.NUMBERS.index(m[1])), text)
    return text


def logic(rng, held):
    """Small reasoning."""
    a = person(rng, held)
    b = person(rng, held, [a])
    c = person(rng, held, [a, b])
    kind, thing = rng.choice(ALIVE), rng.choice(list(lexicon.THINGS))
    spot, spot2 = rng.sample(lexicon.LISTS["spot"], 2)
    more, most = rng.choice([("bigger", "biggest"), ("taller", "tallest"), ("older", "oldest"), ("faster", "fastest"), ("stronger", "strongest"), ("smaller", "smallest")])
    who = rng.choice([a, f"The {kind}"])
    low = who[0].lower() + who[1:] if who[:4] == "The " else who
    cases = [
        (f"{who} {rng.choice(['hid', 'put', 'left', 'dropped', 'laid'])} the {thing} {spot}.", f"Where is the {thing}?", [f"It is {spot}.", f"The {thing} is {spot}.", f"{grammar.capital(spot)}."]),
        (f"{who} hid the {thing} {spot}. Then {b} moved it and put it {spot2}.", f"Where is the {thing}?", [f"It is {spot2}.", f"{grammar.capital(spot2)}."]),
        (f"{who} hid the {thing} {spot}.", f"Who hid the {thing}?", [f"{who} did.", f"It was {low}."]),
        (f"{a} is {more} than {b}. {b} is {more} than {c}.", f"Who is the {most}?", [f"{a} is.", f"{a}."]),
        (f"{a} is {more} than {b}.", f"Who is {more}?", [f"{a} is.", f"{a} is {more}."]),
        (f"{a} has a {thing}. {b} has none.", f"Who has a {thing}?".replace("a a", "an a"), [f"{a} has one.", f"{a}."]),
        (f"Today is Monday.", "What day is tomorrow?", ["Tuesday.", "Tomorrow is Tuesday."]),
        (f"{a} sits between {b} and {c}.", "Who sits in the middle?", [f"{a} does.", f"{a}."]),
        (f"{a} came first, {b} came second, and {c} came last.", rng.choice(["Who was first?", "Who won?"]), [f"{a}.", f"{a} was first."]),
    ]
    body, ask, answers = rng.choice(cases)
    body = body.replace(f" a {thing}", " " + grammar.article(thing))
    ask = ask.replace(f" a {thing}", " " + grammar.article(thing))
    form = rng.random()
    answer = rng.choice(answers)
    return f"{body} {ask}\n\n{answer}" if form < .6 else f"{body}\n\nQ: {ask}\nA: {answer}" if form < .8 else f"{body}\n\n{ask}\n\n{answer}"


ROOMS = "in the kitchen|in the garden|in the cellar|under the bed|behind the door|in the bath|on the roof|under the table|in the shed|on the stairs|at school|behind the curtain|under the stairs|in the hall|in the attic".split("|")
SPOTS = ROOMS + [s for s in lexicon.LISTS["spot"] if s not in ROOMS]


def search(rng, held):
    """Somebody looks for something here and there, and finds it."""
    kind, thing = rng.choice(ALIVE), rng.choice(list(lexicon.THINGS))
    g = next((g for g in "fmn" if g in lexicon.KINDS[kind].tags), rng.choice("fm"))
    he, his = grammar.PRONOUNS[g]["he"], grammar.PRONOUNS[g]["his"]
    he_ = grammar.capital(he)
    name = names.choose(rng, g if g in "fm" else "m", rng.random() < .4, [], held, False)
    who = rng.choice([f"The {kind}", name, f"{name} the {kind}"])
    n = rng.choice((1, 2, 2, 3))
    spots = rng.sample(SPOTS, n + 1)
    look = rng.choice(["looked", "looked", "searched"])
    body = f"{who} {rng.choice(['lost', 'could not find', 'missed'])} {his} {thing}. " + " ".join(f"{he_} {look} {s}." for s in spots[:-1])
    short = who if who == name else f"the {kind}"
    end = rng.choice([f"Then {he} looked {spots[-1]}, and there it was!", f"Then {he} looked {spots[-1]} and found it.", f"Then {he} sat down and thought. At last {he} looked {spots[-1]}, and there was the {thing}!",
                      f"Then {he} remembered: the {thing} was {spots[-1]}!"])
    last = rng.choice([f'"There you are," said {short}.', f"{grammar.capital(short)} was very happy.", f'"I will never lose it again," said {short}.', f"{grammar.capital(short)} laughed and went home.", ""])
    ask = f"\n\nQ: Where was the {thing}?\nA: {rng.choice(['It was ' + spots[-1], grammar.capital(spots[-1])])}." if rng.random() < .25 else ""
    return f"{body} {end} {last}".strip() + ask


def trio(rng, held):
    """Three with their names."""
    a = person(rng, held)
    b = person(rng, held, [a])
    c = person(rng, held, [a, b])
    all_ = f"{a}, {b} and {c}"
    things = [grammar.article(t) for t in rng.sample(list(lexicon.THINGS), 3)]
    place, other = rng.sample(OUTSIDE, 2)
    kind, food = rng.choice(ALIVE), rng.choice(lexicon.LISTS["food"])
    at = drills.at
    first = choice(rng, rng.choice([f"{all_} were [friends|neighbors|cousins|best friends|always together|in the same class].", f"{all_} were [hungry|bored|lost|on their way home|very happy].", f"{all_} lived {at(place)}.",
                                    f"{all_} went to the {other}.", f"Once there were three friends: {all_}.", f"Three [friends|sisters|brothers|children|mice] lived {at(place)}. Their names were {all_}.", f"{all_} had [a secret|a plan|an idea]."]))
    second = rng.choice([f"One day they packed a bag and went to the {other}.", f"One morning they wanted to see the {other}.", f"{a} said: \"Let us go to the {other}!\"", f"On Sunday they walked to the {other} together."])
    third = rng.choice([f"{a} took {things[0]} along, {b} took {things[1]}, and {c} took {things[2]}.", f"{a} had {things[0]}, {b} had {things[1]}, and {c} had only a song."])
    fourth = rng.choice([f"On the way they met {grammar.article(kind)} who was hungry. {b} shared the {food} with everyone.", f"There {grammar.article(kind)} was waiting for them. \"Come in,\" said the {kind}, \"there is {food}.\"",
                         f"Suddenly it began to rain. {c} saw an old hut, and they all ran inside. There sat {grammar.article(kind)} who told them stories."])
    fifth = rng.choice([f"In the evening {all_} went home and were tired and happy.", f"\"That was the best day of all,\" said {c}, and {a} and {b} nodded.", f"Then {all_} walked home under the stars.", f"{a} laughed, {b} sang, and {c} fell asleep."])
    return " ".join([first, second, third, fourth, fifth])


def siblings(rng, held):
    """Two who are alike, or nearly."""
    g = rng.choice("fm")
    a = names.choose(rng, g, rng.random() < .35, [], held, False)
    b = names.choose(rng, g, rng.random() < .35, [a], held, False)
    he, his = grammar.PRONOUNS[g]["he"], grammar.PRONOUNS[g]["his"]
    word = "sisters" if g == "f" else "brothers"
    thing, other = rng.sample(list(lexicon.THINGS), 2)
    some, place = grammar.article(thing), rng.choice(OUTSIDE)
    one, two = rng.sample(lexicon.LISTS["hobby"], 2)
    food = rng.choice(lexicon.LISTS["food"])
    first = choice(rng, rng.choice([f"Once there were [two|twin] {word}, {a} and {b}, who [looked alike|did everything together|lived by the river|shared one bed|could not agree].", f"{a} and {b} were [twins|{word}|twin {word}].",
                                    f"The two {word} {a} and {b} [lived at the end of the village|were never bored|had the same hat].", f"My name is not {a}, and it is not {b}, but I know a story about these two {word}.",
                                    f"Once upon a time there lived two {word} named {a} and {b}."]))
    second = f"{a} liked to {one}, and {b} liked to {two}."
    third = choice(rng, rng.choice([f"One day they [quarreled|fought] because both of them wanted the {thing}.", f"One day they went to the {place} and found {some}. Both of them wanted it.",
                                    f"On their birthday they got {some}, but only one. \"It is mine,\" said {a}. \"No, mine,\" said {b}."]))
    fourth = rng.choice([f"{a} took the {thing} and ran away with it. But alone it was no fun, and so {he} came back. \"Let us share it,\" {he} said.", f"In the evening {b} gave the {thing} to {his} {word[:-1]}. \"You have it today, and I tomorrow,\" said {b}.",
                         f"Their grandmother laughed and gave them {grammar.article(other)}, too. Now {a} had the {thing}, and {b} had the {other}."])
    fifth = rng.choice([f"Then they ate {food} and laughed about it.", f"From that day on {a} and {b} shared everything.", f"And when {a} fell asleep, {b} was already dreaming.", "They never quarreled about it again."])
    return " ".join([first, second, third, fourth, fifth])


EMOJI = [chr(c) for c in [*range(0x1F600, 0x1F642), *range(0x1F643, 0x1F650), *range(0x1F400, 0x1F43F), *range(0x1F300, 0x1F320), *range(0x1F330, 0x1F380)]]
TONGUES = """¿Dónde está [el perro|la casa|mi madre|el mar|la luna]?|¿Cómo [estás|te llamas]?|Hola, [amigo|me llamo Ana|señor]|Había una vez [un rey|una niña|un ratón]|Cuéntame un cuento|[Où est|Voilà] [le chien|la maison|mon ami] ?
Il était une fois [un roi|une fille|un loup]|Je m'appelle [Luc|Marie]|Es war einmal [ein König|eine Maus|ein Mädchen]|Wo ist [der Hund|das Haus|mein Hut]?|Ich heiße [Karl|Lena]|C'era una volta [un re|una volpe]|Dov'è [il cane|il mare]?
Olá, [amigo|como vai]?|Era uma vez [um rei|um gato]|Var är [hunden|huset]?|Hvor er [min katt|månen]?|Waar is [de hond|de zee]?|Gdzie jest [pies|dom]?|Merhaba, nasılsın?|Kde je [pes|dům]?|Hei, mitä kuuluu?|こんにちは|Привет|Γειά σου|你好|안녕|नमस्ते|שלום|مرحبا"""
TONGUES = [p for line in TONGUES.split("\n") for p in grammar.re.split(r"\|(?![^\[]*\])", line)]     # a bar within brackets does not part them
ROWS = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertz"]


def odd(rng, held):
    """Nonsense, signs and other tongues."""
    kind, other, thing = (grammar.article(rng.choice(list(t))) for t in (lexicon.KINDS, lexicon.KINDS, lexicon.THINGS))
    name = person(rng, held)
    form = rng.random()
    tell = rng.choice([f"Shall I tell you a story about {kind}?", f"May I tell you about {kind} and {thing}?", f"Do you want to hear about {kind} named {name}?", f"Would you like a tale about {kind}, or rather about {other}?",
                       f"Once there was {kind} named {name}. Do you want to hear more?", f"Give me a word, and I will begin a tale. Or shall it be about {kind}?"])
    if form < .3:
        ask = "".join(rng.sample(EMOJI, rng.choice((1, 1, 1, 2, 3))))
        answer = rng.choice(["What a nice little picture!", "A picture says a lot.", "That made me smile.", "I cannot draw, but I can tell tales.", "A little picture, and no word!", "I like that."])
    elif form < .5:
        ask = choice(rng, rng.choice(TONGUES))
        answer = rng.choice(["I only know English, I am sorry.", "That sounds beautiful, but I only speak English.", "I wish that I knew your language. I tell my tales in English.", "I do not understand that, but I like the sound of it."])
    elif form < .8:
        row = rng.choice(ROWS)
        i = rng.randrange(len(row) - 3)
        word = row[i:i + rng.randint(3, 6)]
        ask = rng.choice([word, word + " " + row[:3], storyteller.noise(rng), storyteller.noise(rng) + " " + word, word * 2, rng.choice("abcdehmnoz") * rng.randint(2, 7), storyteller.noise(rng).upper()])
        answer = rng.choice(["I do not know that word.", "That is a strange word.", "Did a cat walk over your keys?", "Is that the language of the birds?", "I read it twice and still do not understand it."])
    else:
        ask = rng.choice([str(rng.randint(0, 999999)), str(rng.randint(0, 99)), " ".join(str(rng.randint(0, 9)) for _ in range(4)), "".join(str(d % 10) for d in range(rng.randint(0, 5), rng.randint(6, 9)))])
        if ask == "12345":
            ask = "123456"
        answer = rng.choice(["That is a fine number.", "So many?", "A number! Numbers are good for counting sheep.", "I can count, but I would rather tell a tale.", f"{grammar.capital(kind)} could count that far, but it would take long."])
    return f"{ask}\n\n{answer} {tell}"


def lost(rng, held):
    """Somebody calls out, or ends, or wishes; the storyteller answers."""
    kind, thing = grammar.article(rng.choice(list(lexicon.KINDS))), grammar.article(rng.choice(list(lexicon.THINGS)))
    name = person(rng, held)
    ask, answers = rng.choice([
        (["HELP!", "HELP ME PLEASE", "I AM SO LOST", "help, I am lost", "Help! I am [afraid|lost|alone]!", "WHERE AM I", "I AM [ALONE|AFRAID|HUNGRY|TIRED]", "CAN ANYBODY HEAR ME", "please help me", "SOMEBODY HELP", "Is anybody there?"],
         ["Do not be afraid, I am here. Sit down by the fire, and tell me what you see around you.", "I hear you! Stay where you are, and somebody will find you. Until then I will tell you a story.",
          f"Do not worry. {name} the fox was lost, too, and found the way home by the light of the moon.", "I am with you. Look for a light and walk toward it, one step after the other."]),
        (["The end", "the end", "THE END", "And that is the end.", "Finished.", "It is over.", "And they lived happily ever after.", "That was all."],
         [f"And where one tale ends, another begins. Shall I tell you about {kind}?", f"Was that the end? I know what came after it: the next morning {kind} knocked at the door.", "The end is a good place to stop. But there is time for one more tale. Do you want it?",
          f"Every tale has an end. The next one is about {kind} and {thing}. Shall I begin?"]),
        (["Hello, who is there?", "Hello? Who are you?", "hi who are you", "Hey! What are you?", "Hello, my friend", "Hello world", "HELLO", "Good afternoon!", "Hello, can you hear me?", "hello there"],
         ["Hello! I am a teller of tales. What shall I tell you about?", f"Hello! I tell tales. Would you like one about {kind}?", "Good day! I am only a small voice that tells stories. And who are you?"]),
        (["What's your name?", "What are you called?", "Do you have a name", "Tell me your name.", "whats your name", "Who is speaking?"],
         ["I have no name of my own. I only tell tales of others. What is your name?", "People call me the storyteller. And what is your name?", f"I have no name. You may call me {name}, if you like."]),
    ])
    return choice(rng, rng.choice(ask)) + "\n\n" + rng.choice(answers)


FORMS = {begun: 56, finished: 3, headed: 8, written: 5, wanted: 10, poem: 3, fact: 4, sum_: 3, logic: 3, search: 3, trio: 2, siblings: 2, odd: 3, lost: 2}


def text(rng, held):
    """A text of one of the forms."""
    return rng.choices(list(FORMS), list(FORMS.values()))[0](rng, held)
