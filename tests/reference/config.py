"""The runs of SPEC §1 as configurations, under the keys that the files carry (SPEC §3)."""

import dataclasses

import dialects


@dataclasses.dataclass(frozen=True)
class Config:
    run: str
    internal_name: str
    d_model: int
    n_layers: int
    d_ff: int
    n_heads: int
    vocab_size: int = 256             # 256 bytes, or the BPE vocabulary
    patch_size: int = 4               # 1 in BPE runs: a position is a token
    mixer: str | list = "mlgru"       # "attention" | "mlgru", or a list with the kind of each block
    window: int = 0                   # patches that attention sees, itself included; 0: all
    ternary: bool = True
    local_decoder: bool = True        # False in byte runs: four heads
    fp_residual_rank: int = 0
    bolmo: bool = False
    delete_gate: bool = False
    pfnet_hidden: int = 0
    decay: str = "none"               # "none" | "scalar" | "channel"
    output_projection: bool = True
    norm_eps: float = 1e-6
    rope_base: float = 10000.0
    activation_bits: int = 8          # 0: activations stay float
    delete_threshold: float = 0.5
    layout: str = "plain"             # "words": every word begins at offset 1 of a patch (layout.py)
    fill_byte: int | None = None      # what fills patches then
    end_byte: int | None = None       # the byte that ends a text, never part of one
    dialect: dialects.Dialect = dialects.OURS
    # Widths that SPEC §2 fixes and files show only in the shapes of their tensors.
    byte_width: int = dataclasses.field(default=8, metadata={"in_files": False})
    local_width: int = dataclasses.field(default=128, metadata={"in_files": False})
    local_ff: int = dataclasses.field(default=512, metadata={"in_files": False})
    local_layers: int = dataclasses.field(default=2, metadata={"in_files": False})
    local_heads: int = dataclasses.field(default=4, metadata={"in_files": False})
    delete_hidden: int = dataclasses.field(default=64, metadata={"in_files": False})
    aligner_width: int = dataclasses.field(default=0, metadata={"in_files": False})
    # Norms before the last matrix of mixers and FFNs; None: where weights are ternary, as in every published run.
    sub_ln: bool | None = dataclasses.field(default=None, metadata={"in_files": False})

    @property
    def bytes_in(self):
        """True where the run reads bytes, False where it reads BPE tokens."""
        return self.patch_size > 1

    @property
    def has_sub_ln(self):
        return self.ternary if self.sub_ln is None else self.sub_ln

    @property
    def mixers(self):
        """The kind of each block's mixer."""
        return [self.mixer] * self.n_layers if isinstance(self.mixer, str) else list(self.mixer)

    @property
    def recurrent(self):
        """True where a state holds all that later positions need; attention looks back at the positions themselves."""
        return "attention" not in self.mixers

    def to_dict(self):
        """The `config` of a file. What only some models have, as an end byte, is left out of the others."""
        fields = (f.name for f in dataclasses.fields(self) if f.metadata.get("in_files", True))
        values = {name: getattr(self, name) for name in fields if name not in OURS or getattr(self, name) != OURS[name]}
        return values | ({"dialect": self.dialect.differences()} if "dialect" in values else {})

    @classmethod
    def from_dict(cls, values, shapes):
        """The configuration of a file: its `config`, and the widths that `shapes` (name -> shape) tell."""
        known = {f.name for f in dataclasses.fields(cls)}
        config = cls(**{key: value for key, value in values.items() if key in known and key != "dialect"})
        config = dialects.Dialect(**values.get("dialect", {})).applied_to(config)
        widths = {}
        if any(name.endswith(("out_norm.weight", "down_norm.weight")) for name in shapes):
            widths["sub_ln"] = True
        if "embed.bytes.weight" in shapes:
            widths["byte_width"] = shapes["embed.bytes.weight"][1]
        if "decoder.bytes.weight" in shapes:
            widths["local_width"] = shapes["decoder.bytes.weight"][1]
            widths["local_ff"] = shapes["decoder.blocks.0.ffn.up.weight"][0]
            widths["local_layers"] = 1 + max(int(name.split(".")[2]) for name in shapes if name.startswith("decoder.blocks."))
        if "delete_gate.hidden.weight" in shapes:
            widths["delete_hidden"] = shapes["delete_gate.hidden.weight"][0]
        if "aligner.weight" in shapes:
            widths["aligner_width"] = shapes["aligner.weight"][0]
        return dataclasses.replace(config, **widths)


# Fields that no published run has, and what they are without them.
OURS = {"layout": "plain", "fill_byte": None, "end_byte": None, "dialect": dialects.OURS}

SCALE_50M = dict(d_model=512, n_layers=12, d_ff=1376, n_heads=8)
SCALE_10M = dict(d_model=320, n_layers=8, d_ff=853, n_heads=8)
BPE = dict(patch_size=1, local_decoder=False)
FLOAT = dict(ternary=False, activation_bits=0)
MLGRU = dict(mixer="mlgru", decay="scalar")
ATTENTION = dict(mixer="attention", decay="none")
FP_RESIDUAL = dict(fp_residual_rank=12)
COMPLETE = MLGRU | FP_RESIDUAL | dict(bolmo=True, delete_gate=True)

# run -> (internal name, scale, what differs from Config's defaults, published parameter count)
_TABLE = {
    "run_01": ("transformer_bpe_fp16", SCALE_50M, ATTENTION | FLOAT | BPE | dict(vocab_size=16384), 54_735_360),
    "run_02a_byte_only_heads": ("transformer_byte_fp16_no_lbd", SCALE_50M, ATTENTION | FLOAT | dict(local_decoder=False), 38_500_864),
    "run_02": ("transformer_byte_fp16", SCALE_50M, ATTENTION | FLOAT, 38_829_696),
    "run_03": ("mlgru_byte_fp16", SCALE_50M, MLGRU | FLOAT, 38_829_708),
    "run_04": ("mlgru_byte_ternary", SCALE_50M, MLGRU, 38_853_644),
    "run_05": ("mlgru_byte_ternary_fpres", SCALE_50M, MLGRU | FP_RESIDUAL, 39_001_100),
    "run_05b_kernel_strict": ("mlgru_kernel_strict", SCALE_50M, MLGRU | FP_RESIDUAL | dict(output_projection=False), 35_849_228),
    "run_06": ("mlgru_byte_ternary_fpres_bolmo", SCALE_50M, MLGRU | FP_RESIDUAL | dict(bolmo=True), 39_001_365),
    "run_07": ("cpu1_complete", SCALE_50M, COMPLETE, 39_034_262),
    "run_08": ("folded_transformer_byte_ternary", SCALE_50M, ATTENTION | dict(window=128), 38_853_632),
    "run_09": ("cpu1_pfnet", SCALE_50M, COMPLETE | dict(pfnet_hidden=32), 39_427_478),
    "run_10": ("cpu1_decay_learned", SCALE_50M, COMPLETE | dict(pfnet_hidden=32, decay="channel"), 39_433_610),
    "run_13": ("small_cpu1_bpe", SCALE_10M, COMPLETE | BPE | dict(vocab_size=4096, bolmo=False), 12_546_161),
    "run_14": ("small_cpu1_byte", SCALE_10M, COMPLETE, 10_693_370),
    "run_15": ("small_cpu1_byte_hidden", SCALE_10M, COMPLETE | dict(aligner_width=128), 10_734_330),
    "run_16": ("small_cpu1_raw_bytes", SCALE_10M, COMPLETE, 10_693_370),
}

RUNS = {run: Config(run=run, internal_name=name, **(scale | rest)) for run, (name, scale, rest, _) in _TABLE.items()}
PARAMETERS = {run: row[3] for run, row in _TABLE.items()}

# The embedded model, ours: it tells tales. d_ff is a multiple of 64 for the sake of GPUs.
TALES = Config(run="tales", internal_name="cpu1_tales", d_model=320, n_layers=8, d_ff=896, n_heads=8, mixer="attention", window=128,
               fp_residual_rank=12, bolmo=True, delete_gate=True, layout="words", fill_byte=0, end_byte=4)


def reduced(config):
    """The same architecture at a size for fixtures, its widths odd on purpose."""
    small = dict(d_model=24, n_layers=4, d_ff=37, n_heads=4, local_width=16, local_ff=41, delete_hidden=16)
    if not config.bytes_in:
        small["vocab_size"] = 96
    if config.pfnet_hidden:
        small["pfnet_hidden"] = 8
    if config.fp_residual_rank:
        small["fp_residual_rank"] = 4
    if config.window:
        small["window"] = 16
    if config.aligner_width:
        small["aligner_width"] = 16
    return dataclasses.replace(config, **small)
