"""Facts about the judge and the exam: `cd tests/reference && python -m unittest world.test_judge`."""
import random
import tempfile
import unittest
from pathlib import Path

from . import calibrate, exam, judge, kinds, patterns, vocabulary

TALE = """The Fox and the Kite

Mira was a fox who liked to sing songs. One day she went to the hill."""


def faults(text, **more):
    return judge.judge(text, **more).kinds


class TextTest(unittest.TestCase):
    def test_parts_of_a_text(self):
        parts = judge.split("The Owl\n\nOne.\nTwo.\n\nQ: Who?\nA: An owl.\nQ: Where?\nA: Here.")
        self.assertEqual((parts.title, parts.paragraphs), ("The Owl", [(3, "One."), (4, "Two.")]))
        self.assertEqual(parts.questions, [("Who?", "An owl."), ("Where?", "Here.")])
        asked = judge.split("Tell me a story about an owl.\n\nThe Owl\n\nOnce there was an owl, and it flew.\n\nWho flew?\n\nThe owl.")
        self.assertEqual((asked.asked, asked.title, asked.questions), (["Tell me a story about an owl."], "The Owl", [("Who flew?", "The owl.")]))

    def test_names_of_a_text(self):
        names = vocabulary.load().names('Then Zorvi met Mrs. Plum. "Will you come?" asked Zorvi. On Sunday they went, and a fox named And came too.')
        self.assertEqual(names, ["Zorvi", "Mrs. Plum", "And"])

    def test_a_mask_comes_off_again(self):
        mask = patterns.Mask(["Zorvi", "Mrs. Plum"])
        text = "Zorvi's fox and Mrs. Plum met the foxglove, the fox and a kite."
        self.assertEqual(mask.off(mask.on(text)), text)
        self.assertEqual(len(patterns.MASKED.findall(mask.on(text))), 5)

    def test_what_needs_no_reading(self):
        for text, kind in ((TALE + ' "I am here, said Mira.', "speech"), (TALE + " Then she", "unended"), (TALE + " She was hpapy.", "words"),
                           (TALE + " She was very happy that day. She was very happy that day.", "loop"), (TALE.replace("Fox", "Owl"), "title")):
            self.assertIn(kind, faults(text), text)
        self.assertIn("end", faults(TALE, ended=False))

    def test_a_copy_is_found_wherever_it_begins(self):
        data = "".join(random.Random(1).choice("abcdefgh ") for _ in range(5000)).encode()
        training = judge.Training(data)
        for i in (0, 7, 60, 333):
            self.assertIsNotNone(training.copied("x" + data[i:i + judge.COPY].decode() + "y"))
            self.assertIsNone(training.copied("x" + data[i:i + judge.COPY - 1].decode() + "~"))


class ReadingTest(unittest.TestCase):
    def test_nonsense_is_unread(self):
        self.assertIn("unread", faults("Mira was a fox who liked to sing songs. Under green the slowly was. Time of a much the. Not seven him could wood."))

    def test_a_stranger_is_from_nowhere(self):
        self.assertEqual(faults(TALE.split("\n\n")[1]), set())
        self.assertIn("nowhere", faults(TALE + " Then Zorvi laughed."))
        self.assertIn("gender", faults("Mrs. Plum was a baker who liked to sing songs. One day he went to the hill."))


class CalibrationTest(unittest.TestCase):
    """On few tales; `python -m world.judge --calibrate --tales 1000` makes the table."""

    @classmethod
    def setUpClass(cls):
        cls.texts = calibrate.fresh("test", 24)
        cls.good = [t for t in cls.texts if not judge.judge(t).faults]

    def test_true_tales_pass(self):
        self.assertGreaterEqual(len(self.good), 22)

    def test_tales_with_one_change_fail(self):
        others = [judge.split(t).questions for t in self.texts]
        for kind in set(calibrate.KINDS) - calibrate.TOLD:
            rng = random.Random(kind)
            changed = [c for t in self.good[:8] if (c := getattr(calibrate.Changes(rng, t, others), kind)())]
            missed = [c for c in changed if not judge.judge(c).faults]
            self.assertLessEqual(len(missed), 1, (kind, missed))


class ExamTest(unittest.TestCase):
    def test_prompts_are_held_out_and_differ(self):
        prompts = exam.beginnings("test", 9)
        self.assertEqual(len(set(prompts)), 9)
        self.assertEqual(prompts, exam.beginnings("test", 9))
        self.assertFalse(set(prompts) & set(exam.beginnings("test", 9, lambda p: p in prompts)))

    def test_samples_of_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.txt"
            path.write_text("anything before\n---- sample 1 (ended)\nA tale.\n---- sample 2 (cut)\nThe other\n\none", encoding="utf-8")
            self.assertEqual(exam.samples(path), [("A tale.", True), ("The other\n\none", False)])

    def test_figures_of_true_tales(self):
        tales = [exam.Judged("", kinds.headed(exam.held_tale(f"figures/{i}")), True) for i in range(12)]
        names, kept = exam.invented_kept(tales)
        self.assertEqual(names, kept)
        asked = list(exam.own_questions(tales, "test"))
        self.assertGreater(len(asked), 6)
        text = tales[0].text
        words = exam.count_words([text])
        self.assertEqual(exam.grams([text, text], 2 * words), exam.grams([text], words))


if __name__ == "__main__":
    unittest.main()
