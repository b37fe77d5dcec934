"""The file flavours of SPEC §3, written with `torch.save` and read back into models."""

import torch

from config import Config
from model import CPU1
from quant import BitEmbedding, BitLinear, as_ternary, by_rows, ternarize


def ternary_names(model):
    """Names of the tensors that are ternary in arithmetic."""
    return {f"{name}.weight" for name, module in model.named_modules() if isinstance(module, (BitLinear, BitEmbedding))}


def pack(t):
    """Values -1, 0, 1 -> codes value + 1, four to a byte, lowest bits first, row-major."""
    codes = (t.flatten() + 1).to(torch.uint8)
    codes = torch.cat([codes, codes.new_zeros(-len(codes) % 4)]).view(-1, 4)
    return codes[:, 0] | codes[:, 1] << 2 | codes[:, 2] << 4 | codes[:, 3] << 6


def unpack(packed, shape):
    codes = torch.stack([packed >> shift & 3 for shift in (0, 2, 4, 6)], 1).flatten()
    return (codes[:torch.Size(shape).numel()].float() - 1).view(tuple(shape))


def plain_state(model):
    """The tensors under their canonical names, each with a storage of its own."""
    return {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}


def write_unpacked(model, path):
    torch.save({"config": model.config.to_dict(), "state_dict": plain_state(model)}, path)


def write_step(model, path, step, optimizer=None):
    """bfloat16 latent weights, with the optimizer's state (bfloat16 too) where one is given."""
    content = {"step": step, "config": model.config.to_dict(),
               "model_state_dict": {name: tensor.bfloat16() for name, tensor in plain_state(model).items()}}
    if optimizer is not None:
        state = optimizer.state_dict()
        content["optimizer_state_dict"] = {
            "state": {index: {key: value.bfloat16() if key.startswith("exp_avg") else value for key, value in entry.items()}
                      for index, entry in state["state"].items()},
            "param_groups": state["param_groups"],
        }
    torch.save(content, path)


def write_compact(model, path):
    ternary = {f"{name}.weight": module.dialect for name, module in model.named_modules() if isinstance(module, (BitLinear, BitEmbedding))}
    state = {}
    frozen = {f"{name}.weight": module.frozen for name, module in model.named_modules() if getattr(module, "frozen", None)}
    for name, tensor in plain_state(model).items():
        if name in ternary:
            t, scale = frozen.get(name) or ternarize(tensor, ternary[name])
            state[name] = {"packed": pack(t), "scale": scale.detach().bfloat16().clone(), "shape": tuple(tensor.shape)}
        else:
            state[name] = tensor.bfloat16()
    torch.save({"format": "compact_2bit", "config": model.config.to_dict(), "state": state}, path)


def read(path):
    """(flavour, config, {name: float32 tensor, or (T, γ) where the file stores ternary codes})."""
    content = torch.load(path, weights_only=True, map_location="cpu")
    if content.get("format") == "compact_2bit":
        flavour, state = "compact", content["state"]
    elif "model_state_dict" in content:
        flavour, state = "step", content["model_state_dict"]
    elif "state_dict" in content:
        flavour, state = "unpacked", content["state_dict"]
    else:
        raise ValueError(f"{path} holds {sorted(map(str, content))}, which is no flavour of SPEC §3")
    tensors = {name: (unpack(value["packed"], value["shape"]), value["scale"].float()) if isinstance(value, dict) else value.float()
               for name, value in state.items()}
    shapes = {name: tuple((value[0] if isinstance(value, tuple) else value).shape) for name, value in tensors.items()}
    return flavour, Config.from_dict(content["config"], shapes), tensors


def load(path, dtype=torch.float32, dialect=None):
    """The model of a file, ready for inference: ternary layers hold T and γ instead of latent weights."""
    _, config, tensors = read(path)
    config = dialect.applied_to(config) if dialect else config
    model = CPU1(config).fit(tensors)
    model.load_state_dict({name: value[0] * by_rows(value[1]) if isinstance(value, tuple) else value for name, value in tensors.items()})
    return freeze(model, {name: value for name, value in tensors.items() if isinstance(value, tuple)}, dtype)


def freeze(model, stored=None, dtype=torch.float32):
    """Ternarises once and for all, as a loader does. γ is that of `stored` where the file gave one."""
    model = model.to(dtype).eval().requires_grad_(False)
    for name, module in model.named_modules():
        if isinstance(module, (BitLinear, BitEmbedding)):
            t, scale = (stored or {}).get(f"{name}.weight") or as_ternary(module.weight.float(), module.dialect)
            module.frozen = (t.to(dtype), scale.to(dtype))
    return model
