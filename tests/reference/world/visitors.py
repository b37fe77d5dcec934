"""Texts that begin as visitors begin: in the middle of a tale, with a chapter, a diary, a letter, a poem, a question about the world.

Beginnings that a plot can go on from stand in `events/visitors.txt`; the plot's own opening is then left out.
"""
from . import content, drills, grammar, lexicon, names, storyteller, tale
from .state import SOMEWHERE

OPENINGS = {"open", "open_with", "open_two", "open_at"}
FOREIGN = """Okonkwo Adeyemi Nakamura Tanaka Kowalski Novák Szabó García Fernández Müller Jørgensen Åström O'Brien O'Malley MacDuff Papadopoulos Petrov Rossi
Yılmaz Nguyen Banerjee Mwangi Pumpelmoose Wobblebottom Crumpet Fiddlesticks Gobbledy Marmalade Snicket Butterworth Higgins Plimpton""".split()


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
        if self.style.first:
            self.teller.narrator = hero
        event, bind = self._beginning()
        if not self.say(event, bind):
            raise tale.CannotHappen("no beginning fits")
        if self.teller.narrator:
            self.state.add("named", (hero,))
        self.known = {bind[k] for k in event.new}
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
    """Some heroes have a family name or a title that no list of the world holds."""
    if hero.name and "grown" in hero.tags and t.rng.random() < .3:
        style = t.rng.choice([s for s in names.STYLES if names.STYLE_GENDER.get(s, hero.gender) == hero.gender])
        name = f"{style} {t.rng.choice(FOREIGN)}"
        if names.is_held(name) == t.held:
            hero.name = name


_plots = {}


def play(rng, held, first=None):
    """A tale with a visitor's beginning; `first` says whether the hero tells it."""
    if held not in _plots:
        every = [p for p in content.load().plots.values() if p.beats and p.beats[0].kind == "do" and {n for n, _ in p.beats[0].calls} <= OPENINGS]
        _plots[held] = [p for p in every if p.held == held] or every
    while True:
        t = Begun(rng, held, plot=rng.choice(_plots[held]))
        if first is not None:
            t.style.first, t.style.voice, t.style.present = first, "1", False
        try:
            return t.play()
        except tale.CannotHappen:
            continue
