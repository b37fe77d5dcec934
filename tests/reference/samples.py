"""Many tales at once from a model that reads text laid out by words, for samples while it trains. Not fast: it reads the
whole text again for every patch, which a GPU does in no time for texts as short as tales.
"""

import time

import torch

import layout
from layout import FILL, PATCH
from rows import END, NEWLINES, PADDING

# As visitors begin; where one ends within a word or a sentence the model goes on there.
BEGINNINGS = [
    "Once upon a time there was a little girl who",
    "Once upon a time",
    "Tell me a story about a fox and a red kite.",
    "The Hedgehog and the Lantern\n\n",
    "Zorvi was a small bear who lived by the river. One day Zor",
    "There once lived a miller named Quinlo. He",
    "Tell me a story about an owl and a boat.",
    "The Lost Key\n\nMirabo had lost",
    "\"Who took my hat?\" asked Tessa.",
    "Hello",
    "It was raining, and the old lighthouse",
    "I found a tiny door in the garden wall. ",
]


class Told:
    """A text on its way, as its laid-out bytes."""

    def __init__(self, prompt):
        self.bytes = list(layout.lay_out(prompt.encode(), goes_on=True))
        if len(self.bytes) < PATCH:
            self.bytes = [NEWLINES] * PATCH + self.bytes
        self.ended = False

    @property
    def whole(self):
        return len(self.bytes) // PATCH * PATCH

    def text(self):
        return layout.back(bytes(self.bytes)).removesuffix(bytes([END])).decode("utf-8", "replace").lstrip("\n")


@torch.no_grad()
def tell(model, prompts, patches, seed=1, temperature=0.7, min_p=0.05, gate="off", seconds=float("inf")):
    """[(text, whether it ended by itself)] of texts of at most so many patches, cut where the time is over."""
    end = time.time() + seconds
    told = [Told(prompt) for prompt in prompts]
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    while not all(one.ended for one in told):
        lengths = [one.whole // PATCH for one in told]
        longest = max(lengths)
        if longest >= patches or time.time() > end:
            break
        padded = -(-longest // 128) * 128
        units = torch.zeros(len(told), padded, PATCH, dtype=torch.long)
        for row, one in zip(units, told):
            row[:one.whole // PATCH] = torch.tensor(one.bytes[:one.whole]).view(-1, PATCH)
        documents = torch.arange(padded)[None] >= torch.tensor(lengths)[:, None]
        z, _, _ = model.backbone(units.to(device), gate=gate, documents=(documents * PADDING).to(device))
        z = z[torch.arange(len(told)), torch.tensor(lengths, device=device) - 1]
        known = [one.bytes[one.whole:] for one in told]
        for offset in range(PATCH):
            so_far = torch.tensor([(bytes_ + [0] * PATCH)[:offset] for bytes_ in known], dtype=torch.long, device=device).view(len(told), offset)
            logits = model.logits_of_next(z, so_far)[:, -1].float()
            if offset == 0:
                logits[:, FILL] = -torch.inf    # only the beginning of a text has a fill there
            p = torch.softmax(logits / temperature, -1)
            p = p * (p >= min_p * p.amax(-1, keepdim=True))
            picked = torch.multinomial(p, 1, generator=generator).flatten().tolist()
            for one, bytes_, byte in zip(told, known, picked):
                if len(bytes_) == offset and not one.ended:
                    if offset and bytes_[-1] == FILL:
                        byte = FILL             # after a fill only fills come
                    one.bytes.append(byte)
                    bytes_.append(byte)
                    one.ended = byte == END
    return [(one.text(), one.ended) for one in told]
