"""Plays a plot out in a state of the world and tells it."""
import zlib
from dataclasses import dataclass, field

from . import content, grammar, lexicon, names
from .events import Event
from .render import Teller
from .state import SOMEWHERE, Char, Place, State, Thing


class CannotHappen(Exception):
    """The plot came to a step that is impossible in this state; the tale is given up."""


def held_pair(thing, place):
    """One pair of thing and place in twelve stands in held-out tales alone."""
    return zlib.crc32(f"{thing}/{place}".encode()) % 12 == 0


@dataclass
class Told:
    """A sentence or more of a tale, with the event that it tells."""
    event: object
    bind: dict
    wording: object
    text: str


@dataclass
class Style:
    """How a tale is told."""
    first: bool = False          # the hero is `I`, or `you`
    voice: str = "1"
    present: bool = False
    invented: bool = False
    chatter: float = .4          # how often something incidental is told after an event
    long: bool = False           # somebody more is met on the way: the fact `long` holds

    @staticmethod
    def pick(rng):
        first, voice = rng.random() < .2, "2" if rng.random() < .1 else "1"
        return Style(first, voice, rng.random() < (.7 if first and voice == "2" else .14), rng.random() < .5, rng.choice((.1, .3, .5, .7, .9)), rng.random() < .35)


class Tale:
    """One tale: `Tale(rng).play()`; then `title`, `body`, `told` and the state are there."""

    def __init__(self, rng, held=False, style=None, plot=None):
        self.rng, self.held = rng, held
        self.content = content.load()
        self.style = style or Style.pick(rng)
        self.state = State()
        self.chars, self.things, self.places = [], [], []
        self.told, self.used, self.happened = [], set(), set()
        self.described = set()       # those of whom the tale said what they are
        self.paragraphs = [[]]
        self.sequel = False          # the hero is known from a tale before
        self.plot = plot or self._plot()
        if self.style.long:
            self.state.add("long", ())
        self.tight = 0
        self.scope = {}
        self.hero = None
        self.teller = Teller(rng, self.state, None, self.style.present, self.style.voice)

    def _plot(self):
        plots = self.content.plots_of(self.held)
        return plots[int(self.rng.random() * len(plots))]

    # -------------------------------------------------------- cast

    def _kind(self, table, tags, taken):
        """A head of a lexicon table with one of the tags; `a+b` wants both, `-a` excludes."""
        rng = self.rng
        wanted = [t for t in tags if t[0] != "-"]
        barred = frozenset(t[1:] for t in tags if t[0] == "-")
        if wanted == ["home"]:
            wanted = ["outdoors+wild", "barn", "garden", "farm"] if self.chars and "animal" in self.chars[0].tags else ["live"]
        for _ in range(30):
            one = frozenset(rng.choice(wanted).split("+")) if wanted else frozenset()
            choices = self._matching(table, one, barred)
            if table is lexicon.KINDS:
                common = self._matching(table, one | {"common"}, barred)
                if common and rng.random() < .3:
                    choices = common
            if not choices:
                raise grammar.WordingError(f"plot or scene {self.plot.name}: nothing in the lexicon has the tags {' '.join(tags)}")
            head = choices[int(rng.random() * len(choices))]
            if head not in taken:
                return head
        raise CannotHappen(f"plot or scene {self.plot.name}: everything with the tags {' '.join(tags)} is in the tale already")

    _memo = {}

    def _matching(self, table, wanted, barred):
        key = (id(table), wanted, barred)
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = [h for h, e in table.items() if (wanted - {"any"} <= e.tags or wanted <= {h.replace(" ", "_")}) and not barred & (e.tags | {h.replace(" ", "_")})]
        return found

    def character(self, tags, named=None):
        """A new character of one of the kinds."""
        rng = self.rng
        named = "named" in tags if named is None else named
        always_nameless = "nameless" in tags
        kind = self._kind(lexicon.KINDS, [t for t in tags if t not in ("named", "nameless")] or ["any"], {c.kind for c in self.chars})
        entry = lexicon.KINDS[kind]
        genders = [g for g in "fmn" if g in entry.tags] or ["f", "m"]
        gender = rng.choice(genders)
        if len(genders) > 1 and self.chars and rng.random() < .5:
            gender = next((g for g in genders if g != self.chars[0].gender), gender)
        name = ""
        if named or not always_nameless and ("child" in entry.tags or not self.chars or rng.random() < .7):
            invent = self.style.invented and rng.random() < .85
            name = names.choose(rng, gender, invent, [c.name for c in self.chars if c.name], self.held, "grown" in entry.tags and "royal" not in entry.tags)
        look = rng.choice(entry.looks) if entry.looks and rng.random() < .75 else ""
        c = Char(name, kind, gender, look, entry.tags)
        self.chars.append(c)
        return c

    def thing(self, tags):
        noun = self._kind(lexicon.THINGS, tags or ["carry"], {t.noun for t in self.things})
        entry = lexicon.THINGS[noun]
        t = Thing(noun, self.rng.choice(entry.looks) if entry.looks and self.rng.random() < .9 else "", entry.tags)
        self.things.append(t)
        return t

    def place(self, tags):
        for _ in range(30):
            noun = self._kind(lexicon.PLACES, tags or ["walk"], {p.noun for p in self.places})
            if not self.things or held_pair(self.things[0].noun, noun) == self.held:
                break
        entry = lexicon.PLACES[noun]
        p = Place(noun, entry.prep, entry.tags, entry.to)
        self.places.append(p)
        return p

    def _cast(self, script, scope):
        for role, tags in script.cast:
            if role in scope:
                continue
            if role in grammar.CHARS:
                scope[role] = self.character(tags, named=True if not self.chars and self.style.first else None)
            elif role in grammar.THINGS:
                scope[role] = self.thing(tags)
            else:
                scope[role] = self.place(tags)
        for key in script.picks:
            scope[key] = self._pick(key)

    def _pick(self, key):
        values = lexicon.LISTS.get(key.rstrip("0123456789"))
        if key.startswith("lesson"):
            values = [v for v in values if v not in lexicon.LESSONS or not self.state.ever.isdisjoint(lexicon.LESSONS[v])]
        if not values:
            raise grammar.WordingError(f"{{{key}}} is neither a role nor a list of the lexicon")
        return values[int(self.rng.random() * len(values))]

    def follow(self, before):
        """Goes on with the hero of another tale, who need not be brought in again."""
        self.sequel = True
        self.style = before.style
        hero = self.scope["A"] = before.hero
        self.chars = [hero]
        self.teller = Teller(self.rng, self.state, before.teller.narrator, before.style.present, before.style.voice)
        self.teller.sexed = set(before.teller.sexed)
        self.teller.said = {s for s in before.teller.said if s[0] is hero}
        self.state.add("new", (hero,))
        self.state.add("at", (hero, SOMEWHERE))
        if (hero,) in before.state.facts.get("named", ()):
            self.state.add("named", (hero,))
        return self

    def _known(self, event, args, scope):
        """Whether the event would only bring in those who are known from the tale before."""
        if not self.sequel:
            return False
        new = [scope.get(a) for p, a in zip(event.params, args) if p in event.new]
        return bool(new) and all(e is self.hero for e in new)

    # -------------------------------------------------------- play

    def play(self):
        """Plays the plot; raises CannotHappen where the world forbids it."""
        scope = self.scope
        self._cast(self.plot, scope)
        self.hero = scope.get("A")
        if self.sequel:
            self.say(self.content.events["sequel"], {"A": self.hero})
        elif self.style.first and self.hero and self.hero.name:
            self.teller.narrator = self.hero
        self._beats(self.plot.beats, scope)
        return self

    def _beats(self, beats, scope):
        for beat in beats:
            getattr(self, "_" + beat.kind)(beat, scope)

    def _paragraph(self, beat=None, scope=None):
        if self.paragraphs[-1]:
            self.paragraphs.append([])
            self.teller.paragraph()

    def _do(self, beat, scope):
        calls = beat.calls
        if len(calls) > 1:
            calls = list(calls)
            self.rng.shuffle(calls)
        for name, args in calls:
            if self._call(name, args, scope, beat.where):
                return
        raise CannotHappen(f"{beat.where}: none of {', '.join(' '.join([n, *a]) for n, a in beat.calls)}")

    def _choose(self, beat, scope):
        blocks = list(beat.blocks)
        self.rng.shuffle(blocks)
        for block in blocks:
            if self._possible(block[0], scope):
                return self._beats(block, scope)
        raise CannotHappen(f"{beat.where}: no branch of `choose` can begin")

    def _maybe(self, beat, scope):
        if self.rng.random() < beat.chance:
            if beat.blocks:
                if self._possible(beat.blocks[0][0], scope):
                    self._beats(beat.blocks[0], scope)
            else:
                name, args = beat.calls[int(self.rng.random() * len(beat.calls))]
                self._call(name, args, scope, beat.where)

    def _if(self, beat, scope):
        if self._holds(beat.conditions, scope):
            if beat.blocks:
                self._beats(beat.blocks[0], scope)
            else:
                self._do(beat, scope)

    def _until(self, beat, scope):
        for _ in range(int(beat.chance)):
            if self._holds(beat.conditions, scope):
                return
            if beat.blocks:
                self._beats(beat.blocks[0], scope)
                continue
            calls = list(beat.calls)
            self.rng.shuffle(calls)
            if not any(self._call(n, a, scope, beat.where) for n, a in calls):
                break

    def _tight(self, beat, scope):
        self.tight += 1
        self._beats(beat.blocks[0], scope)
        self.tight -= 1

    def _holds(self, conditions, scope):
        bind = dict(scope)
        return all(Event.condition(a, self.state, bind, self.rng) for a in conditions)

    def _possible(self, beat, scope):
        if beat.kind == "do":
            for name, args in beat.calls:
                scene = self.content.find(self.content.scenes, name, beat.where)
                if scene:
                    if self._possible(scene.beats[0], dict(zip(scene.params, (scope.get(a) for a in args)))):
                        return True
                else:
                    event = self._event(name, beat.where)
                    if self._known(event, args, scope):
                        return True
                    bind = self._bind(event, args, scope)
                    if bind is not None and any(self.usable(w, bind, event.naming) for w in event.wordings):
                        return True
            return False
        if beat.kind in ("choose", "tight"):
            return any(self._possible(b[0], scope) for b in beat.blocks)
        return True

    def _event(self, name, where):
        event = self.content.find(self.content.events, name, where)
        if event is None:
            raise grammar.WordingError(f"{where}: there is no event and no scene {name!r}")
        return event

    def _bind(self, event, args, scope):
        bind = {k: v for k, v in scope.items() if k[0].islower()}
        for p, a in zip(event.params, args):
            if a in scope:
                bind[p] = scope[a]
            elif not (len(a) == 1 and a.isupper()):
                bind[p] = a
        return event.bindings(self.state, bind, self.rng)

    def _call(self, name, args, scope, where):
        scene = self.content.find(self.content.scenes, name, where)
        if scene:
            inner = {k: v for k, v in scope.items() if k[0].islower()}
            inner.update({p: scope[a] for p, a in zip(scene.params, args) if a in scope})
            if not self._possible(scene.beats[0], inner) and not scene.cast:
                return False
            self._cast(scene, inner)
            self._beats(scene.beats, inner)
            return True
        event = self._event(name, where)
        if self._known(event, args, scope):
            return True
        bind = self._bind(event, args, scope)
        if bind is None or not self.say(event, bind):
            return False
        if event.calm and not self.tight and self.rng.random() < self.style.chatter:
            self.incident(bind)
        return True

    # -------------------------------------------------------- telling

    def usable(self, w, bind, told_names=()):
        """Whether a wording fits the voice, and everything that it names is there."""
        style = self.style
        if ("present" if style.present else "past") not in w.tenses:
            return False
        narrator = self.teller.narrator
        if w.person and w.person != (int(style.voice) if narrator else 3):
            if w.person != 3 or any(bind.get(k) is narrator for k in w.keys if k in grammar.CHARS):
                return False
        if w.bare_was and narrator and style.voice == "2":
            return False
        if w.person in (1, 2) and bind.get("A") is not narrator:
            return False
        if narrator and w.person not in (1, 2):
            for k in w.not_narrator:
                if bind.get(k) is narrator:
                    return False
        for k, form in needs(w):
            e = bind.get(k)
            if e is None or e is SOMEWHERE:
                return False
            if form == "name":
                if not e.name or k not in told_names and (e,) not in self.state.facts.get("named", ()):
                    return False
            elif form == "look":
                if not e.look:
                    return False
            elif form and form not in entry(e).phrases:
                return False
        if w.conditions:
            bound = dict(bind)
            return all(Event.condition(a, self.state, bound, self.rng) for a in w.conditions)
        return True

    def say(self, event, bind):
        """Tells an event and makes it true; False if no wording fits."""
        choices = [w for w in event.wordings if w not in self.used and self.usable(w, bind, event.naming)] if len(event.wordings) < 4 else self._some(event, bind)
        if not choices:
            choices = [w for w in event.wordings if self.usable(w, bind, event.naming)]
            if not choices:
                return False
        w = choices[int(self.rng.random() * len(choices))]
        self.used.add(w)
        for atom in event.effects:
            for a in atom.args:
                if a[0] == "$" and a[1:] not in bind:
                    bind[a[1:]] = self._fresh(a[1:])
        for k in lists(w):
            if k not in bind:
                bind[k] = self._fresh(k)
        text = self.teller.tell(w, bind, event.naming)
        event.apply(self.state, bind)
        for k in event.naming:
            if (bind[k], "name") in self.teller.said:
                self.state.add("named", (bind[k],))
        self.described.update(bind[k] for k in describes(w) if k in bind)
        self.happened.add(event.name)
        self.told.append(Told(event, bind, w, text))
        self.paragraphs[-1].append(text)
        return True

    def _fresh(self, key):
        for _ in range(8):
            v = self._pick(key)
            if v not in self.used:
                break
        self.used.add(v)
        return v

    def _some(self, event, bind):
        """A wording by drawing, for that is faster than to try all of many."""
        for _ in range(8):
            w = event.wordings[int(self.rng.random() * len(event.wordings))]
            if w not in self.used and self.usable(w, bind, event.naming):
                return [w]
        return [w for w in event.wordings if w not in self.used and self.usable(w, bind, event.naming)]

    def incident(self, bind):
        """Something that happens beside the plot, if anything can."""
        pool = self.content.incidentals
        if not pool:
            return
        here = [c for c in self.chars if (c,) in self.state.facts.get("new", ())]
        if not here:
            return
        for _ in range(5):
            event = pool[int(self.rng.random() * len(pool))]
            if event.name in self.happened:
                continue
            a = self.hero if self.hero in here and self.rng.random() < .7 else here[int(self.rng.random() * len(here))]
            start = {}
            roles = iter(event.roles)
            first = next(roles, None)
            if first:
                start[first] = a
                second = next(roles, None)
                if second:
                    others = [c for c in here if c is not a and self.state.place(c) is self.state.place(a)]
                    if not others:
                        continue
                    start[second] = others[int(self.rng.random() * len(others))]
                    if next(roles, None):
                        continue
            found = event.bindings(self.state, start, self.rng)
            if found and self.say(event, found):
                return

    # -------------------------------------------------------- text

    @property
    def body(self):
        return "\n".join(" ".join(p) for p in self.paragraphs if p)

    def cast_in_order(self):
        """Everybody whom the tale brought in, the first first."""
        return [f[0] for f in self.state.facts.get("new", ()) if isinstance(f[0], Char)]

    def things_in_order(self):
        return [f[0] for f in self.state.facts.get("new", ()) if isinstance(f[0], Thing)]

    def tells(self, wording, scope):
        """Whether the tale told everything that a wording beside it, as a title, names."""
        return all(k in scope and self.tells_slot(k, scope[k], form) for s in slots(wording.nodes) for k, form in ([(s.key, s.form)] if s.key[0].islower() else [(k, s.form) for k in s.key]))

    def tells_slot(self, key, e, form):
        said = self.teller.said
        if isinstance(e, Char):
            if form in PRONOUNS:
                return self.knows_sex(e)
            if form in ("a", "the"):
                return (e, "kind") in said and (not e.look or (e, "look") in said)
            if form in ("name", "kind", "kind.s", "look"):
                return (e, form.split(".")[0]) in said
            return (e, "name") in said or (e, "kind") in said
        if isinstance(e, Thing):
            return (e, "noun") in said and (form in ("noun", "plural", "it") or not e.look or (e, "look") in said)
        return (e, "noun") in said if isinstance(e, Place) else (e, "") in said

    def knows_sex(self, who):
        """Whether the tale told whether it is a she or a he: by a pronoun, the kind or the name."""
        if who in self.teller.sexed:
            return True
        tags = entry(who).tags
        if (who, "kind") in self.teller.said and sum(g in tags for g in "fmn") == 1:
            return True
        return (who, "name") in self.teller.said and names.sex(who.name) == who.gender

    def aside(self):
        """One who speaks of the tale from outside: asks about it, or names it. Nobody's pronoun is used that the tale has not told."""
        teller = Teller(self.rng, self.state)
        teller.sure = self.knows_sex
        return teller

    def title(self):
        scope = self.scope
        own = [t for t in self.plot.titles if self.tells(t, scope)]
        common = [t for t in TITLES if self.tells(t, scope)]
        titles = common if common and (not own or self.rng.random() < .2) else own
        if not titles:
            return None
        w = titles[int(self.rng.random() * len(titles))]
        return grammar.title_case(self.aside().tell(w, scope))


TITLES = [grammar.read("@past " + t, plain=True) for t in (
    "{A} and {B}|{A.name} the {A.kind}|The {A.kind} and the {B.kind}|The {A.kind} and the {T.noun}|The {A.kind}, the {B.kind} and the {T.noun}|{A}|"
    "{A} and the {T.n}|{A} {P.in}|The {T.n}|{T.a}|A Tale of {A.a}|A Story About {A.a}|The Story of {A}|{A}, {B} and the {T.noun}|The {P.n}|{A.a} {P.in}|"
    "The {A.kind} and {T.a}|{A} and {B} {P.in}|What Happened {P.in}|What Happened to {A}|{B} and {A}|{A.a} and {B.a}|The {A.kind}'s {T.noun}").split("|")]


def entry(e):
    return (lexicon.KINDS[e.kind] if isinstance(e, Char) else lexicon.THINGS[e.noun] if isinstance(e, Thing) else lexicon.PLACES[e.noun])


PRONOUNS = {"he", "him", "his", "himself", "hers", "pron"}
PLAIN = {"", "he", "pron", "full", "plural", "him", "his", "himself", "hers", "they", "them", "their", "a", "the", "kind", "kind.s", "n", "noun", "it", "in", "to"}


def needs(w):
    """(role, form) pairs that a wording needs: roles that must be bound, names and phrases of the lexicon."""
    found = getattr(w, "needs", None)
    if found is None:
        found = w.needs = sorted({(k, "" if s.form in PLAIN else s.form) for s in slots(w.nodes) for k in ([s.key] if s.key[0].islower() else s.key) if k[0].isupper()})
    return found


def describes(w):
    """Roles of which the wording says the kind or the look."""
    found = getattr(w, "describes", None)
    if found is None:
        found = w.describes = {s.key for s in slots(w.nodes) if s.form in ("a", "the", "kind") and len(s.key) == 1}
    return found


def lists(w):
    found = getattr(w, "lists", None)
    if found is None:
        found = w.lists = sorted({s.key for s in slots(w.nodes) if s.key[0].islower()})
    return found


def slots(nodes):
    for n in nodes:
        if isinstance(n, grammar.Slot):
            yield n
        elif isinstance(n, grammar.Alt):
            for o in n.options:
                yield from slots(o)
