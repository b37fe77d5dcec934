"""What the trainers share: optimizers, rates, precision, compiled layers, and the control of the DeleteGate."""

import csv
import dataclasses

import torch

import model as model_module
from model import CPU1, DeleteGate
from quant import BitLinear


def make_optimizers(model, kind="adamw"):
    """Matrices at the full rate with weight decay; the gate, and what is small, apart. Muon takes the ternary matrices alone."""
    groups = {"matrices": [], "muon": [], "small": [], "gate": []}
    with torch.device("meta"):
        ternary = CPU1(dataclasses.replace(model.config, ternary=True))
    layers = {f"{name}.weight" for name, module in ternary.named_modules() if isinstance(module, BitLinear)}
    for name, parameter in model.named_parameters():
        small = parameter.dim() < 2 or "bolmo" in name or "positions" in name
        by_muon = kind == "muon" and name in layers and "head" not in name
        groups["gate" if name.startswith("delete_gate") else "small" if small else "muon" if by_muon else "matrices"].append(parameter)
    muon = groups.pop("muon")
    on_gpu = next(model.parameters()).is_cuda
    optimizers = [torch.optim.AdamW(
        [{"params": parameters, "kind": name, "weight_decay": 0.0} for name, parameters in groups.items() if parameters],
        lr=0.0, betas=(0.9, 0.95), fused=True, capturable=on_gpu)]
    if on_gpu:
        # A graph replays what it was captured with, so what changes from step to step lies on the device.
        for group in optimizers[0].param_groups:
            group["lr"] = torch.zeros((), device=group["params"][0].device)
    if muon:
        optimizers.append(torch.optim.Muon([{"params": muon, "kind": "matrices"}], lr=0.0, adjust_lr_fn="match_rms_adamw"))
    return optimizers


def set_rates(optimizers, rate, decay, gate_rate):
    for group in (group for optimizer in optimizers for group in optimizer.param_groups):
        new = gate_rate if group["kind"] == "gate" else rate
        if torch.is_tensor(group["lr"]):
            group["lr"].fill_(new)
        else:
            group["lr"] = new
        group["weight_decay"] = decay if group["kind"] == "matrices" else 0.0


def gate_rate(step, progress):
    """The gate's own rate in phase 2."""
    return 3e-3 * min(1, (step + 1) / 20) * (1 - 0.9 * progress)


def precision(device):
    """Products in bfloat16 where the machine has instructions for them; elsewhere they would be emulated, and slow."""
    fast = device.type != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=fast)


def compile_layers(*more):
    """Fuses what is between the products. The blocks share their code, so each kind compiles once.

    `more` are (owner, name) of functions of the caller.
    """
    torch._dynamo.config.cache_size_limit = 64
    for owner, name in ((model_module.Block, "forward"), (model_module.LocalDecoder, "forward"),
                        (model_module.PatchEmbedding, "forward"), (CPU1, "patch_states"), (model_module, "cross_entropy"), *more):
        setattr(owner, name, torch.compile(getattr(owner, name), dynamic=False))


@torch.no_grad()
def set_gate_bias(model, bias):
    if model.config.delete_gate:
        model.delete_gate.score.bias.fill_(bias)


def close_gate(model):
    """Until phase 2 teaches it the gate deletes nothing, in the files of phase 1 too."""
    set_gate_bias(model, DeleteGate.CLOSED)


def open_gate(model):
    """A gate that has not learned begins by keeping nearly everything, near enough to the threshold to feel a gradient."""
    if model.delete_gate.score.bias.item() == DeleteGate.CLOSED:
        set_gate_bias(model, -2.0)


class GateControl:
    """Moves the reward for deleting until the share of deleted patches follows a target that climbs to `share`."""

    def __init__(self, share, threshold, device):
        self.share, self.threshold = share, threshold
        self.reward = torch.zeros((), dtype=torch.float64, device=device)

    def __call__(self, logits, progress, counted=None):
        """(what is added to the loss, share deleted now); `counted` says which positions count."""
        delete = torch.sigmoid(logits)
        # Sums in place of a choice of positions, for whose number a GPU would be waited for.
        counted = torch.ones_like(delete) if counted is None else counted.to(delete.dtype)
        share = ((delete > self.threshold) * counted).double().sum() / counted.double().sum()
        target = torch.as_tensor(progress, dtype=torch.float64, device=share.device).mul(2 * self.share).clamp(max=self.share)
        behind = target - share
        self.reward.add_(0.02 * behind).clamp_(0.0, 2.0)
        return -((self.reward.clone() + 0.5 * behind).clamp(min=0.0) * (delete * counted).sum() / counted.sum()).to(delete.dtype), share


class Replay:
    """A function that only asks the GPU for work, as a CUDA graph: the processor then asks once for all of it.

    The function takes no arguments and reads and writes tensors that stay where they are. It must have run before, so
    that everything is compiled and optimizers have their state.
    """

    def __init__(self, function):
        torch.cuda.synchronize()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.results = function()

    def __call__(self):
        self.graph.replay()
        return [result.clone() for result in self.results]


class Log:
    """A CSV file that grows line by line, and after a resumption lacks what will come again."""

    def __init__(self, path, columns):
        self.path, self.columns = path, columns

    def begin(self):
        self.path.write_text(",".join(self.columns) + "\n")

    def cut(self, keep):
        """Leaves out the rows (lists of words) of which `keep` says no."""
        rows = list(csv.reader(self.path.open()))
        with self.path.open("w", newline="") as log:
            csv.writer(log, lineterminator="\n").writerows(rows[:1] + [row for row in rows[1:] if keep(row)])

    def write(self, *values):
        with self.path.open("a", newline="") as log:
            csv.writer(log, lineterminator="\n").writerow([f"{v:.5g}" if isinstance(v, float) else v for v in values])
        print(*(f"{v:.4g}" if isinstance(v, float) else v for v in values), flush=True)
