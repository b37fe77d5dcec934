"""The CPU-1 family in PyTorch, written from src/spec.md §1–§2: the oracle of the Rust, and what is trained.

Shapes: B sequences, S positions (patches, or tokens in BPE runs), d = d_model, P = 4 bytes a patch.
Module names give the canonical tensor names of SPEC §3.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from config import Config
from quant import BitEmbedding, BitLinear, DenseLinear, Embedding, Linear, full
from scan import recurrence

P = 4


class RMSNorm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.register_parameter("bias", None)
        self.eps = eps
        self.root = "inside"

    def forward(self, x):
        x = full(x)
        mean = x.square().mean(-1, keepdim=True)
        y = x * (torch.rsqrt(mean + self.eps) if self.root == "inside" else 1 / (mean.sqrt() + self.eps)) * self.weight
        return y if self.bias is None else y + self.bias


def linear_kind(config):
    return BitLinear if config.ternary else DenseLinear


class Bolmo(nn.Module):
    """Boundary-aware encoding of a patch's byte vectors by attention among them."""

    def __init__(self, width, dialect):
        super().__init__()
        self.dialect = dialect
        self.query = DenseLinear(width, width)
        self.key = DenseLinear(width, width)
        self.value = DenseLinear(width, width)
        self.out = DenseLinear(width, width)
        self.boundary = nn.Linear(width, 1)

    def forward(self, e):                                               # [B, S, P, width]
        boundary = torch.sigmoid(full(self.boundary(e))).squeeze(-1)  # [B, S, P]
        query = self.query(e.mean(-2, keepdim=True))
        nearness = torch.log(boundary + 1e-6) if self.dialect.bolmo == "log" else boundary
        scores = (query * self.key(e)).sum(-1) / math.sqrt(e.shape[-1]) + nearness
        mixed = (torch.softmax(full(scores), -1).unsqueeze(-1) * self.value(e)).sum(-2, keepdim=True)
        return (e if self.dialect.bolmo_residual == "each" else e.mean(-2, keepdim=True).expand_as(e)) + self.out(mixed)


class PatchEmbedding(nn.Module):
    """Four bytes -> one vector of d."""

    def __init__(self, config):
        super().__init__()
        table = BitEmbedding if config.ternary else Embedding
        if config.bytes_in:
            self.bytes = table(256, config.byte_width, std=0.5)
            self.patch = linear_kind(config)(P * config.byte_width, config.d_model)
            if config.bolmo:
                self.bolmo = Bolmo(config.byte_width, config.dialect)
        else:
            self.tokens = table(config.vocab_size, config.d_model, std=0.5)

    def forward(self, units):                                           # bytes [B, S, P], or tokens [B, S]
        if hasattr(self, "tokens"):
            return self.tokens(units)
        e = self.bytes(units)
        if hasattr(self, "bolmo"):
            e = self.bolmo(e)
        return self.patch(e.flatten(-2))


def rotate(x, positions, base, kind):
    """RoPE on interleaved pairs, or on pairs of halves; x [B, heads, S, head size]."""
    size = x.shape[-1]
    angles = positions[:, None] * base ** (-torch.arange(0, size, 2, device=x.device) / size)
    cos, sin = angles.cos(), angles.sin()
    if kind == "halves":
        first, second = x.chunk(2, -1)
        return torch.cat((first * cos - second * sin, first * sin + second * cos), -1)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


def sight(documents, window):
    """What each position of rows of whole documents may look at: itself and what is before it in its document and window.

    documents [B, S] numbers them. Where the rows are whole windows long, a window of positions looks only at itself and the
    window before it, so the answer is [B·S/window, 1, window, 2·window]; else it is [B, 1, S, S].
    """
    batch, length = documents.shape
    place = torch.arange(length, device=documents.device)
    if window and length > window and length % window == 0:
        asking = documents.view(batch, -1, window)
        before = F.pad(asking, (0, 0, 1, 0), value=-1)[:, :-1]  # there is nothing before the first window
        asked = torch.cat([before, asking], -1)
        distance = place[window:2 * window, None] - place[None, :2 * window]
        near = (distance >= 0) & (distance < window)
        return (near & (asking.unsqueeze(-1) == asked.unsqueeze(-2))).flatten(0, 1).unsqueeze(1)
    distance = place[:, None] - place[None, :]
    near = (distance >= 0) & (distance < (window or length))
    return (near & (documents.unsqueeze(-1) == documents.unsqueeze(-2))).unsqueeze(1)


def in_windows(x, window, with_before):
    """[B, heads, S, n] -> [B·S/window, heads, window, n], or twice as long with the window before each in front."""
    x = x.unflatten(2, (-1, window))
    if with_before:
        x = torch.cat([F.pad(x, (0, 0, 0, 0, 1, 0))[:, :, :-1], x], 3)
    return x.transpose(1, 2).flatten(0, 1)


def attend(q, k, v, visible, keep=None):
    """Softmax attention; a key counts as much as `keep` says [.., 1, keys], which is 0 for what the DeleteGate took out."""
    if keep is None and (q.is_cuda or visible.dim() == 2):
        return F.scaled_dot_product_attention(q, k.to(q.dtype), v.to(q.dtype), attn_mask=visible)
    # On a CPU, too: the gradient of PyTorch's own with a mask for each row takes five times as long there.
    scores = full(q @ k.to(q.dtype).transpose(-1, -2)) / math.sqrt(q.shape[-1])
    scores = scores.masked_fill(~visible, -torch.inf)
    weights = torch.exp(scores - scores.amax(-1, keepdim=True).detach())
    weights = weights if keep is None else weights * keep
    # A deleted position may see nothing at all; what it finds is not used.
    weights = weights / weights.sum(-1, keepdim=True).clamp(min=1e-9)
    return weights.to(v.dtype) @ v


class Attention(nn.Module):
    """Causal multi-head attention; `rope` is "interleaved", "halves" or "none"."""

    def __init__(self, config, width, heads, rope, window=0):
        super().__init__()
        linear = linear_kind(config)
        self.query, self.key, self.value = linear(width, width), linear(width, width), linear(width, width)
        if config.has_sub_ln:
            self.out_norm = RMSNorm(width, config.norm_eps)
        self.out = linear(width, width, gain=(2 * config.n_layers) ** -0.5)
        self.heads, self.window = heads, window
        self.rope, self.rope_base = rope, config.rope_base

    def forward(self, n, positions, keep=None, visible=None):
        """n [B, S, width]; keep [B, S, 1] is 0 for positions that others must not see; visible is that of `sight`."""
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
                   for part in self.query.apply_to(n, self.query, self.key, self.value))
        if self.rope != "none":
            q, k = (rotate(full(part), positions, self.rope_base, self.rope) for part in (q, k))
        if visible is None:
            distance = positions[:, None] - positions[None, :]
            visible = distance >= 0
            if self.window:
                visible &= distance < self.window
        if n.shape[1] <= P:
            # The local decoder: so few positions that plain sums, which the compiler fuses, beat batched products.
            scores = (full(q.unsqueeze(-2)) * full(k.unsqueeze(-3))).sum(-1)
            weights = torch.softmax((scores / math.sqrt(q.shape[-1])).masked_fill(~visible, -torch.inf), -1)
            y = (weights.unsqueeze(-1) * full(v.unsqueeze(-3))).sum(-2)
        else:
            windows = visible.shape[-2] != n.shape[1]
            keep = None if keep is None else keep.transpose(1, 2).unsqueeze(1)  # [B, 1, 1, S]
            if windows:
                q, k, v = (in_windows(part, self.window, with_before) for part, with_before in ((q, False), (k, True), (v, True)))
                keep = None if keep is None else in_windows(keep.transpose(2, 3), self.window, True).transpose(2, 3)
            y = attend(q, k, v, visible, keep)
            if windows:
                y = y.unflatten(0, (n.shape[0], -1)).transpose(1, 2).flatten(2, 3)
        y = y.transpose(1, 2).flatten(-2)
        return self.out(self.out_norm(y) if hasattr(self, "out_norm") else y)


class MLGRU(nn.Module):
    """The recurrence of the MatMul-free language model, with a learned lower bound on forgetting."""

    def __init__(self, config):
        super().__init__()
        d, linear = config.d_model, linear_kind(config)
        self.dialect = config.dialect
        self.forget, self.candidate, self.gate = linear(d, d), linear(d, d), linear(d, d)
        self.decay = nn.Parameter(torch.zeros(d if config.decay == "channel" else 1))
        if config.output_projection:
            if config.has_sub_ln:
                self.out_norm = RMSNorm(d, config.norm_eps)
            self.out = linear(d, d, gain=(2 * config.n_layers) ** -0.5)

    def forward(self, n, state, keep, begins=None):
        """n [B, S, d]; state [B, d]; keep [B, S, 1] is 0 where the recurrence must not see a position.

        begins [B, S] says where a document begins, which knows nothing of what was before it.
        """
        f, c, g = self.forget.apply_to(n, self.forget, self.candidate, self.gate)
        given = torch.sigmoid(full(f))
        f = self.bounded(given)
        if keep is not None:
            f = 1 - keep * (1 - f)
        u = torch.tanh(full(c)) if self.dialect.candidate == "tanh" else F.silu(full(c))
        if self.dialect.input == "rest":
            u = (1 - f) * u
        else:
            u = u if self.dialect.input == "whole" else (1 - given) * u
            u = u if keep is None else keep * u
        h = recurrence(f if begins is None else f.masked_fill(begins.unsqueeze(-1), 0.0), u, state)
        g = F.silu(full(g)) if self.dialect.gate == "silu" else torch.sigmoid(full(g))
        if hasattr(self, "out") and hasattr(self, "out_norm"):
            y = self.out(g * self.out_norm(h) if self.dialect.mixer_norm == "before_gate" else self.out_norm(g * h))
        else:
            y = self.out(g * h) if hasattr(self, "out") else g * h
        return y, h[:, -1]

    def bounded(self, f):
        """f̂ out of f and the decay."""
        if not hasattr(self, "decay"):
            bound = torch.zeros_like(f)
        elif self.dialect.floor == "clamped":
            bound = self.decay.clamp(0, 1)
        elif self.dialect.floor == "exp_exp":
            bound = torch.exp(-torch.exp(self.decay))
        else:
            bound = torch.sigmoid(self.decay if self.dialect.floor == "sigmoid" else -self.decay)
        match self.dialect.forget:
            case "product":
                return bound * f
            case "power":
                return f ** bound
            case "plain":
                return f
        return bound + (1 - bound) * f


class GatedFFN(nn.Module):
    """W_down · SubLN(silu(W_gate n) ⊙ (W_up n)), or where a file has no gate W_down · SubLN(silu(W_up n))."""

    def __init__(self, config, width, hidden):
        super().__init__()
        linear = linear_kind(config)
        self.norm_before_gate = config.dialect.ffn_norm == "before_gate"
        self.gate, self.up = linear(width, hidden), linear(width, hidden)
        if config.has_sub_ln:
            self.down_norm = RMSNorm(hidden, config.norm_eps)
        self.down = linear(hidden, width, gain=(2 * config.n_layers) ** -0.5)

    def forward(self, n):
        if hasattr(self, "gate"):
            gate, up = self.gate.apply_to(n, self.gate, self.up)
            if self.norm_before_gate and hasattr(self, "down_norm"):
                return self.down(F.silu(full(gate)) * self.down_norm(up))
            y = F.silu(full(gate)) * full(up)
        else:
            y = F.silu(full(self.up(n)))
        return self.down(self.down_norm(y) if hasattr(self, "down_norm") else y)


class LowRank(nn.Module):
    """FPResidual: up · down · n, never ternary."""

    def __init__(self, width, rank):
        super().__init__()
        self.down, self.up = DenseLinear(width, rank), DenseLinear(rank, width, gain=0.1)

    def forward(self, n):
        return self.up(self.down(n))


class PFNet(nn.Module):
    """A narrow path beside the FFN: W_p2 · silu(W_p1 · n)."""

    def __init__(self, config):
        super().__init__()
        linear = linear_kind(config)
        self.down = linear(config.d_model, config.pfnet_hidden)
        self.up = linear(config.pfnet_hidden, config.d_model, gain=0.1)
        self.activation = {"silu": F.silu, "relu2": lambda x: F.relu(x).square(),
                           "gelu": lambda x: F.gelu(x, approximate="tanh")}[config.dialect.pfnet]

    def forward(self, n):
        return self.up(self.activation(full(self.down(n))))


class Block(nn.Module):
    def __init__(self, config, mixer):
        super().__init__()
        d = config.d_model
        self.dialect = config.dialect
        self.norm1, self.norm2 = RMSNorm(d, config.norm_eps), RMSNorm(d, config.norm_eps)
        self.mixer = MLGRU(config) if mixer == "mlgru" else Attention(config, d, config.n_heads, config.dialect.rope, config.window)
        self.ffn = GatedFFN(config, d, config.d_ff)
        if config.fp_residual_rank:
            self.fp_residual = LowRank(d, config.fp_residual_rank)
        if config.pfnet_hidden:
            self.pfnet = PFNet(config)

    def forward(self, x, state, positions, keep=None, begins=None, visible=None):
        n, beside = self.norm1(x), 0.0
        if isinstance(self.mixer, MLGRU):
            m, state = self.mixer(n, state, keep, begins)
        else:
            m = self.mixer(n, positions, keep, visible)
        if hasattr(self, "fp_residual"):
            path = self.fp_residual(n if self.dialect.residual in ("norm", "block_norm") else x)
            if self.dialect.residual in ("block", "block_norm"):
                beside = path
            else:
                m = m + path
        x = x + m
        n = self.norm2(x)
        y = self.ffn(n)
        if hasattr(self, "pfnet"):
            y = y + self.pfnet(n if self.dialect.pfnet_input == "norm" else x)
        return x + y + beside, state


class DeleteGate(nn.Module):
    """The logit of deleting each position."""

    CLOSED = -1e4  # bias of a gate that deletes nothing: its input can be large

    def __init__(self, config):
        super().__init__()
        self.hidden = nn.Linear(config.d_model, config.delete_hidden)
        self.score = nn.Linear(config.delete_hidden, 1)

    def forward(self, x):
        return full(self.score(F.silu(self.hidden(x)))).squeeze(-1)


class LocalBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config.local_width
        self.norm1, self.norm2 = RMSNorm(width, config.norm_eps), RMSNorm(width, config.norm_eps)
        self.mixer = Attention(config, width, config.local_heads, config.dialect.local_rope)
        self.ffn = GatedFFN(config, width, config.local_ff)

    def forward(self, x, positions):
        x = x + self.mixer(self.norm1(x), positions)
        return x + self.ffn(self.norm2(x))


class LocalDecoder(nn.Module):
    """The four bytes of the next patch, one after the other."""

    def __init__(self, config):
        super().__init__()
        width = config.local_width
        self.dialect = config.dialect
        self.input = linear_kind(config)(config.d_model, P * width)
        self.bytes = (BitEmbedding if config.ternary else Embedding)(256, width, std=0.25)
        self.positions = nn.Parameter(torch.empty(P, width).normal_(std=0.25))
        self.blocks = nn.ModuleList(LocalBlock(config) for _ in range(config.local_layers))
        self.norm = RMSNorm(width, config.norm_eps)
        self.head = linear_kind(config)(width, 256)

    def forward(self, z, known):
        """z [N, d] and the first k of the wanted bytes, known [N, k], k <= 3 -> logits [N, k + 1, 256]."""
        count = known.shape[1] + 1
        v = full(self.input(z))
        v = v.unflatten(-1, (P, -1)) if self.dialect.local_split == "rows" else v.unflatten(-1, (-1, P)).transpose(1, 2)
        x = v[:, :count]
        if self.dialect.local_bytes == "before":
            x = x + F.pad(self.bytes(known), (0, 0, 1, 0))
        if hasattr(self, "positions"):
            x = x + self.positions[:count]
        places = torch.arange(count, device=z.device)
        for block in self.blocks:
            x = block(x, places)
        return full(self.head(self.norm(x)))


def cross_entropy(logits, targets):
    """Mean nats of what comes, targets [N], or of what a teacher expects, targets [N, V]; logits [N, V]."""
    return F.cross_entropy(logits, targets)


class CPU1(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        linear = linear_kind(config)
        self.embed = PatchEmbedding(config)
        self.blocks = nn.ModuleList(Block(config, mixer) for mixer in config.mixers)
        for i, block in enumerate(self.blocks):
            # Deeper layers start with longer memories.
            if config.decay != "none" and hasattr(block.mixer, "decay"):
                nn.init.constant_(block.mixer.decay, -3 + 5 * i / max(config.n_layers - 1, 1))
        if config.delete_gate:
            self.delete_gate = DeleteGate(config)
        self.norm = RMSNorm(config.d_model, config.norm_eps)
        if config.local_decoder:
            self.decoder = LocalDecoder(config)
        elif config.bytes_in:
            self.heads = nn.ModuleList(linear(config.d_model, 256) for _ in range(P))
        else:
            self.head = linear(config.d_model, config.vocab_size)
        if config.aligner_width:
            # The authors' EmbeddingAligner: in the files of run_15, without a part in the forward pass.
            self.aligner = DenseLinear(config.d_model, config.aligner_width)
        for module in self.modules():
            if isinstance(module, (BitLinear, BitEmbedding)):
                module.dialect, module.norm_eps = config.dialect, config.norm_eps
            if isinstance(module, RMSNorm):
                module.root = config.dialect.norm_root

    def fit(self, names):
        """Takes on the biases that a file has, and leaves out what it lacks (SPEC §3)."""
        for name, module in list(self.named_modules()):
            if isinstance(module, (Linear, RMSNorm)) and f"{name}.bias" in names:
                module.bias = nn.Parameter(torch.zeros(module.weight.shape[0]))
            optional = ["out_norm", "down_norm", "decay", "positions"] + (["gate"] if isinstance(module, GatedFFN) else [])
            for part in optional:
                if hasattr(module, part) and not {f"{name}.{part}", f"{name}.{part}.weight"} & set(names):
                    delattr(module, part)
        return self

    def fresh_state(self, batch, device=None):
        """The state before a sequence: h = 0 per block, [n_layers, B, d]."""
        return torch.zeros(self.config.n_layers, batch, self.config.d_model, dtype=self.norm.weight.dtype, device=device)

    def backbone(self, units, state=None, gate="off", first=None, documents=None):
        """Patch states z [B, S, d] of bytes [B, S, P] (or tokens [B, S]), the next state, the delete logits.

        gate: "off" deletes nothing; "hard" deletes where σ(ℓ) > threshold by really leaving those positions
        out; "train" gives the same values with a gradient to the gate (straight through σ(-ℓ)).
        first: [B], whether position 0 begins its sequence and so must stay; all of them where None.
        documents: [B, S], where the rows hold several documents: their numbers. None sees another. Not with a gate that is "hard".
        """
        x = full(self.embed(units))
        state = self.fresh_state(x.shape[0], x.device) if state is None else state
        positions = torch.arange(x.shape[1], device=x.device)
        middle, after = self.middle, []
        begins = visible = None
        if documents is not None:
            begins = F.pad(documents[:, 1:] != documents[:, :-1], (1, 0), value=True)
            visible = None if self.config.recurrent else sight(documents, self.config.window)

        def run(blocks, states, x, positions, keep=None):
            for block, h in zip(blocks, states):
                x, h = block(x, h, positions, keep, begins, visible)
                after.append(h)
            return x

        x = run(self.blocks[:middle], state[:middle], x, positions)
        logits = None
        if gate == "off" or not self.config.delete_gate:
            x = run(self.blocks[middle:], state[middle:], x, positions)
            return self.patch_states(x), torch.stack(after), logits
        logits = self.delete_gate(x)
        stays = begins
        if documents is None:
            stays = torch.zeros_like(logits, dtype=torch.bool)
            stays[:, 0] = True if first is None else first
        deleted = self.deletes(logits) & ~stays
        if gate == "hard":
            x, after = self._gathered(run, x, state, positions, deleted, after)
            return self.patch_states(x), after, logits
        soft = torch.sigmoid(logits if self.config.dialect.delete == "below" else -logits)
        keep = torch.where(stays, torch.ones_like(soft), (~deleted).to(soft.dtype) + soft - soft.detach()).unsqueeze(-1)
        upper = run(self.blocks[middle:], state[middle:], x, positions, keep)
        x = keep * upper if self.config.dialect.deleted == "zero" else x + keep * (upper - x)
        return self.patch_states(x), torch.stack(after), logits

    @property
    def middle(self):
        """The first block that deleted patches skip."""
        return self.config.n_layers // 2 + (self.config.dialect.delete_place == "after")

    def deletes(self, logits):
        """Whether the gate deletes."""
        above = torch.sigmoid(logits) > self.config.delete_threshold
        return ~above if self.config.dialect.delete == "below" else above

    def start(self, units):
        """The patch that stands before a text, [B, 1, P]."""
        byte = {"newline": 10, "zero": 0, "space": 32}[self.config.dialect.start]
        return torch.full_like(units[:, :1], byte)

    def patch_states(self, x):
        """z of what comes out of the last block."""
        return self.norm(x)

    def _gathered(self, run, x, state, positions, deleted, after):
        """The upper blocks over the kept positions of each sequence only."""
        middle = self.middle
        lower, rows, states = torch.stack(after), [], []
        for b in range(x.shape[0]):
            kept = (~deleted[b]).nonzero().squeeze(-1)
            row, upper = x[b].clone(), state[middle:, b]
            if self.config.dialect.deleted == "zero":
                row = row * ~deleted[b].unsqueeze(-1)
            if len(kept):
                after.clear()
                row[kept] = run(self.blocks[middle:], state[middle:, b:b + 1], x[b:b + 1, kept], positions[kept])[0]
                upper = torch.stack(after)[:, 0]
            rows.append(row)
            states.append(upper)
        return torch.stack(rows), torch.cat([lower, torch.stack(states, 1)])

    def logits_of_next(self, z, known):
        """Logits of the bytes of the next patch, z [N, d], known [N, k <= 3] -> [N, k + 1, 256]; tokens: [N, 1, V]."""
        if self.config.local_decoder:
            return self.decoder(z, known)
        if self.config.bytes_in:
            heads = list(self.heads) if self.config.dialect.heads == "forward" else list(self.heads)[::-1]
            return full(torch.stack(heads[0].apply_to(z, *heads[:known.shape[1] + 1]), 1))
        return full(self.head(z)).unsqueeze(1)

    def predict(self, units, state=None, gate="off", first=None):
        """Logits [N, V] of positions 1.. of units [B, S + 1, (P)] and what stands there [N], and the backbone's by-products."""
        z, state, delete_logits = self.backbone(units[:, :-1], state, gate, first)
        targets = units[:, 1:].reshape(z.shape[0] * z.shape[1], -1)
        logits = self.logits_of_next(z.flatten(0, 1), targets[:, :-1])
        return logits.flatten(0, 1), targets.flatten(), state, delete_logits

    def loss(self, units, state=None, gate="off", first=None):
        """Mean nats per byte (or token) of positions 1.. of units, and the backbone's by-products."""
        logits, targets, state, delete_logits = self.predict(units, state, gate, first)
        return cross_entropy(logits, targets), state, delete_logits
