"""Examines a model file through the native command line: `python -m world.exam MODEL`, from `tests/reference`.

Parts: tales from titles and first sentences that no training text begins with; questions after tales of the simulator and after its
own; tales of plots that training never saw; the openings that visitors type, printed to be read; how varied its tales are. Prints tables
for the model's card. The same seed gives the same prompts, and the same texts from the same model.

`--samples FILE` judges texts that are there already: blocks `---- sample N (ended)` or `(cut)`, as the trainer writes them.
"""
import argparse
import collections
import json
import random
import re
import subprocess
import sys
from multiprocessing.pool import ThreadPool
from pathlib import Path

from . import content, judge, kinds, lexicon, questions, tale, vocabulary
from .render import Teller

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = {"temperature": .7, "top-p": .95}       # the page's own
LONGEST, ANSWER = 1600, 160
BARS = {"without": .95, "kept": .97, "ended": .99, "asked": .90, "own": .85, "unseen": .80, "grams": .80}
PROCESSES = 2
SAMPLE = re.compile(r"^---- sample (\S+) \((ended|cut)\)[^\n]*\n", re.M)


# ---------------------------------------------------------------- the model

class Cpu1:
    """The model behind the command line."""

    def __init__(self, model, binary=None):
        self.model = str(Path(model).resolve())
        self.binary = str(Path(binary).resolve()) if binary else self.build()

    @staticmethod
    def build():
        subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
        found = json.loads(subprocess.run(["cargo", "metadata", "--format-version=1", "--no-deps"], cwd=ROOT, check=True, capture_output=True).stdout)
        return str(Path(found["target_directory"]) / "release" / "cpu1")

    def __call__(self, job):
        """(text after the prompt, whether it ended by itself)."""
        prompt, seed, most = job
        command = [self.binary, "--threads", "1", "generate", self.model, "--prompt", prompt, "--max-bytes", str(most), "--seed", str(seed), "--json"]
        for name, value in SETTINGS.items():
            command += ["--" + name, str(value)]
        done = subprocess.run(command, capture_output=True)
        if done.returncode:
            sys.exit(f"{' '.join(command[:4])}: {done.stderr.decode(errors='replace').strip()}")
        out = json.loads(done.stdout)
        return out["text"].rstrip(kinds.END), out["ended"]

    def all(self, jobs):
        """The texts of all jobs in their order."""
        with ThreadPool(PROCESSES) as pool:
            return pool.map(self, jobs, chunksize=1)


# ---------------------------------------------------------------- prompts

def held_tale(seed, plot=None):
    """A tale with names and pairs that training never sees; of a plot that it sees, or of the one given."""
    rng = random.Random(seed)
    seen = [p for p in content.load().plots.values() if not p.held]
    while True:
        try:
            return tale.Tale(rng, True, plot=plot or rng.choice(seen)).play()
        except tale.CannotHappen:
            continue


def beginnings(seed, n, begins=lambda prompt: False):
    """n prompts: titles, first sentences, and both, no two alike; `begins` says which a training text begins with."""
    found, i = {}, 0
    while len(found) < n:
        t = held_tale(f"{seed}/{i}")
        title, first = t.title(), t.told[0].text
        prompt = [f"{title}\n\n" if title else first, first, f"{title}\n\n{first}" if title else first][i % 3]
        i += 1
        if not begins(prompt):
            found.setdefault(prompt)
    return list(found)


def unseen(seed, n):
    """(plot's name, prompt) of plots kept for the exam: the title and the first paragraph."""
    plots = [p for p in content.load().plots.values() if p.held]
    out = []
    for i in range(n if plots else 0):
        plot = plots[i % len(plots)]
        t = held_tale(f"{seed}/{plot.name}/{i}", plot)
        title = t.title()
        out.append((plot.name, (f"{title}\n\n" if title else "") + t.body.split("\n")[0]))
    return out


# ---------------------------------------------------------------- figures

class Judged:
    """A text of the model with its verdict."""

    def __init__(self, prompt, text, ended, training=None, words=None):
        self.prompt, self.text, self.ended = prompt, prompt + text, ended
        self.verdict = judge.judge(self.text, ended, prompt, training, words)

    @property
    def faults(self):
        return self.verdict.faults


def invented_kept(judged):
    """(names, kept): invented names that a text brings in, and those that stay: said again, and no name is said that nobody has."""
    given = vocabulary.load().given
    all_names = kept = 0
    for j in judged:
        story = "\n".join(p for _, p in judge.split(j.text).paragraphs)
        strangers = any(f.why.startswith("nobody is called") for f in j.faults)
        for name in j.verdict.world.names:
            if name in given or " " in name or j.verdict.world.names[name] not in j.verdict.world.chars:
                continue
            said = len(re.findall(rf"(?<!\w){re.escape(name)}(?!\w)", story))
            if said > 1 or strangers:
                all_names += 1
                kept += not strangers
    return all_names, kept


def grams(texts, words):
    """How many different word 4-grams stand in the first so many words of the texts."""
    seen, left = set(), words
    for t in texts:
        w = re.findall(r"[\w']+|[^\w\s]", t)[:left]
        left -= len(w)
        seen.update(tuple(w[i:i + 4]) for i in range(len(w) - 3))
    return len(seen)


def count_words(texts):
    return sum(len(re.findall(r"[\w']+|[^\w\s]", t)) for t in texts)


def own_questions(judged, seed):
    """(text, judge's world, question) of the model's own tales, one each, where the judge knows what is right."""
    for j in judged:
        if j.faults or not j.ended:
            continue
        rng = random.Random(f"{seed}/{j.text[:60]}")
        asks = list(askable(j.verdict, rng))
        if asks:
            yield j, rng.choice(asks)


def askable(verdict, rng):
    """Questions that the tale, as the judge read it, allows."""
    w = verdict.world
    state, chars, things, turn = judge.as_state(w)
    if any(c.kind not in lexicon.KINDS for c in chars):
        return
    told = []
    for t in verdict.told:
        bind = {k: turn(e) for k, e in t.bind.items() if e is not judge.UNKNOWN and e is not None}
        told.append(judge.Told(t.event, bind, t.wording, t.line, t.text))
    for q, bind in questions.of_events(state, told):
        yield Teller(rng, state).tell(q.ask, bind)
    for ask, _ in judge.general(w):
        yield ask


def with_question(text, ask):
    return f"{text}\n\nQ: {ask}\nA:"


def first_line(text):
    return text.strip("\n ").split("\n")[0].strip()


# ---------------------------------------------------------------- the report

def row(what, part, whole, bar=None):
    share = part / whole if whole else 0
    return f"| {what} | {part} of {whole} | {share:.1%} | {f'{bar:.0%}' if bar else ''} |"


def table(judged, what, bar):
    """Lines of a table about tales."""
    n = len(judged)
    names, kept = invented_kept(judged)
    sentences = sum(j.verdict.sentences for j in judged)
    yield row(f"{what} without a fault", sum(not j.faults for j in judged), n, bar)
    yield row("invented names kept to the end", kept, names, BARS["kept"])
    yield row(f"ended within {LONGEST} bytes", sum(j.ended for j in judged), n, BARS["ended"])
    yield row("sentences that some wording covers", sum(j.verdict.read for j in judged), sentences)


def commonest(judged):
    """Kinds of fault by the number of tales that have them, each with an example."""
    count, example = collections.Counter(), {}
    for j in judged:
        for f in j.faults:
            example.setdefault(f.kind, f)
        count.update(j.verdict.kinds)
    yield "| fault | tales | for example |"
    yield "|---|---|---|"
    for kind, n in count.most_common():
        f = example[kind]
        yield f"| {kind} | {n} | {f.why}: {f.what[:90]} |".replace("\n", " ")


HEAD = ["| | | share | bar |", "|---|---|---|---|"]


def samples(path):
    """[(text, ended)] of a file of samples."""
    parts = SAMPLE.split(Path(path).read_text(encoding="utf-8"))
    return [(text.strip("\n").rstrip(kinds.END), how == "ended") for how, text in zip(parts[2::3], parts[3::3])]


def main():
    p = argparse.ArgumentParser(prog="python -m world.exam", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", nargs="?", help="a checkpoint that the native command line reads")
    p.add_argument("--samples", help="judge the texts of this file instead")
    p.add_argument("--tales", type=int, default=1000)
    p.add_argument("--questions", type=int, default=500, help="so many after tales of the simulator, and so many after its own")
    p.add_argument("--unseen", type=int, default=200, help="tales of plots kept for the exam")
    p.add_argument("--openings", type=int, default=100, help="how many of the openings that visitors type")
    p.add_argument("--seed", default="exam")
    p.add_argument("--training", help="the training text: prompts that a text of it begins with are left out, copies are faults")
    p.add_argument("--words", help="a common list of words, one a line, in addition to the world's own")
    p.add_argument("--binary", help="the native program, if it is built already")
    p.add_argument("--out", help="writes all texts with their faults there, to be read")
    o = p.parse_args()
    if bool(o.model) == bool(o.samples):
        p.error("give a model file, or --samples FILE")
    data = Path(o.training).read_bytes() if o.training else b""
    training = judge.Training(data) if data else None
    words = vocabulary.Words(w.strip().lower() for w in open(o.words, encoding="utf-8")) if o.words else None
    log = open(o.out, "w", encoding="utf-8") if o.out else None

    def write(title, judged):
        for j in judged if log else ():
            log.write(f"==== {title}{'' if j.ended else ' (cut)'}\n{j.text}\n" + "".join(f"    >> {f}\n" for f in j.faults))

    if o.samples:
        judged = [Judged("", text, ended, training, words) for text, ended in samples(o.samples)]
        write("sample", judged)
        print("\n".join([*HEAD, *table(judged, "samples", BARS["without"]), "", *commonest(judged)]))
        return
    cpu1 = Cpu1(o.model, o.binary)
    starts = lambda prompt: data.startswith(prompt.encode()) or kinds.END.encode() + prompt.encode() in data

    def tell(prompts, most=LONGEST):
        return cpu1.all([(prompt, i + 1, most) for i, prompt in enumerate(prompts)])

    lines = list(HEAD)
    prompts = beginnings(o.seed, o.tales, starts)
    tales = [Judged(prompt, *told, training, words) for prompt, told in zip(prompts, tell(prompts))]
    write("tale", tales)
    lines += table(tales, "tales", BARS["without"])

    asked = []
    for i in range(10 * o.questions):
        if len(asked) == o.questions:
            break
        t = held_tale(f"{o.seed}/asked/{i}")
        text = kinds.headed(t)
        v = judge.judge(text)
        pairs = [(q, a) for q, a in questions.pick(t, 4) if v.answered(q, a)]
        if pairs and not v.faults:
            asked.append((text, *pairs[0], v))
    answers = tell([with_question(text, q) for text, q, _, _ in asked], ANSWER)
    right = [bool(v.answered(q, first_line(a))) for (_, q, _, v), (a, _) in zip(asked, answers)]
    lines.append(row("questions after held-out tales right", sum(right), len(right), BARS["asked"]))
    own = list(own_questions(tales, o.seed))[:o.questions]
    own_answers = tell([with_question(j.text, q) for j, q in own], ANSWER)
    own_right = [bool(j.verdict.answered(q, first_line(a))) for (j, q), (a, _) in zip(own, own_answers)]
    lines.append(row("questions after its own tales right", sum(own_right), len(own_right), BARS["own"]))
    if log:
        for (text, q, a, _), (said, _), ok in zip(asked, answers, right):
            log.write(f"==== question {'right' if ok else 'wrong'}: {q}\n    said {first_line(said)!r}, the simulator says {a!r}\n    {text!r}\n")
        for (j, q), (said, _), ok in zip(own, own_answers, own_right):
            log.write(f"==== own question {'right' if ok else 'wrong'}: {q}\n    said {first_line(said)!r}\n    {j.text!r}\n")

    kept = unseen(o.seed, o.unseen)
    new = [Judged(prompt, *told, training, words) for (_, prompt), told in zip(kept, tell([prompt for _, prompt in kept]))]
    write("unseen plot", new)
    lines.append(row(f"tales of {len({name for name, _ in kept})} plots it never saw without a fault", sum(not j.faults for j in new), len(new), BARS["unseen"]))
    simulated = [kinds.headed(held_tale(f"{o.seed}/simulated/{i}")) for i in range(o.tales)]
    texts = [j.text for j in tales]
    most = min(count_words(texts), count_words(simulated))
    lines.append(row(f"different word 4-grams in {most} words of its tales, of the simulator's", grams(texts, most), grams(simulated, most), BARS["grams"]))
    print("\n".join([*lines, "", "Faults of its tales, by the number of tales that have them:", "", *commonest(tales)]))
    if new:
        print("\n| plot that it never saw | tales | without a fault |\n|---|---|---|")
        for name in sorted({name for name, _ in kept}):
            of = [j for (n, _), j in zip(kept, new) if n == name]
            print(f"| {name} | {len(of)} | {sum(not j.faults for j in of) / len(of):.0%} |")
    openings = kinds.OPENINGS[:o.openings]
    print(f"\n{len(openings)} openings that visitors type, each with what the model wrote (seed 1):\n")
    for opening, (text, ended) in zip(openings, cpu1.all([(opening, 1, 400) for opening in openings])):
        print(f"**{opening}**{text}{'' if ended else ' …'}\n".replace("\n\n", "\n").replace("\n", "  \n"))


if __name__ == "__main__":
    main()
