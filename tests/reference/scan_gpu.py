"""The recurrence of `scan.py` on a GPU: one kernel a direction in place of one a time step.

Steps (f, u), h -> f ⊙ h + u, compose into steps of the same kind, so all h_t come out of a prefix scan.
"""

import torch
import triton
import triton.language as tl

CHANNELS = 16


@triton.jit
def _then(f, u, f_next, u_next):
    return f * f_next, u * f_next + u_next


@triton.jit
def _forward(f, u, start, h, steps, width, LENGTH: tl.constexpr, CHANNELS: tl.constexpr):
    row, t = tl.program_id(0), tl.arange(0, LENGTH)[:, None]
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)[None, :]
    at, inside = (row * steps + t) * width + channel, (t < steps) & (channel < width)
    decay, reached = tl.associative_scan((tl.load(f + at, inside, 1.0), tl.load(u + at, inside, 0.0)), 0, _then)
    before = tl.load(start + row * width + channel, channel < width, 0.0)
    tl.store(h + at, decay * before + reached, inside)


@triton.jit
def _backward(f, dh, du, steps, width, LENGTH: tl.constexpr, CHANNELS: tl.constexpr):
    row, t = tl.program_id(0), tl.arange(0, LENGTH)[:, None]
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)[None, :]
    at, inside = (row * steps + t) * width + channel, (t < steps) & (channel < width)
    later = tl.load(f + at + width, (t + 1 < steps) & (channel < width), 0.0)
    _, summed = tl.associative_scan((later, tl.load(dh + at, inside, 0.0)), 0, _then, reverse=True)
    tl.store(du + at, summed, inside)


def _grid(x):
    rows, steps, width = x.shape
    return (rows, triton.cdiv(width, CHANNELS)), (steps, width, triton.next_power_of_2(steps), CHANNELS)


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
