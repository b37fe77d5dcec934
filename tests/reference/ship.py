"""Puts a trained model where the page finds it: the file, the steps of its training, and what the catalogue says.

    python ship.py --training data/run_14 [--history data/run_14] [--cpu1 ../../target/release/cpu1]

writes `www/models/cpu1-rust-docs.pt` out of the training's checkpoint and `cpu1-rust-docs_step<N>.pt` out of the step
files that `train.py --keep` left in phase 1 (there, or in an earlier training that this one went on from), all
compact, scores them on the held-out text, and writes their places and scores into the entry of the embedded model in
`www/catalog.json`, which is the first.
"""

import argparse
import json
import os
import pathlib
import re
from concurrent.futures import ThreadPoolExecutor

from card import HERE, MODELS, exported, score

NAME = "cpu1-rust-docs"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--training", type=pathlib.Path, required=True, help="the folder of train.py")
    parser.add_argument("--history", type=pathlib.Path, help="the folder with the step files [that of --training]")
    parser.add_argument("--cpu1", type=pathlib.Path, default=HERE / "../../target/release/cpu1", help="`cargo build --release` makes it")
    options = parser.parse_args()
    for old in MODELS.glob(f"{NAME}*.pt"):
        old.unlink()
    model, steps = exported(options.training / "checkpoint.pt", MODELS / f"{NAME}.pt"), []
    kept = {int(found[1]): path for path in (options.history or options.training).iterdir()
            if (found := re.fullmatch(r"checkpoint_\w+?(?<!_phase2)_step(\d+)\.pt", path.name))}
    for step, source in sorted(kept.items()):
        path = exported(source, MODELS / f"{NAME}_step{step}.pt", "--without-gate")  # which phase 2 teaches
        steps.append({"file": f"models/{path.name}", "step": step})
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        *losses, loss = pool.map(lambda path: score(options.cpu1, path), [*(MODELS.parent / step["file"] for step in steps), model])
    for step, bits in zip(steps, losses, strict=True):
        step["loss"] = f"{bits:.2f} bits per byte"
    entry = {"bytes": model.stat().st_size, "loss": f"{loss:.2f} bits per byte, on text it has not seen"}
    path = MODELS / "../catalog.json"
    text = path.read_text()
    for key, value in entry.items():
        text = re.sub(rf'"{key}": [^\n]*?(?=,?\n)', lambda _: f'"{key}": {json.dumps(value)}', text, count=1)
    lines = ",\n".join(f"        {json.dumps(step)}" for step in steps)
    text = re.sub(r'(\n      "label": "ours")(,\n      "steps": \[.*?\])?', lambda found: f'{found[1]},\n      "steps": [\n{lines}\n      ]', text, count=1, flags=re.DOTALL)
    json.loads(text)
    path.write_text(text)


if __name__ == "__main__":
    main()
