"""Facts about the world: `cd tests/reference && python -m unittest world.test_world`."""
import random
import re
import unittest

from . import content, grammar, kinds, lint, names, patterns, questions, requests, thesaurus, visitors
from .state import Char, Place, State


class GrammarTest(unittest.TestCase):
    def test_past_forms_have_their_base(self):
        for past, base in {"stopped": "stop", "loved": "love", "carried": "carry", "missed": "miss", "pulled": "pull", "hoped": "hope", "visited": "visit",
                           "argued": "argue", "tumbled": "tumble", "howled": "howl", "changed": "change", "watched": "watch", "closed": "close",
                           "danced": "dance", "nodded": "nod", "opened": "open", "was": "be", "needed": "need", "noticed": "notice"}.items():
            self.assertEqual(grammar.base(past), base)

    def test_present_forms(self):
        self.assertEqual([grammar.present("went", n) for n in "13p"], ["go", "goes", "go"])
        self.assertEqual([grammar.present("was", n) for n in "13p"], ["am", "is", "are"])
        self.assertEqual([grammar.present(v, "3") for v in ("carried", "watched", "had", "could", "played")], ["carries", "watches", "has", "can", "plays"])

    def test_articles_and_plurals(self):
        self.assertEqual([grammar.article(n) for n in ("owl", "unicorn", "umbrella", "hour", "one-legged bird", "uncle")],
                         ["an owl", "a unicorn", "an umbrella", "an hour", "a one-legged bird", "an uncle"])
        self.assertEqual([grammar.plural(n) for n in ("box", "puppy", "mouse", "day")], ["boxes", "puppies", "mice", "days"])

    def test_wordings_that_cannot_be_read_say_why(self):
        for bad in ('{A} <go> home.', '{A} went [home.', '"Stop, <said A>.', '"I <went> home," <said A>.', '{a b} sat.', '@never {A} <sat>.'):
            with self.assertRaises(grammar.WordingError, msg=bad):
                grammar.read(bad)


class ThesaurusTest(unittest.TestCase):
    def test_a_word_is_swapped_only_where_the_other_fits(self):
        for text in ('"How can I ever thank you?"', "not far from here", "it <was> a voice like a trumpet", "very low"):
            self.assertEqual(thesaurus.vary(text), text)
        self.assertIn("thanks", thesaurus.vary('"Thank you, Mira."').lower())


class ContentTest(unittest.TestCase):
    def test_no_fault_in_the_content(self):
        self.assertEqual(list(lint.faults(plays=12)), [])


class TaleTest(unittest.TestCase):
    def test_every_sentence_is_read_back_as_the_wording_that_told_it(self):
        patterns_of_all = patterns.Grammar.of(content.load().events.values())
        missed = []
        for i in range(120):
            t = kinds.play(random.Random(f"back/{i}"), False)
            mask = patterns.Mask([c.name for c in t.chars if c.name])
            for told in t.told:
                count = len(patterns.sentences(told.text))
                if not any(p.wording is told.wording for p, _ in patterns_of_all.readings(mask.on(told.text), count)):
                    missed.append(f"{told.wording.where}: {told.text}")
        self.assertEqual(missed, [])

    def test_texts_are_the_same_for_a_seed_and_differ_for_another(self):
        texts = [kinds.text("1", i) for i in range(40)]
        self.assertEqual(texts, [kinds.text("1", i) for i in range(40)])
        self.assertFalse(set(texts) & {kinds.text("2", i) for i in range(40)})

    def test_held_out_names_plots_and_pairs_never_meet_training(self):
        for held in (False, True):
            for i in range(60):
                t = kinds.play(random.Random(f"split/{i}"), held)
                self.assertEqual({names.is_held(c.name) for c in t.chars if c.name} - {held}, set())
                if any(p.held for p in t.content.plots.values()):
                    self.assertEqual(t.plot.held, held)

    def test_what_is_said_beside_a_tale_is_told_in_it(self):
        for i in range(150):
            rng = random.Random(f"beside/{i}")
            t = (visitors.play if i % 3 == 0 else kinds.play)(rng, False)
            title, body = t.title() or "", t.body.lower()
            beside = " ".join([title, requests.wish(t), *(x for pair in questions.pick(t, 4) for x in pair)])
            for name in {c.name for c in t.chars if c.name}:
                if re.search(rf"\b{re.escape(name)}\b", beside):
                    self.assertIn(name.lower(), body)
            for noun in {e.noun for e in (*t.things, *t.places)}:
                if grammar.title_case(noun) in title:
                    self.assertIn(noun, body)

    def test_a_pronoun_is_used_beside_a_tale_only_if_the_tale_tells_it(self):
        for i in range(200):
            t = kinds.play(random.Random(f"sex/{i}"), False)
            hero = t.teller.narrator
            if hero and hero.kind in ("fox", "pupil", "frog", "mouse", "baker") and not t.knows_sex(hero):
                about = grammar.read("@past {A.he} found {A.his} hat.", plain=True)
                self.assertNotRegex(t.aside().tell(about, {"A": hero}), r"\b(?:she|he|it|her|his|its)\b")

    def test_a_question_asks_what_its_sentence_told(self):
        event = content.load().events["island_flag"]
        told = [q.answers[0].source for q in event.questions if q.is_told("They laid a big arrow of white shells on the sand.")]
        self.assertEqual(len(told), 1)
        self.assertIn("arrow", told[0])

    def test_invented_names_are_no_words(self):
        rng = random.Random("words")
        for i in range(2000):
            name = names.choose(rng, rng.choice("fm"), True, [], i % 2 == 0, i % 3 == 0).split()[-1]
            self.assertTrue(names.known(name) or name.lower() not in names.WORDS | content.words(), name)

    def test_who_is_asleep_away_or_elsewhere_does_nothing(self):
        event = content.load().events["thank"]
        a, b, pond, hill = Char("Mira", "girl", "f"), Char("Ben", "boy", "m"), Place("pond", "by"), Place("hill", "on")
        for pred, args, possible in (("at", (a, pond), True), ("asleep", (a,), False), ("away", (b,), False), ("at", (b, hill), False)):
            state = State()
            for who in (a, b):
                state.add("new", (who,))
                state.add("at", (who, pond))
            state.add("helps", (b, a))
            state.add(pred, args)
            self.assertEqual(event.bindings(state, {"A": a, "B": b}, random) is not None, possible, pred)


if __name__ == "__main__":
    unittest.main()
