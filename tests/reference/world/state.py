"""What is true in the small world at one moment: persons, things and places, and facts about them."""
from dataclasses import dataclass, field


@dataclass(eq=False)
class Char:
    """A person or an animal. gender: f, m or n (`it`)."""
    name: str
    kind: str
    gender: str
    look: str = ""
    tags: frozenset = frozenset()


@dataclass(eq=False)
class Thing:
    """A thing with its look: `kite`, `red`."""
    noun: str
    look: str = ""
    tags: frozenset = frozenset()

    @property
    def full(self):
        return f"{self.look} {self.noun}" if self.look else self.noun


@dataclass(eq=False)
class Place:
    """A place with the preposition that says that somebody is there."""
    noun: str
    prep: str
    tags: frozenset = frozenset()
    to: str = ""             # the way there, where `to the ...` does not fit


SOMEWHERE = Place("", "", frozenset({"nowhere"}))

# Of these facts only one holds at a time for the argument at that position: whoever goes somewhere leaves where she was.
FUNCTIONAL = {"at": 0, "has": 1, "feels": 0, "weather": None, "time": None, "hidden": 0}


@dataclass
class State:
    """Facts by predicate, and the log of all events that made them."""
    facts: dict = field(default_factory=dict)
    log: list = field(default_factory=list)      # (event name, bindings)
    ever: set = field(default_factory=set)       # predicates that held at some time

    def add(self, pred, args):
        self.ever.add(pred)
        held = self.facts.setdefault(pred, [])
        if pred in FUNCTIONAL:
            i = FUNCTIONAL[pred]
            held[:] = [f for f in held if i is not None and f[i] != args[i]]
        if args not in held:
            held.append(args)

    def remove(self, pred, args):
        """Removes facts; None among the arguments stands for any value."""
        held = self.facts.get(pred)
        if held:
            held[:] = [f for f in held if not all(a is None or a == b for a, b in zip(args, f))]

    def matches(self, pred, args):
        """All facts that agree with the arguments; None agrees with any value."""
        return [f for f in self.facts.get(pred, ()) if len(f) == len(args) and all(a is None or a == b for a, b in zip(args, f))]

    def place(self, who):
        for f in self.facts.get("at", ()):
            if f[0] is who:
                return f[1]
        return None
