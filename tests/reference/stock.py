"""Training rows made while they are used: processes that write them, and the stock that a trainer draws from.

A trainer starts the processes; by hand one makes rows as

    python stock.py --folder FOLDER --texts world_texts --positions 1024 --seed 7 [--drills SHARE] [--lesson SECONDS] [--lesson-drills SHARE] [--held-out ROWS]

Each writes files of rows until it is ended, or until nobody has read them for a while. `--texts` is a module with
`documents(seed, drills, held_out)`, an endless iterator of documents (bytes).
"""

import argparse
import importlib
import os
import pathlib
import subprocess
import sys
import time

import numpy as np

from rows import COLUMNS, Packer

HERE = pathlib.Path(__file__).parent
TALES, DRILLS, HELD_OUT = "tales", "drills", "heldout"
ROWS_PER_FILE = 64
UNREAD = 200                  # files that may wait to be read


class Stock:
    """Rows on a device. Each is drawn once before any is drawn again; at random then, if the processes are too slow."""

    def __init__(self, folder, positions, device, capacity, seed):
        import torch  # the processes have no need of it
        self.torch, self.folder, self.random = torch, pathlib.Path(folder), np.random.default_rng(seed)
        self.rows = {kind: torch.zeros(rows, positions, COLUMNS, dtype=torch.uint8, device=device)
                     for kind, rows in ((TALES, capacity), (DRILLS, capacity // 4))}
        self.made, self.drawn = ({kind: 0 for kind in self.rows} for _ in range(2))
        self.asked = 0                # rows drawn in all, again or not

    def collect(self):
        """Takes in what the processes wrote since, as long as not too much of it waits; then they wait, too."""
        for path in sorted(self.folder.glob("*.npy")):
            kind = path.name.split("_")[0]
            if kind not in self.rows or self.made[kind] - self.drawn[kind] > len(self.rows[kind]) // 4:
                continue
            new, rows = np.load(path), self.rows[kind]
            path.unlink()
            while len(new):
                # Full: the oldest make room.
                place = self.made[kind] % len(rows)
                part, new = new[:len(rows) - place], new[len(rows) - place:]
                rows[place:place + len(part)].copy_(self._ready(part), non_blocking=True)
                self.made[kind] += len(part)

    def draw(self, count, drills):
        """`count` rows [count, positions, 9] of which a share are drills."""
        self.asked += count
        wanted = {DRILLS: int(self.random.binomial(count, drills))}
        wanted[TALES] = count - wanted[DRILLS]
        for kind, other in ((DRILLS, TALES), (TALES, DRILLS)):
            if not self.made[kind]:                 # none there yet
                wanted[other] += wanted.pop(kind, 0)
        return self.torch.cat([self._of(kind, number) for kind, number in wanted.items() if number])

    def _of(self, kind, number):
        rows, made = self.rows[kind], self.made[kind]
        kept, drawn = min(made, len(rows)), self.drawn[kind]
        fresh = np.arange(drawn, min(drawn + number, made))
        again = self.random.integers(0, kept, number - len(fresh))
        self.drawn[kind] = max(drawn + len(fresh), made - len(rows))
        places = np.concatenate([fresh % len(rows), again])
        return rows[self._ready(places).to(rows.device, non_blocking=True)]

    def _ready(self, array):
        """An array as a tensor that can be on its way to a GPU while the trainer goes on."""
        tensor = self.torch.from_numpy(array)
        return tensor.pin_memory() if self.rows[TALES].is_cuda else tensor

    def wait_for(self, count, seconds=300):
        """Until `count` rows are there."""
        end = time.time() + seconds
        while sum(self.made.values()) < count:
            if time.time() > end:
                raise SystemExit(f"{self.folder} holds {sum(self.made.values())} rows after {seconds} seconds, {count} are needed to begin: "
                                 "read what the processes of stock.py say above")
            time.sleep(0.1)
            self.collect()


def start(folder, workers, texts, positions, seed, drills, lesson, lesson_drills):
    """The processes. Each makes drills and tales in the shares that are drawn: in the `lesson` (seconds) other ones than after it."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    processes = []
    for number in range(workers):
        command = [sys.executable, HERE / "stock.py", "--folder", folder, "--texts", texts, "--positions", positions,
                   "--seed", seed * 1000 + number, "--drills", drills, "--lesson", lesson, "--lesson-drills", lesson_drills]
        processes.append(subprocess.Popen([str(word) for word in command]))
    return processes


def held_out(folder, texts, positions, rows):
    """Rows of texts that no training has, each packed only with its like. Waits for them."""
    subprocess.run([sys.executable, HERE / "stock.py", "--folder", folder, "--texts", texts, "--positions", str(positions),
                    "--seed", "0", "--held-out", str(rows)], check=True)
    path = pathlib.Path(folder) / f"{HELD_OUT}.npy"
    return np.load(path)


def write(path, rows):
    """Whole or not at all."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.save(file, np.stack(rows))
    os.replace(part, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--texts", required=True)
    parser.add_argument("--positions", type=int, required=True, help="patches of a row")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--drills", type=float, default=0.1, help="share of the rows")
    parser.add_argument("--lesson", type=float, default=0.0, help="seconds in which the share is another")
    parser.add_argument("--lesson-drills", type=float, default=0.6)
    parser.add_argument("--held-out", type=int, default=0, metavar="ROWS", help="only so many rows of what is held out")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    os.nice(10)               # the trainer itself comes first
    texts = importlib.import_module(options.texts)
    random = np.random.default_rng(options.seed)
    if options.held_out:
        packer, source = Packer(options.positions, random, newlines=0), texts.documents(options.seed, False, True)
        rows = []
        while len(rows) < options.held_out:
            packer.add([next(source) for _ in range(packer.WAITING)])
            rows += packer.full_rows()
        write(options.folder / f"{HELD_OUT}.npy", rows[:options.held_out])
        return
    packers = {kind: Packer(options.positions, random) for kind in (TALES, DRILLS)}
    sources = {kind: texts.documents(options.seed, kind == DRILLS, False) for kind in packers}
    rows, began, number, trainer = {kind: [] for kind in packers}, time.time(), 0, os.getppid()
    while os.getppid() == trainer:
        share = options.lesson_drills if time.time() - began < options.lesson else options.drills
        kind = DRILLS if random.random() < share else TALES
        packers[kind].add([next(sources[kind]) for _ in range(16)])
        rows[kind] += packers[kind].full_rows()
        if len(rows[kind]) >= ROWS_PER_FILE:
            write(options.folder / f"{kind}_{options.seed}_{number:06}.npy", rows[kind])
            rows[kind], number = [], number + 1
            while len(list(options.folder.glob("*.npy"))) > UNREAD and os.getppid() == trainer:
                time.sleep(0.5)


if __name__ == "__main__":
    main()
