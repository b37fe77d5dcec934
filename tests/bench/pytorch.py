"""Decoding steps a second in PyTorch, as research code computes a BitLinear: weights and activations are
quantised anew in every call. Layers of the shape given, attention over earlier tokens left out.

    python pytorch.py LAYERS WIDTH HIDDEN THREADS
"""

import sys
import time

import torch
from torch import nn


def quantised_weights(w):
    scale = 1.0 / w.abs().mean().clamp(min=1e-5)
    return (w * scale).round().clamp(-1, 1) / scale


def quantised_activations(x):
    scale = 127.0 / x.abs().amax(-1, keepdim=True).clamp(min=1e-5)
    return (x * scale).round().clamp(-128, 127) / scale


class BitLinear(nn.Linear):
    def forward(self, x):
        return nn.functional.linear(quantised_activations(x), quantised_weights(self.weight))


class Layer(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.norm1, self.norm2 = nn.RMSNorm(width), nn.RMSNorm(width)
        self.q, self.k, self.v, self.o = (BitLinear(width, width, bias=False) for _ in range(4))
        self.gate, self.up = BitLinear(width, hidden, bias=False), BitLinear(width, hidden, bias=False)
        self.down = BitLinear(hidden, width, bias=False)

    def forward(self, x):
        n = self.norm1(x)
        x = x + self.o(self.v(n) * torch.sigmoid(self.q(n) * self.k(n)))
        n = self.norm2(x)
        return x + self.down(nn.functional.silu(self.gate(n)) * self.up(n))


@torch.inference_mode()
def main():
    layers, width, hidden, threads = map(int, sys.argv[1:])
    torch.set_num_threads(threads)
    model = nn.Sequential(*(Layer(width, hidden) for _ in range(layers)))
    x = torch.randn(1, width)
    model(x)
    steps, began = 0, time.perf_counter()
    while time.perf_counter() - began < 3:
        x = model(x)
        steps += 1
    print(steps / (time.perf_counter() - began), torch.__version__)


main()
