"""The linear recurrence h_t = f_t ⊙ h_{t-1} + u_t with its gradient, opaque to the compiler.

On a CPU both directions are one loop over time; a step touches [B, d] values, which stay in cache. A GPU
would wait for the start of so many small kernels, so it has `scan_gpu.py`.
"""

import torch


@torch.library.custom_op("cpu1::recurrence", mutates_args=())
def _recurrence(f: torch.Tensor, u: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
    if u.is_cuda:
        import scan_gpu  # Triton comes with PyTorch for GPUs only
        return scan_gpu.forward(f, u, start)
    h = torch.empty_like(u)
    before = start
    for f_t, u_t, h_t in zip(f.unbind(1), u.unbind(1), h.unbind(1)):
        torch.addcmul(u_t, f_t, before, out=h_t)
        before = h_t
    return h


@_recurrence.register_fake
def _(f, u, start):
    return torch.empty_like(u)


@torch.library.custom_op("cpu1::recurrence_backward", mutates_args=())
def _recurrence_backward(f: torch.Tensor, dh: torch.Tensor) -> torch.Tensor:
    """du_t = dh_t + f_{t+1} ⊙ du_{t+1}."""
    if dh.is_cuda:
        import scan_gpu
        return scan_gpu.backward(f, dh)
    du = torch.empty_like(dh)
    later = None
    for t in range(dh.shape[1] - 1, -1, -1):
        if later is None:
            du[:, t] = dh[:, t]
        else:
            torch.addcmul(dh[:, t], f[:, t + 1], later, out=du[:, t])
        later = du[:, t]
    return du


@_recurrence_backward.register_fake
def _(f, dh):
    return torch.empty_like(dh)


def _setup(ctx, inputs, output):
    f, _, start = inputs
    ctx.save_for_backward(f, start, output)


def _backward(ctx, dh):
    f, start, h = ctx.saved_tensors
    du = _recurrence_backward(f, dh.contiguous())
    before = torch.cat([start.unsqueeze(1), h[:, :-1]], 1)
    return du * before, du, f[:, 0] * du[:, 0]


_recurrence.register_autograd(_backward, setup_context=_setup)


def recurrence(f, u, start):
    """f, u [B, S, d] float32, start [B, d] -> h [B, S, d]."""
    return _recurrence(f.contiguous(), u.contiguous(), start.contiguous())
