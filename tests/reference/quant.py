"""BitNet b1.58 arithmetic (SPEC §2): ternary weights, 8-bit activations, and the layers made of them."""

import torch
from torch import nn

import dialects


def full(x):
    """x in full precision: float32, or float64 where a caller computes in that."""
    return x if x.dtype == torch.float64 else x.float()


LEAST = 1e-5  # the least γ, and the least max|x|


def absmean_scale(weight):
    """γ of a latent weight."""
    return weight.abs().mean().clamp(min=LEAST)


def ternarize(weight, dialect=dialects.OURS):
    """Latent weight -> (T in {-1, 0, 1}, γ or one for each row). `torch.round` rounds half to even, as SPEC wants."""
    if dialect.weights == "row":
        t, scale = torch.vmap(lambda row: _ternarize(row, dialect))(weight)
        return t, scale
    return _ternarize(weight, dialect)


def _ternarize(weight, dialect):
    mean = absmean_scale(weight)
    scale = divisor = weight.abs().amax().clamp(min=LEAST) if dialect.weight_scale == "max" else mean
    if dialect.weight_rounding != "nearest":
        divisor = 2 * 0.7 * mean
    if dialect.weight_rounding == "twn":
        kept = (weight.abs() > divisor / 2).to(weight.dtype)
        scale = ((weight.abs() * kept).sum() / kept.sum().clamp(min=1)).clamp(min=LEAST)
    return (weight / divisor).round().clamp(-1, 1), scale


def by_rows(scale):
    """γ as it multiplies a matrix."""
    return scale.unsqueeze(-1) if scale.dim() else scale


def as_ternary(weight, dialect=dialects.OURS):
    """(T, γ) of a *stored* tensor: one that holds only 0 and ±α is already ternary with γ = α."""
    alpha = weight.abs().max()
    if alpha > 0 and bool(((weight == 0) | (weight.abs() == alpha)).all()):
        return weight.sign(), alpha
    return ternarize(weight, dialect)


def quantize_activations(x):
    """(q, s) per vector: q = clamp(round(x·s), -128, 127) with s = 127 / max(max|x|, 1e-5)."""
    s = 127 / x.abs().amax(-1, keepdim=True).clamp(min=LEAST)
    return (x * s).round().clamp(-128, 127), s


def read_activations(x, dialect):
    """(q, s) as a dialect has them."""
    if dialect.activations == "float":
        return x, torch.ones_like(x[..., :1])
    q, s = quantize_activations(x)
    if dialect.activations == "128":
        s = 128 / x.abs().amax(-1, keepdim=True).clamp(min=LEAST)
        q = (x * s).round().clamp(-128, 127)
    return q, s


def product_dtype(x):
    """The type a training product runs in: that of full precision, or what `torch.autocast` asks for."""
    if torch.is_autocast_enabled("cpu") or torch.is_autocast_enabled("cuda"):
        return torch.bfloat16
    return full(x).dtype


class _StraightThrough(torch.autograd.Function):
    """y = (T q) γ / s for several matrices that share the input x, in one product.

    Backward pretends that T·γ is the latent weight and q/s is x. T and q are small integers, exact in
    bfloat16 too; only the sum T q is rounded there (in float32 it is exact).
    """

    @staticmethod
    def forward(x, dtype, dialect, *weights):
        q, s = read_activations(full(x), dialect)
        parts = [ternarize(weight, dialect) for weight in weights]
        q = q.to(dtype)
        t = torch.cat([part.to(dtype) for part, _ in parts])
        scale = torch.cat([scale.expand(part.shape[0]) for part, scale in parts])
        y = full(q @ t.t()) * (scale / s)
        return y.to(dtype), q, s, t, scale

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, dtype, dialect, *weights = inputs
        _, q, s, t, scale = output
        ctx.save_for_backward(q, s, t, scale)
        ctx.rows = [weight.shape[0] for weight in weights]
        ctx.x_dtype = x.dtype
        ctx.mark_non_differentiable(q, s, t, scale)

    @staticmethod
    def backward(ctx, dy, *_):
        q, s, t, scale = ctx.saved_tensors
        dx = (full(dy) * scale).to(t.dtype) @ t
        into_weight = (full(dy) / s).to(q.dtype).flatten(0, -2)
        dw = (into_weight.t() @ q.flatten(0, -2)).to(scale.dtype)
        return dx.to(ctx.x_dtype), None, None, *dw.split(ctx.rows)


class Linear(nn.Module):
    """A matrix, without bias unless one is set; subclasses say how it multiplies. Weight `[out, in]`."""

    def __init__(self, inputs, outputs, gain=1.0):
        super().__init__()
        self.register_parameter("bias", None)
        self.weight = nn.Parameter(torch.empty(outputs, inputs).normal_(std=gain * inputs**-0.5))

    def forward(self, x):
        return self.apply_to(x, self)[0]

    @classmethod
    def apply_to(cls, x, *layers):
        """Outputs of several layers for one input."""
        products = cls.products(x, *layers)
        return [y if layer.bias is None else y + layer.bias for y, layer in zip(products, layers)]


class DenseLinear(Linear):
    """y = W x."""

    @staticmethod
    def products(x, *layers):
        return [nn.functional.linear(x, layer.weight) for layer in layers]


class BitLinear(Linear):
    """y = (T q) · γ / s. `frozen` holds (T, γ) where a file gave them instead of a latent weight."""

    frozen = None
    dialect = dialects.OURS
    norm_eps = None  # of the norm that a dialect has inside

    @staticmethod
    def products(x, *layers):
        """The input is quantised once."""
        dialect = layers[0].dialect
        if dialect.inner_norm == "every":
            x = full(x)
            x = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + layers[0].norm_eps)
        if any(layer.frozen is not None for layer in layers):
            q, s = read_activations(full(x), dialect)
            return [(q @ t.t()) * (scale / s) for t, scale in (layer.frozen or ternarize(layer.weight, dialect) for layer in layers)]
        weights = [layer.weight for layer in layers]
        y = _StraightThrough.apply(x, product_dtype(x), dialect, *weights)[0]
        return y.split([weight.shape[0] for weight in weights], -1)


class Embedding(nn.Module):
    """A table whose rows are looked up as they are."""

    def __init__(self, rows, width, std):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(rows, width).normal_(std=std))

    def table(self):
        return self.weight

    def forward(self, index):
        return nn.functional.embedding(index, self.table())


class BitEmbedding(Embedding):
    """Rows of T·γ; the gradient goes straight through to the latent table."""

    frozen = None
    dialect = dialects.OURS

    def table(self):
        t, scale = self.frozen or ternarize(self.weight, self.dialect)
        rows = t * by_rows(scale)
        return self.weight + (rows - self.weight).detach() if self.frozen is None else rows
