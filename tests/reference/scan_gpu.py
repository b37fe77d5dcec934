"""The recurrence of `scan.py` on a GPU: one kernel a direction in place of one a time step.

Steps (f, u), h -> f ⊙ h + u, compose into steps of the same kind, so the h_t of a stretch of time come out of a prefix
scan. A program takes a few channels of a row through time, stretch after stretch, and carries h.
"""

import torch
import triton
import triton.language as tl

CHANNELS = 32
STRETCH = 64


@triton.jit
def _then(f, u, f_next, u_next):
    return f * f_next, u * f_next + u_next


@triton.jit
def _plus(a, b):
    return a + b


@triton.jit
def _forward(f, u, start, h, steps: tl.constexpr, width, STRETCH: tl.constexpr, CHANNELS: tl.constexpr):
    row, place = tl.program_id(0), tl.arange(0, STRETCH)[:, None]
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    before = tl.load(start + row * width + channel, channel < width, 0.0)
    for begin in range(0, steps, STRETCH):
        t = begin + place
        at, inside = (row * steps + t) * width + channel[None, :], (t < steps) & (channel < width)[None, :]
        decay, reached = tl.associative_scan((tl.load(f + at, inside, 1.0), tl.load(u + at, inside, 0.0)), 0, _then)
        now = decay * before[None, :] + reached
        tl.store(h + at, now, inside)
        before = tl.reduce(tl.where(place == STRETCH - 1, now, 0.0), 0, _plus)


@triton.jit
def _backward(f, dh, du, steps: tl.constexpr, width, STRETCH: tl.constexpr, CHANNELS: tl.constexpr):
    row, place = tl.program_id(0), tl.arange(0, STRETCH)[:, None]
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    later = tl.full([CHANNELS], 0.0, tl.float32)
    stretches: tl.constexpr = (steps + STRETCH - 1) // STRETCH
    for number in range(0, stretches):
        t = (stretches - 1 - number) * STRETCH + place
        at, inside = (row * steps + t) * width + channel[None, :], (t < steps) & (channel < width)[None, :]
        f_next = tl.load(f + at + width, (t + 1 < steps) & (channel < width)[None, :], 0.0)
        decay, summed = tl.associative_scan((f_next, tl.load(dh + at, inside, 0.0)), 0, _then, reverse=True)
        now = decay * later[None, :] + summed
        tl.store(du + at, now, inside)
        later = tl.reduce(tl.where(place == 0, now, 0.0), 0, _plus)


def _grid(x):
    rows, steps, width = x.shape
    return (rows, triton.cdiv(width, CHANNELS)), (steps, width, STRETCH, CHANNELS)


def forward(f, u, start):
    """h_t = f_t ⊙ h_{t-1} + u_t: f, u [B, S, d], start [B, d], all contiguous -> h [B, S, d]."""
    h = torch.empty_like(u)
    grid, sizes = _grid(u)
    _forward[grid](f, u, start, h, *sizes)
    return h


def backward(f, dh):
    """du_t = dh_t + f_{t+1} ⊙ du_{t+1}, backwards from the last: f, dh [B, S, d] -> du [B, S, d]."""
    du = torch.empty_like(dh)
    grid, sizes = _grid(dh)
    _backward[grid](f, dh, du, *sizes)
    return du
