"""Configurations of models and of training: frozen dataclasses, validated when built, with an exact JSON round trip.

A model is a choice on five axes (net, posterior, prior, likelihood, objective). Nothing here imports torch: a page or a
script can read and check a configuration without loading it.
"""

from __future__ import annotations

import dataclasses
import sys
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal

NetKind = Literal["mlp", "conv", "residual"]
NormKind = Literal["batch", "none"]
PosteriorKind = Literal["deterministic", "gaussian"]
PriorKind = Literal["normal"]
LikelihoodKind = Literal["bernoulli", "gaussian", "gaussian-learned"]
ScheduleKind = Literal["constant", "linear", "cyclical"]
LearningRateKind = Literal["one-cycle", "cosine", "constant"]
Trained = Literal["all", "encoder", "decoder", "heads"]
Precision = Literal["auto", "float32", "bfloat16"]
Engine = Literal["auto", "eager", "compile", "graph", "compiled-graph"]
Source = Literal["auto", "resident", "streamed"]
Keep = Literal["last", "best"]
NormStatistics = Literal["batch", "stored"]


class ConfigError(ValueError):
    """A configuration that cannot be: the message names the field, the value and what is allowed.

    `field`: class and name of the field, as in `TrainConfig.lr`, which the message begins with; empty where it is no one field.
    """

    def __init__(self, message: str, field: str = ""):
        super().__init__(message)
        self.field = field


def _check(ok: bool, where: str, value: Any, wanted: str) -> None:
    if not ok:
        shown = repr(value)
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        raise ConfigError(f"{where} is {shown}; it must be {wanted}.", where)


class _Config:
    """Validation by annotation, then by `check`, and the JSON round trip, for every dataclass below."""

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(type(self))
        for f in dataclasses.fields(self):
            value = _coerce(getattr(self, f.name), hints[f.name], f"{type(self).__name__}.{f.name}")
            object.__setattr__(self, f.name, value)
        self.check()

    def check(self) -> None:
        """Raises ConfigError where values that are each allowed do not go together."""

    def unused(self) -> dict[str, str]:
        """Fields that change nothing beside the others, each with what it has no effect with: `beta` with a deterministic code.

        They are allowed, as a file may have them, and a command refuses the options that set them.
        """
        return {}

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists, numbers and strings; `from_json` gives back an equal configuration."""
        return {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> typing.Self:
        """Raises ConfigError on an unknown key or a value of the wrong kind."""
        _check(isinstance(data, dict), cls.__name__, data, "an object")
        names = {f.name for f in dataclasses.fields(cls)}
        unknown = sorted(set(data) - names)
        if unknown:
            raise ConfigError(f"{cls.__name__} has no field {unknown[0]!r}; its fields are {', '.join(sorted(names))}.")
        try:
            return cls(**data)
        except TypeError as error:
            raise ConfigError(f"{cls.__name__}: {error}.") from None

    def replace(self, **changes: Any) -> typing.Self:
        return dataclasses.replace(self, **changes)


def _plain(value: Any) -> Any:
    if isinstance(value, _Config):
        return value.to_json()
    return list(value) if isinstance(value, tuple) else value


def _coerce(value: Any, hint: Any, where: str) -> Any:
    """The value as the annotation wants it (a list as a tuple, an object as its dataclass), or ConfigError."""
    origin = typing.get_origin(hint)
    if origin is Literal:
        options = typing.get_args(hint)
        _check(value in options, where, value, "one of " + ", ".join(map(repr, options)))
        return value
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        (inner,) = [a for a in typing.get_args(hint) if a is not type(None)]
        return _coerce(value, inner, where)
    if origin is tuple:
        _check(isinstance(value, list | tuple), where, value, "a list")
        args = typing.get_args(hint)
        if args[-1] is Ellipsis:
            return tuple(_coerce(v, args[0], where) for v in value)
        _check(len(value) == len(args), where, value, f"{len(args)} values")
        return tuple(_coerce(v, a, where) for v, a in zip(value, args, strict=True))
    if isinstance(hint, type) and issubclass(hint, _Config):
        return value if isinstance(value, hint) else hint.from_json(value)
    if hint is float:
        _check(isinstance(value, int | float) and not isinstance(value, bool), where, value, "a number")
        _check(abs(value) <= sys.float_info.max, where, value, "a finite number")
        return float(value)
    _check(isinstance(value, hint) and (hint is bool or not isinstance(value, bool)), where, value, f"a {hint.__name__}")
    return value


@dataclass(frozen=True)
class NetConfig(_Config):
    """Encoder and decoder: features to raw parameters, and codes to raw parameters."""

    kind: NetKind = "residual"
    channels: tuple[int, ...] = (32, 64)
    """Feature maps of each halving of the image (`conv`, `residual`); its length is the number of halvings."""
    hidden: tuple[int, ...] | None = None
    """Widths of the fully connected layers, from the image's side to the code's; the decoder mirrors them. None becomes 400 and
    200 for `mlp`, and 256 for the others."""
    conv_blocks: int = 1
    """Residual blocks after each halving (`residual`)."""
    dense_blocks: int = 1
    """Residual blocks after each fully connected layer (`residual`)."""
    norm: NormKind = "batch"
    """Before each activation (`conv`, `residual`): `batch` norm, or `none`, as in most work on disentanglement."""

    def __post_init__(self) -> None:
        if self.hidden is None:
            object.__setattr__(self, "hidden", (400, 200) if self.kind == "mlp" else (256,))
        super().__post_init__()

    def check(self) -> None:
        _check(all(1 <= c <= 1024 for c in self.channels), "NetConfig.channels", self.channels, "1 to 1024 each")
        _check(all(1 <= h <= 8192 for h in self.hidden), "NetConfig.hidden", self.hidden, "1 to 8192 each")
        _check(1 <= len(self.hidden) <= 16, "NetConfig.hidden", self.hidden, "1 to 16 widths")
        _check(0 <= self.conv_blocks <= 16, "NetConfig.conv_blocks", self.conv_blocks, "0 to 16")
        _check(0 <= self.dense_blocks <= 16, "NetConfig.dense_blocks", self.dense_blocks, "0 to 16")
        least = 1 if self.kind == "conv" else 0
        _check(least <= len(self.channels) <= 6, "NetConfig.channels", self.channels, f"{least} to 6 numbers")

    def unused(self) -> dict[str, str]:
        names = {"mlp": ("channels", "conv_blocks", "dense_blocks", "norm"), "conv": ("conv_blocks", "dense_blocks")}
        without_norm = self.kind == "mlp" or self.norm == "none"
        unused = {"norm_statistics": "a net without batch norm"} if without_norm else {}
        return unused | dict.fromkeys(names.get(self.kind, ()), f"a net of kind {self.kind}")


@dataclass(frozen=True)
class PosteriorConfig(_Config):
    """q(z|x)."""

    kind: PosteriorKind = "gaussian"


@dataclass(frozen=True)
class PriorConfig(_Config):
    """p(z)."""

    kind: PriorKind = "normal"


@dataclass(frozen=True)
class LikelihoodConfig(_Config):
    """p(x|z), and the pixels it is a distribution of."""

    kind: LikelihoodKind = "bernoulli"
    sigma: float = 0.1
    """Standard deviation of a pixel, in units of the range [0, 1]: fixed (`gaussian`), or the first value of a learned
    one (`gaussian-learned`)."""
    binarize: bool = False
    """Every time an image is used, each pixel is drawn as 1 with its grey value as probability (Bernoulli only)."""

    def check(self) -> None:
        _check(1e-3 <= self.sigma <= 10, "LikelihoodConfig.sigma", self.sigma, "from 0.001 to 10")
        if self.binarize:
            _check(self.kind == "bernoulli", "LikelihoodConfig.binarize", True, "false for grey pixels under a Gaussian")

    def unused(self) -> dict[str, str]:
        return {"sigma": "a Bernoulli likelihood"} if self.kind == "bernoulli" else {}

    @property
    def scale(self) -> str:
        """The meaning of a figure in nats under this likelihood: only figures of one scale may share an axis."""
        if self.kind == "bernoulli":
            return "Bernoulli, binary pixels" if self.binarize else "Bernoulli cross-entropy, grey pixels"
        return "Gaussian density"


@dataclass(frozen=True)
class ScheduleConfig(_Config):
    """weight(step), as a share of the weight's final value."""

    kind: ScheduleKind = "constant"
    share: float = 0.1
    """`linear`: the share of the run in which the weight rises from 0; `cyclical`: the share of each cycle."""
    cycles: int = 4

    def check(self) -> None:
        _check(0 < self.share <= 1, "ScheduleConfig.share", self.share, "above 0 and at most 1")
        _check(1 <= self.cycles <= 1000, "ScheduleConfig.cycles", self.cycles, "1 to 1000")


@dataclass(frozen=True)
class ObjectiveConfig(_Config):
    """loss = distortion + beta * rate, in nats; beta = 1 is the negative ELBO."""

    beta: float = 1.0
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    free_bits: float = 0.0
    """Nats of each latent group that cost nothing (Kingma et al. 2016, eq. 15)."""

    def check(self) -> None:
        _check(0 <= self.beta <= 1e4, "ObjectiveConfig.beta", self.beta, "from 0 to 10000")
        _check(0 <= self.free_bits <= 100, "ObjectiveConfig.free_bits", self.free_bits, "from 0 to 100 nats")

    def unused(self) -> dict[str, str]:
        return dict.fromkeys(("schedule", "free_bits"), "a beta of 0") if self.beta == 0 else {}


@dataclass(frozen=True)
class ModelConfig(_Config):
    """One autoencoder: the image it is for, the size of its code, and its choice on each axis."""

    image: tuple[int, int, int]
    """Channels, height and width."""
    latent: int
    net: NetConfig = field(default_factory=NetConfig)
    posterior: PosteriorConfig = field(default_factory=PosteriorConfig)
    prior: PriorConfig = field(default_factory=PriorConfig)
    likelihood: LikelihoodConfig = field(default_factory=LikelihoodConfig)
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)

    def check(self) -> None:
        c, h, w = self.image
        _check(c in (1, 3), "ModelConfig.image", self.image, "1 or 3 channels, then height and width")
        _check(8 <= h <= 128 and 8 <= w <= 128, "ModelConfig.image", self.image, "8 to 128 pixels high and wide")
        _check(1 <= self.latent <= 1024, "ModelConfig.latent", self.latent, "1 to 1024")
        if self.net.kind != "mlp":
            smallest = min(h, w) >> len(self.net.channels)
            _check(smallest >= 2, "NetConfig.channels", self.net.channels, f"fewer halvings for a {h} x {w} image")

    def unused(self) -> dict[str, str]:
        """Unused fields of the net, the likelihood and the objective."""
        rate = dict.fromkeys(("beta", "schedule", "free_bits"), "a deterministic code, which has no rate")
        without_rate = rate if self.posterior.kind == "deterministic" else {}
        return self.net.unused() | self.likelihood.unused() | self.objective.unused() | without_rate


@dataclass(frozen=True)
class TrainConfig(_Config):
    """Settings of a training run. Exactly one of `epochs`, `steps` and `seconds` sets its length."""

    epochs: float | None = None
    steps: int | None = None
    seconds: float | None = None
    """A budget of time becomes a number of steps after the first few were timed, and another where the pace has changed."""
    trained: Trained = "all"
    """The part that trains while the rest stays as it is: `encoder`, `decoder` (with a learned sigma), or `heads`: the last
    layer of the encoder, which gives the posterior's raw parameters, and the first of the decoder, which takes z."""
    norm_statistics: NormStatistics = "batch"
    """The statistics that batch norm uses while the model trains. `batch`: the mean and variance of each batch, whose running
    averages serve inference; `stored`: the running averages that the model has, which stay as they are, as suits a trained
    model that is given a few steps or few images."""
    batch_size: int = 256
    lr: float = 2e-3
    """Peak learning rate of AdamW."""
    lr_schedule: LearningRateKind = "one-cycle"
    warmup: float = 0.2
    """Share of the run in which the learning rate rises (`one-cycle`, `cosine`)."""
    weight_decay: float = 0.01
    clip: float = 10.0
    """Largest norm of the gradient; larger ones are scaled down to it."""
    ema: float = 0.0
    """Decay per step of an exponential moving average of the weights, which is then the model; 0: none."""
    flip: bool = False
    """Mirror a random half of the images of each batch."""
    shift: int = 0
    """Move each image of a batch by up to this many pixels along each axis, edges repeated."""
    precision: Precision = "auto"
    """`auto`: bfloat16 autocast where the device multiplies matrices in it, float32 elsewhere."""
    engine: Engine = "auto"
    """`eager`: step by step; `compile`: each step as one compiled graph, worth its half minute of compilation on runs of
    several minutes; `graph` and `compiled-graph`: many of either at once as one CUDA graph, elsewhere as `eager` and `compile`;
    `auto`: on CUDA a graph, elsewhere step by step, and compiled where the length of the run says that it pays."""
    source: Source = "auto"
    """`resident`: all training images on the device; `streamed`: on the host, those of the next steps brought ahead of time;
    `auto`: streamed where they do not fit. The steps are the same."""
    validate_every: float = 1.0
    """Epochs between two validations."""
    patience: int = 0
    """Validations without a better loss after which the run stops and the best weights are kept; 0: never."""
    keep: Keep = "last"
    """Which weights the model has in the end. `best`: those of the validation with the lowest loss, where the weights before
    the first step are validated like any others, so that a trained model never gets worse; `last`: those of the last step."""
    save_every: float = 30.0
    """Seconds between two writes of the training state, where a run has a folder."""
    seed: int = 0
    threads: int = 0
    """CPU threads; 0: as torch finds them."""

    def check(self) -> None:
        given = [n for n in ("epochs", "steps", "seconds") if getattr(self, n) is not None]
        _check(len(given) == 1, "TrainConfig's length", given, "exactly one of epochs, steps and seconds")
        most = {"epochs": 1e6, "steps": 1e9, "seconds": 1e7}[given[0]]
        length = getattr(self, given[0])
        _check(0 < length <= most, f"TrainConfig.{given[0]}", length, f"above 0 and at most {most:.0e}")
        # Batch norm has no variance of one image.
        _check(2 <= self.batch_size <= 65536, "TrainConfig.batch_size", self.batch_size, "2 to 65536")
        _check(0 < self.lr <= 1, "TrainConfig.lr", self.lr, "above 0 and at most 1")
        _check(0 <= self.warmup < 1, "TrainConfig.warmup", self.warmup, "from 0 to below 1")
        _check(0 <= self.weight_decay <= 1, "TrainConfig.weight_decay", self.weight_decay, "from 0 to 1")
        _check(self.clip > 0, "TrainConfig.clip", self.clip, "above 0")
        _check(0 <= self.ema < 1, "TrainConfig.ema", self.ema, "from 0 to below 1")
        _check(0 <= self.shift <= 8, "TrainConfig.shift", self.shift, "0 to 8 pixels")
        _check(self.validate_every > 0, "TrainConfig.validate_every", self.validate_every, "above 0")
        _check(self.patience >= 0, "TrainConfig.patience", self.patience, "0 or more")
        _check(self.save_every >= 0, "TrainConfig.save_every", self.save_every, "0 or more seconds")
        _check(0 <= self.seed < 2**30, "TrainConfig.seed", self.seed, "from 0 to 1073741823")
        _check(0 <= self.threads <= 1024, "TrainConfig.threads", self.threads, "0 to 1024")

    def unused(self) -> dict[str, str]:
        warmup = {"warmup": "a constant learning rate"} if self.lr_schedule == "constant" else {}
        # The decoder has no part in the rate.
        rate = dict.fromkeys(("beta", "schedule", "free_bits"), "training of the decoder alone")
        keep = {"keep": "patience, by which the best weights are kept"} if self.patience and self.keep == "last" else {}
        return warmup | keep | (rate if self.trained == "decoder" else {})

    @property
    def keeps_best(self) -> bool:
        """True if the weights of the best validation are the model in the end."""
        return self.keep == "best" or self.patience > 0
