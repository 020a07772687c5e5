"""Settings of a training run."""

from __future__ import annotations

from typing import Annotated, Literal

from vae_core.config.base import Config, require
from vae_core.config.constraints import Range

LearningRateKind = Literal["one-cycle", "cosine", "constant"]
Trained = Literal["all", "encoder", "decoder", "heads"]
Precision = Literal["auto", "float32", "bfloat16"]
EngineName = Literal["auto", "eager", "compile", "graph", "compiled-graph"]
Source = Literal["auto", "resident", "streamed"]
Keep = Literal["last", "best"]
NormStatistics = Literal["batch", "stored"]
LENGTHS = ("epochs", "steps", "seconds")


def _length_is_given_once(config: TrainConfig) -> None:
    given = [name for name in LENGTHS if getattr(config, name) is not None]
    require(len(given) == 1, "TrainConfig's length", given, "exactly one of epochs, steps and seconds")


class TrainConfig(Config):
    """Settings of a training run. Exactly one of `epochs`, `steps` and `seconds` sets its length."""

    epochs: Annotated[float | None, Range(0, 1e6, without_low=True)] = None
    steps: Annotated[int | None, Range(0, 10**9, without_low=True)] = None
    seconds: Annotated[float | None, Range(0, 1e7, without_low=True)] = None
    """A budget of time becomes a number of steps after the first few were timed, and another where the pace has changed."""
    trained: Trained = "all"
    """The part that trains while the rest stays as it is: `encoder`, `decoder` (with a learned sigma), or `heads`: the last
    layer of the encoder, which gives the posterior's raw parameters, and the first of the decoder, which takes z."""
    norm_statistics: NormStatistics = "batch"
    """The statistics that batch norm uses while the model trains. `batch`: the mean and variance of each batch, whose running
    averages serve inference; `stored`: the running averages that the model has, which stay as they are, as suits a trained
    model that is given a few steps or few images."""
    # Batch norm has no variance of one image.
    batch_size: Annotated[int, Range(2, 65536)] = 256
    lr: Annotated[float, Range(0, 1, without_low=True)] = 2e-3
    """Peak learning rate of AdamW."""
    lr_schedule: LearningRateKind = "one-cycle"
    warmup: Annotated[float, Range(0, 1, without_high=True)] = 0.2
    """Share of the run in which the learning rate rises (`one-cycle`, `cosine`)."""
    weight_decay: Annotated[float, Range(0, 1)] = 0.01
    clip: Annotated[float, Range(0, without_low=True)] = 10.0
    """Largest norm of the gradient; larger ones are scaled down to it."""
    ema: Annotated[float, Range(0, 1, without_high=True)] = 0.0
    """Decay per step of an exponential moving average of the weights, which is then the model; 0: none."""
    flip: bool = False
    """Mirror a random half of the images of each batch."""
    shift: Annotated[int, Range(0, 8, "pixels")] = 0
    """Move each image of a batch by up to this many pixels along each axis, edges repeated."""
    precision: Precision = "auto"
    """`auto`: bfloat16 autocast where the device multiplies matrices in it, float32 elsewhere."""
    engine: EngineName = "auto"
    """`eager`: step by step; `compile`: each step as one compiled graph, worth its half minute of compilation on runs of
    several minutes; `graph` and `compiled-graph`: many of either at once as one CUDA graph, elsewhere as `eager` and `compile`;
    `auto`: on CUDA a graph, elsewhere step by step, and compiled where the length of the run says that it pays."""
    source: Source = "auto"
    """`resident`: all training images on the device; `streamed`: on the host, those of the next steps brought ahead of time;
    `auto`: streamed where they do not fit. The steps are the same."""
    validate_every: Annotated[float, Range(0, without_low=True)] = 1.0
    """Epochs between two validations."""
    patience: Annotated[int, Range(0)] = 0
    """Validations without a better loss after which the run stops and the best weights are kept; 0: never."""
    keep: Keep = "last"
    """Weights that the model has in the end. `best`: those of the validation with the lowest loss, where the weights before
    the first step are validated like any others, so that a trained model never gets worse; `last`: those of the last step."""
    save_every: Annotated[float, Range(0, unit="seconds")] = 30.0
    """Seconds between two writes of the training state, where a run has a folder."""
    seed: Annotated[int, Range(0, 2**30 - 1)] = 0
    threads: Annotated[int, Range(0, 1024)] = 0
    """CPU threads; 0: as torch finds them."""

    rules = (_length_is_given_once,)

    @property
    def keeps_best(self) -> bool:
        """True if the weights of the best validation are the model in the end."""
        return self.keep == "best" or self.patience > 0
