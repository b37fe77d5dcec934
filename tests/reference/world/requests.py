"""A reader asks for a story, and the storyteller tells it: what was asked for is in it."""
from . import grammar, tale

WISHES = [grammar.read("@past " + w, plain=True) for w in """
Tell me a story about {A.a}.
Tell me a story about {A.a} and {T.a}.
Tell me a story about {A.a} and {B.a}.
Tell me a story about {A.a} {P.in}.
Tell me one of your stories.
Tell me a nice story.
Tell me a tale about {T.a}.
Tell me about {A.name} the {A.kind}.
tell me about {A.name}
tell me a story about {A.a} and {T.a} please
Please tell me a story about {A.a}.
Please tell me a story about {B.a} and {T.a}.
Please, a story!
Can you tell me a story about {T.a}?
Can you tell me a story about {A.a} named {A.name}?
Could you tell a story about {A.a} who has {T.a}?
I want a story about {A.a}.
I want to hear a story about {T.a} and {A.a}.
I would like to hear about {A.name} and {B.name}.
I would like a story with {A.a}, {B.a} and {T.a} in it.
Do you know a story about {A.a}?
Do you know a tale about {T.a}?
Do you know what happened {P.in}?
What happened to {A.name}?
What happened to {T}?
what happened to the {A.kind}
Make up a story about {A.a}.
Make up a story with {T.a} in it.
A story about {A.a}, please.
A story about {A.a} and {T.a}, please.
Story about {A.a}
story about {A.a} and {B.a}
Write a story about {A.a}.
Write a short story about {A.a} and {T.a}.
Write a tale about {A.name} and {B.name}.
Write me a story about {P}.
Tell us a story about {P}.
Tell us the story of {A.name}.
Tell me the one about {A.a} and {T.a}.
Once more the story about {A.a}, please.
Tell me a bedtime story.
Tell me a bedtime story about {A.a}.
My little sister wants a story about {A.a}.
We want a story about {B.a}!
Give me a story about {A.a} and {T.a}.
Let me hear something about {A.a}.
Is there a story about {A.a} and {B.a}?
Who is {A.name}?
Who had {T.a}?
Another story, please. This time about {A.a}.
Something about {T.a}, please.
Begin a story about {A.a}.
Tell a funny story about {A.a}.
Tell me a short story about {A.a}.
Tell me a good story about {A.name}.
A tale of {A.a} and {B.a}.
The story of {A.name} the {A.kind}, please.
Tell me what {A.name} the {A.kind} did.
Tell me a story about something that happened {P.in}.
""".strip().split("\n")]
YES = ["", "", "", "", "", "", "", "Gladly.", "Here it is.", "Very well, listen.", "Of course.", "Listen.", "With pleasure."]


def roles(t):
    """The tale's roles by letter, and those of its things and places that were told of."""
    bind = {k: v for k, v in t.scope.items() if len(k) == 1}
    return {k: v for k, v in bind.items() if any((v, form) in t.teller.said for form in ("noun", "kind", "name"))}


def wish(t):
    """A sentence that asks for this tale."""
    bind = roles(t)
    for _ in range(30):
        w = t.rng.choice(WISHES)
        if all(k in bind and (form != "name" or (bind[k], "name") in t.teller.said) for k, form in tale.needs(w)):
            text = t.aside().tell(w, bind)
            if w.source.removeprefix("@past ")[0].islower() or t.rng.random() < .06:
                text = text[0].lower() + text[1:]
            if t.rng.random() < .08:
                text = text.rstrip(".!")
            return text
    return "Tell me a nice story."


def text(t):
    answer = t.rng.choice(YES)
    title = t.title() if t.rng.random() < .6 else None
    return "\n\n".join([wish(t)] + [p for p in (answer, title) if p] + [t.body])
