"""Writes a wording as text: names or pronouns, person, tense and articles, by what the reader knows so far."""
import re

from . import grammar, lexicon
from .grammar import Alt, Lit, Said, Slot, Verb
from .state import Char, Place, Thing


class Teller:
    """The one who tells: voice, and what was spoken of last."""

    def __init__(self, rng, state, narrator=None, present=False, voice="1"):
        self.rng, self.state, self.narrator, self.present = rng, state, narrator, present
        self.voice = voice       # what the narrator's hero is called: 1 is `I`, 2 is `you`
        self.bind = {}
        self.prev, self.here = [], []
        self.subject = None          # whose doing the sentence tells at this point
        self.introduced = set()      # who gets a name in this very wording
        self.said = set()            # nouns, looks and values of lists that were written: (what, form)
        self.sexed = set()           # of whom a pronoun was written
        self.sure = lambda entity: True      # whose pronoun may be written

    # -------------------------------------------------------- sentences

    def tell(self, wording, bind, naming=()):
        """One wording as a sentence with a capital letter; `naming` are roles whose names it may tell first."""
        self.bind, self.here, self.subject = bind, [], None
        self.introduced = {bind[k] for k in naming if k in bind and k in named_in(wording)} if naming else ()
        text = grammar.tidy(run(compiled(wording), self))
        self.prev = [e for e in self.here if isinstance(e, Char)] or self.prev[:1]
        return text

    def full_stop(self):
        """One sentence of a wording ends, another begins."""
        self.prev = [e for e in self.here if isinstance(e, Char)] or self.prev
        self.here, self.subject = [], None

    def paragraph(self):
        self.prev = []

    def full_stop_mark(self):
        self.full_stop()
        return " "

    # -------------------------------------------------------- persons

    def entity(self, key):
        if len(key) == 1:
            return self.bind[key]
        return tuple(self.bind[k] for k in key)

    def number(self, entity):
        if isinstance(entity, tuple):
            return "p"
        return self.voice if entity is self.narrator else "3"

    def _pronoun(self, entity, form, quoted):
        if isinstance(entity, tuple):
            return grammar.PRONOUNS[self.voice + "p" if self.narrator in entity and self.narrator and not quoted else "p"][form]
        if entity is self.narrator and not quoted:
            return grammar.PRONOUNS[self.voice][form]
        self.sexed.add(entity)
        return grammar.PRONOUNS[entity.gender][form]

    def _clear(self, entity, form):
        """Whether a pronoun can only mean this one."""
        here = self.here
        if not isinstance(entity, tuple) and not self.sure(entity):
            return False
        others = [o for o in here + self.prev if isinstance(o, Char) and o is not entity and o is not self.narrator]
        if isinstance(entity, tuple):
            return all(e in here or e in self.prev for e in entity) and not any(o not in entity for o in others)
        if form != "him" and entity is self.subject and entity in here:
            return True
        clash = [o for o in others if o.gender == entity.gender]
        if entity in here:
            if not any(o in here for o in clash):
                return True
            if here[0] is entity:
                return form != "him"
            return form == "him" and all(o is here[0] for o in clash if o in here)
        return entity in self.prev and not clash and entity.gender != "n"

    def person(self, key, form, quoted):
        """`{A}` in its forms: he, him, his, himself; without a form: name or pronoun as the subject."""
        entity = self.entity(key)
        first = not quoted and self.narrator and (entity is self.narrator or isinstance(entity, tuple) and self.narrator in entity)
        group = isinstance(entity, tuple)
        chosen = form or "he"
        if entity is self.narrator and not quoted:
            text = self._pronoun(entity, chosen, False)
        elif form == "himself":
            text = self._pronoun(entity, form, quoted)
        elif quoted and not form:
            text = self.names(entity, "him", quoted)
        elif self._clear(entity, chosen) and (form in ("he", "his", "hers") or self._again(entity, chosen)):
            text = self._pronoun(entity, chosen, quoted)
        elif group and first and self.rng.random() < .5 and not form:
            text = self._pronoun(entity, "he", False)
        else:
            text = self.names(entity, chosen, quoted)
        for e in entity if group else (entity,):
            if e not in self.here:
                self.here.append(e)
        if chosen == "he" and not quoted:
            self.subject = entity
        return text

    def _again(self, entity, form):
        if entity in self.here:
            return form == "him" or self.rng.random() < .9
        return self.rng.random() < .4

    def names(self, entity, form, quoted=False):
        """The name, or `the fox`; a list of names for several."""
        if isinstance(entity, tuple):
            own = self.narrator if not quoted else None
            listed = [self.names(e, "he") for e in entity if e is not own]
            if own and own in entity:
                listed.append(grammar.PRONOUNS[self.voice]["him" if form == "him" else "he"])
            text = ", ".join(listed[:-1]) + " and " + listed[-1]
            if form in ("his", "hers"):
                return grammar.PRONOUNS[self.voice + "p"]["his"] if own and own in entity else text + "'s"
            return text
        text = entity.name if entity in self.introduced and (entity, "name") in self.said or (entity,) in self.state.facts.get("named", ()) else ""
        if not text or (entity.kind not in ("girl", "boy") or self.rng.random() < .3) and self.rng.random() < .22 and self._only_of_kind(entity):
            text = "the " + entity.kind
            self.told_kind(entity, text)
        return text + "'s" if form in ("his", "hers") else text

    def told_kind(self, entity, text):
        if text == "the " + entity.kind:
            self.said.add((entity, "kind"))

    def _only_of_kind(self, entity):
        known = self.state.facts.get("new", ())
        return (entity,) in known and sum(1 for f in known if isinstance(f[0], Char) and f[0].kind == entity.kind) == 1

    # -------------------------------------------------------- things

    def thing(self, t, form, quoted):
        if form == "it":
            return "it"
        self.said.add((t, "look" if form == "look" else "noun"))
        if form == "noun":
            return t.noun
        if form == "look":
            return t.look
        if form == "plural":
            return grammar.plural(t.noun)
        name = t.full if form == "a" or t.look and self.rng.random() < .22 else t.noun
        if t.look and name != t.noun:
            self.said.add((t, "look"))
        if form == "a":
            return grammar.article(name)
        if form == "n":
            return name
        if not quoted and self.here and isinstance(self.here[0], Char):
            owner = self.here[0]
            if ("owns" in self.state.facts and (owner, t) in self.state.facts["owns"] and len([h for h in self.here if isinstance(h, Char)]) == 1
                    and self.rng.random() < (.6 if owner is self.narrator else .35)):
                return f"{self._pronoun(owner, 'his', False)} {name}"
        return "the " + name


# ---------------------------------------------------------------- closures

def compiled(wording):
    """The closures of a wording, made once."""
    code = getattr(wording, "code", None)
    if code is None:
        code = wording.code = compile_nodes(wording.nodes)
    return code


def named_in(wording):
    """The roles whose `{A.name}` stands in the wording."""
    found = getattr(wording, "named", None)
    if found is None:
        found = wording.named = set(re.findall(r"\{([A-E])\.name\}", wording.source))
    return found


def run(code, teller):
    return "".join([c if c.__class__ is str else c(teller) for c in code])


FULL_STOP = re.compile(r"(?<=[.!?]) ")


def compile_nodes(nodes):
    out, quoted = [], False
    for n in nodes:
        if isinstance(n, Lit) and n.text == '"':
            quoted = not quoted
        elif isinstance(n, Lit) and not quoted and FULL_STOP.search(n.text):
            head, tail = FULL_STOP.split(n.text, maxsplit=1)
            out += [head, Teller.full_stop_mark, tail] if head else [Teller.full_stop_mark, tail]
            continue
        c = compile_node(n)
        if out and isinstance(c, str) and isinstance(out[-1], str) and c:
            out[-1] += c
        else:
            out.append(c)
    return out


def compile_node(n):
    if isinstance(n, Lit):
        return n.text
    if isinstance(n, Alt):
        options = [compile_nodes(o) for o in n.options]
        return lambda t: run(options[int(t.rng.random() * len(options))], t)
    if isinstance(n, Verb):
        return verb(n)
    if isinstance(n, Said):
        return said(n)
    return slot(n)


def conjugate(past, number, is_present):
    if is_present:
        return grammar.present(past, number)
    if past in ("was", "were"):
        return "were" if number in "2p" else "was"
    return past


def verb(n):
    fixed = n.agree if n.agree in ("1", "3", "p") else None
    if all(f not in ("was", "were") for f in n.forms) and len(n.forms) == 1:
        past = n.forms[0]
        return lambda t: grammar.present(past, fixed or t.number(t.entity(n.agree))) if t.present else past
    forms = n.forms
    return lambda t: conjugate(forms[int(t.rng.random() * len(forms))] if len(forms) > 1 else forms[0], fixed or t.number(t.entity(n.agree)), t.present)


def said(n):
    def write(t):
        who = t.bind[n.key]
        form = conjugate(t.rng.choice(n.forms), t.number(who), t.present)
        if who is t.narrator:
            text = grammar.PRONOUNS[t.voice]["he"] + " " + form
        elif t._clear(who, "he") and t.rng.random() < .33:
            text = f"{t._pronoun(who, 'he', False)} {form}"
        else:
            name = "the " + who.kind if who in t.introduced and who not in t.here else t.names(who, "he")
            t.told_kind(who, name)
            text = f"{form} {name}" if t.rng.random() < .7 else f"{name} {form}"
        if who not in t.here:
            t.here.append(who)
        t.subject = who
        return text
    return write


LOOKED_UP = {Char: lambda e: lexicon.KINDS[e.kind].phrases, Thing: lambda e: lexicon.THINGS[e.noun].phrases, Place: lambda e: lexicon.PLACES[e.noun].phrases}


def phrase(t, entity, form, subject, quoted=False):
    """A phrase of the lexicon; its {A} is whose doing it is. In speech one tells it of oneself."""
    choices = LOOKED_UP[type(entity)](entity)[form]
    if t.present:
        choices = [c for c in choices if "present" in c.tenses or not c.tense_marked]
    outer = t.bind, t.narrator, t.voice
    t.bind = {"A": subject}
    if quoted:
        t.narrator, t.voice = subject, "1"
    text = run(compiled(choices[int(t.rng.random() * len(choices))]), t)
    t.bind, t.narrator, t.voice = outer
    return text


def slot(n):
    key, form, quoted = n.key, n.form, n.quoted
    if grammar.is_char(key):
        if form == "pron":
            def write(t):
                who = t.bind[key]
                if who not in t.here:
                    t.here.append(who)
                return t._pronoun(who, "he", quoted)
        elif form == "full":
            def write(t):
                who = t.bind[key]
                if who not in t.here:
                    t.here.append(who)
                return t._pronoun(who, "he", quoted) if who is t.narrator and not quoted else t.names(who, "he", quoted)
        elif form in ("", "him", "his", "himself", "hers", "he"):
            write = lambda t: t.person(key, form, quoted)
        elif form in ("they", "them", "their"):
            english = {"they": "he", "them": "him", "their": "his"}[form]

            def write(t):
                entity = t.entity(key)
                t.here += [e for e in entity if e not in t.here]
                return t._pronoun(entity, english, quoted)
        elif form in ("name", "a", "kind", "kind.s", "the", "look"):
            def write(t):
                who = t.bind[key]
                if not quoted and who not in t.here:
                    t.here.append(who)
                if not quoted and form != "look":
                    t.subject = who
                if form == "name":
                    t.said.add((who, "name"))
                    return who.name
                t.said |= {(who, "look" if form == "look" else "kind")} | ({(who, "look")} if form in ("a", "the") else set())
                if form == "kind":
                    return who.kind
                if form == "kind.s":
                    return grammar.plural(who.kind)
                if form == "look":
                    return who.look
                full = f"{who.look} {who.kind}" if who.look else who.kind
                return grammar.article(full) if form == "a" else "the " + full
        else:
            write = lambda t: phrase(t, t.bind[key], form, t.bind[key], quoted)
    elif key in grammar.THINGS:
        if form in ("", "a", "n", "noun", "plural", "it", "look"):
            write = lambda t: t.thing(t.bind[key], form, quoted)
        else:
            write = lambda t: phrase(t, t.bind[key], form, t.entity(n.subject) if n.subject else None)
    elif key in grammar.PLACES:
        form_of = {"": lambda p: "the " + p.noun, "n": lambda p: p.noun, "in": lambda p: p.prep + " the " + p.noun, "to": lambda p: p.to or "to the " + p.noun}.get(form)

        def write(t):
            place = t.bind[key]
            if form_of is None:
                return phrase(t, place, form, t.entity(n.subject) if n.subject else None)
            t.said.add((place, "noun"))
            return form_of(place)
    else:
        def write(t):
            value = t.bind[key]
            t.said.add((value, ""))
            if form == "a":
                return grammar.article(value)
            if form == "the":
                return "the " + re.sub("^an? ", "", value)
            if form == "in":
                return f"{value.prep} the {value}"
            if form == "s":
                return grammar.plural(re.sub("^an? ", "", value))
            return value
    if n.articled:
        plain = write
        write = lambda t: grammar.article(plain(t))
    if n.capital:
        small = write
        return lambda t: grammar.capital(small(t))
    return write
