"""The readings of SPEC §5: what code of this kind does in several ways. The first of each is ours, and the default."""

import dataclasses


def one_of(*readings):
    return dataclasses.field(default=readings[0], metadata={"readings": readings})


@dataclasses.dataclass(frozen=True)
class Dialect:
    heads: str = one_of("forward", "reversed")
    target: str = one_of("next", "same")
    start: str = one_of("newline", "zero", "space")
    local_split: str = one_of("rows", "columns")
    local_bytes: str = one_of("before", "none")
    local_rope: str = one_of("none", "interleaved", "halves")
    bolmo: str = one_of("log", "plain")
    bolmo_residual: str = one_of("each", "mean")
    delete: str = one_of("above", "below")
    delete_place: str = one_of("before", "after")
    deleted: str = one_of("stays", "zero")
    pfnet: str = one_of("silu", "relu2", "gelu")
    pfnet_input: str = one_of("norm", "x")
    residual: str = one_of("norm", "x", "block", "block_norm")
    floor: str = one_of("sigmoid", "clamped", "exp_softplus", "exp_exp")
    forget: str = one_of("floor", "product", "power", "plain")
    input: str = one_of("rest", "rest_of_f", "whole")
    candidate: str = one_of("silu", "tanh")
    gate: str = one_of("sigmoid", "silu")
    mixer_norm: str = one_of("after_gate", "before_gate")
    ffn_norm: str = one_of("after_gate", "before_gate")
    rope: str = one_of("interleaved", "halves", "none")
    rope_base: str = one_of("config", "10000", "500000")
    norm_eps: str = one_of("config", "1e-6", "1e-5", "1e-8")
    norm_root: str = one_of("inside", "outside")
    inner_norm: str = one_of("none", "every")
    activations: str = one_of("config", "float", "128")
    weights: str = one_of("tensor", "row")
    weight_scale: str = one_of("mean", "max")
    weight_rounding: str = one_of("nearest", "threshold", "twn")

    def __post_init__(self):
        for field in dataclasses.fields(self):
            readings = field.metadata["readings"]
            if getattr(self, field.name) not in readings:
                raise ValueError(f"{field.name} is {getattr(self, field.name)!r}; it must be one of {', '.join(readings)}")

    def differences(self):
        """What is not as ours."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if getattr(self, field.name) != field.default}

    def applied_to(self, config):
        """The config with this dialect, whose numbers overrule its own."""
        numbers = {name: float(getattr(self, name)) for name in ("norm_eps", "rope_base") if getattr(self, name) != "config"}
        if self.activations == "float":
            numbers["activation_bits"] = 0
        return dataclasses.replace(config, dialect=self, **numbers)


OURS = Dialect()
