"""Events: what must be true before, what is true after, and the wordings and questions that tell of it."""
import re
from dataclasses import dataclass, field

from . import grammar
from .state import SOMEWHERE, Char


@dataclass(eq=False)
class Atom:
    """One fact of a condition or an effect, with variables: `has A T`, `!asleep A`, `-feels A`."""
    pred: str
    args: list
    sign: str = ""

    @staticmethod
    def parse(text, where):
        m = re.fullmatch(r"([!-]?)\s*([a-z_]+)((?:\s+[$]?[A-Za-z_?]+\d?)*)", text.strip())
        if not m:
            raise grammar.WordingError(f"{text!r} is no fact ({where}); write `has A T`, `!asleep A` or `-has A T`")
        return Atom(m[2], m[3].split(), m[1])


def is_variable(arg):
    return arg[0] == "$" or arg == "?" or re.fullmatch("[A-E]|[T-W]|[P-R]", arg)


def value(arg, bind):
    """The value of an argument: an entity, a picked word, a constant, or None if it is not known yet."""
    if arg == "?":
        return None
    if arg[0] == "$":
        return bind.get(arg[1:])
    if is_variable(arg):
        return bind.get(arg)
    return arg


@dataclass(eq=False)
class Question:
    """`Q who? = answer`: asked after a tale in which the event happened; what stands in the answer alone is what is asked.
    `q(word) who? = answer`: only if the sentence that tells of the event has the word."""
    ask: grammar.Wording
    answers: list
    word: object = None

    def is_told(self, text):
        return self.word is None or bool(self.word.search(text))


@dataclass(eq=False)
class Event:
    """An event of the world."""
    name: str
    params: list
    absent: set = field(default_factory=set)       # roles only spoken of: they may be asleep, away or elsewhere
    conditions: list = field(default_factory=list)
    effects: list = field(default_factory=list)
    wordings: list = field(default_factory=list)
    questions: list = field(default_factory=list)
    incidental: bool = False        # may happen beside any plot
    calm: bool = False              # something incidental may follow
    source: str = ""

    def __post_init__(self):
        self.new = {a.args[0] for a in self.effects if a.pred == "new"}
        self.naming = self.new | {a.args[0] for a in self.effects if a.pred == "named"}      # whose names its wordings may tell first
        self.roles = [p for p in self.params if p in grammar.CHARS]

    def bindings(self, state, bind, rng, faults=None):
        """The bindings under which the event can happen now, or None. With a list `faults`, writes what forbids it there and goes on."""
        bind = dict(bind)

        def forbidden(kind, what):
            if faults is None:
                return True
            faults.append((kind, what))
            return False

        first = None
        for role in self.roles:
            who = bind.get(role)
            if who is None:
                continue
            known = bool(state.matches("new", (who,)))
            if role in self.new:
                if known and forbidden("twice", who):
                    return None
                continue
            if not known and forbidden("nowhere", who):
                return None
            if role in self.absent:
                continue
            if (state.matches("asleep", (who,)) or state.matches("away", (who,))) and forbidden("away", who):
                return None
            place = state.place(who)
            if first is None:
                first = place
            elif place is not first and forbidden("place", who):
                return None
        for key in self.params:
            if key in grammar.THINGS and key in bind and key not in self.new and key not in self.absent and not state.matches("new", (bind[key],)):
                if forbidden("nowhere", bind[key]):
                    return None
        for atom in self.conditions:
            if not self.condition(atom, state, bind, rng) and forbidden({"has": "owner", "at": "place"}.get(atom.pred, "cause"), atom):
                return None
        chars = [bind[k] for k in self.params if k in grammar.CHARS and k in bind]
        if len(set(map(id, chars))) < len(chars) and forbidden("self", chars[0]):
            return None
        return bind

    @staticmethod
    def condition(atom, state, bind, rng):
        args = tuple(value(a, bind) for a in atom.args)
        if atom.pred in ("is", "near", "same") and None in args:
            return True
        if atom.pred == "is":
            return (args[1] in args[0].tags) != (atom.sign == "!")
        if atom.pred == "near":
            return (state.place(args[0]) is state.place(args[1])) != (atom.sign == "!")
        if atom.pred == "same":
            return (args[0] is args[1]) != (atom.sign == "!")
        found = state.matches(atom.pred, args)
        if atom.sign == "!":
            return not found
        if None in args and len(found) > 1:
            taken = [v for k, v in bind.items() if k in grammar.CHARS]
            found = [f for f in found if not any(a is None and isinstance(b, Char) and b in taken for a, b in zip(args, f))] or found
            fact = found[rng.randrange(len(found))]
        elif found:
            fact = found[-1]
        else:
            return False
        for a, v in zip(atom.args, fact):
            if a != "?" and is_variable(a):
                if v is SOMEWHERE:
                    return False
                bind[a.lstrip("$")] = v
        return True

    def apply(self, state, bind):
        """Makes the effects true and writes the log."""
        for atom in self.effects:
            args = tuple(value(a, bind) for a in atom.args)
            if atom.pred == "new":
                state.add("new", args)
                if isinstance(args[0], Char) and state.place(args[0]) is None:
                    others = [state.place(bind[k]) for k in self.params if k in grammar.CHARS and k in bind and bind[k] is not args[0] and k not in self.absent]
                    state.add("at", (args[0], next((p for p in others if p), SOMEWHERE)))
            elif atom.sign == "-":
                state.remove(atom.pred, args)
            elif None not in args:
                state.add(atom.pred, args)
        state.log.append((self.name, dict(bind)))
