"""Training windows in a reproducible order, with a position that a checkpoint can hold."""

import numpy as np
import torch

SEGMENT_WINDOWS = 32


class Windows:
    """Rows of a batch read segments of the text, window after window, so that a recurrent state can be
    carried from one step to the next. An epoch visits all segments in a new order at a new byte offset.
    """

    def __init__(self, text, rows, positions, unit, seed):
        """text: 1-D array of bytes or token ids; a window holds `positions` + 1 units of `unit` elements."""
        self.text, self.rows, self.positions, self.unit, self.seed = text, rows, positions, unit, seed
        self.step_size = positions * unit
        self.segment = self.step_size * SEGMENT_WINDOWS
        if len(text) < 2 * self.segment:
            raise ValueError(f"the training text has {len(text)} elements, a segment {self.segment}: shorten the windows or bring more text")
        self.epoch, self.taken = 0, 0
        self._plan()
        stagger = np.random.default_rng((seed, 0, 1)).integers(1, SEGMENT_WINDOWS + 1, rows)
        self.cursors = [(0, 0)] * rows            # next offset, windows left
        for row in range(rows):
            start, _ = self._next_segment()
            self.cursors[row] = (start, int(stagger[row]))
        self.fresh = np.ones(rows, dtype=bool)    # rows whose next window begins a segment

    def _plan(self):
        generator = np.random.default_rng((self.seed, self.epoch))
        shift = int(generator.integers(0, self.segment))
        count = (len(self.text) - shift - self.unit) // self.segment
        self.starts = shift + self.segment * generator.permutation(count)

    def _next_segment(self):
        if self.taken == len(self.starts):
            self.epoch, self.taken = self.epoch + 1, 0
            self._plan()
        start = int(self.starts[self.taken])
        self.taken += 1
        return start, SEGMENT_WINDOWS

    def next(self):
        """(units [rows, positions + 1, (unit)], which rows begin afresh [rows])."""
        windows, fresh = [], self.fresh.copy()
        for row, (offset, left) in enumerate(self.cursors):
            windows.append(self.text[offset:offset + self.step_size + self.unit])
            if left > 1:
                self.cursors[row] = (offset + self.step_size, left - 1)
            else:
                self.cursors[row] = self._next_segment()
            self.fresh[row] = left <= 1
        units = torch.from_numpy(np.stack(windows).astype(np.int64))
        if self.unit > 1:
            units = units.unflatten(-1, (self.positions + 1, self.unit))
        return units, torch.from_numpy(fresh)

    def state(self):
        return {"epoch": self.epoch, "taken": self.taken, "cursors": list(self.cursors), "fresh": self.fresh.tolist()}

    def restore(self, state):
        self.epoch, self.taken = state["epoch"], state["taken"]
        self._plan()
        self.cursors = [tuple(cursor) for cursor in state["cursors"]]
        self.fresh = np.array(state["fresh"])


def validation_rows(text, rows, positions, unit):
    """The whole text as `rows` long rows, each a list of windows to be read in order."""
    step = positions * unit
    windows = (len(text) // rows - unit) // step
    if windows < 1:
        raise ValueError(f"the held-out text has {len(text)} elements, too few for {rows} rows of {step + unit}")
    for w in range(windows):
        starts = [row * (len(text) // rows) + w * step for row in range(rows)]
        units = torch.from_numpy(np.stack([text[start:start + step + unit] for start in starts]).astype(np.int64))
        yield units.unflatten(-1, (positions + 1, unit)) if unit > 1 else units
