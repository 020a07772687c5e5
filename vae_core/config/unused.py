"""Settings that change nothing beside others. A file may have them; a command refuses the options that set them."""

from __future__ import annotations

from vae_core.config.model import ModelConfig
from vae_core.config.nets import has_batch_norm
from vae_core.config.training import TrainConfig

OF_THE_RATE = ("beta", "schedule", "free_bits")
"""Settings that weigh the rate."""


def unused(model: ModelConfig, train: TrainConfig) -> dict[str, str]:
    """Names of settings that have no effect, each with the setting beside which it has none.

    An example is `warmup` with a constant learning rate.
    """
    found: dict[str, str] = {}
    if not has_batch_norm(model.net):
        found["norm_statistics"] = "a net without batch norm"
    if getattr(model.objective, "beta", None) == 0:
        found |= dict.fromkeys(("schedule", "free_bits"), "a beta of 0")
    if getattr(model.objective, "mmd_weight", None) == 0:
        found["schedule"] = "an mmd_weight of 0"
    if train.lr_schedule == "constant":
        found["warmup"] = "a constant learning rate"
    if train.patience and train.keep == "last":
        found["keep"] = "patience, by which the best weights are kept"
    if model.posterior.has_constant_rate:
        found |= dict.fromkeys(OF_THE_RATE, f"a {model.posterior.kind} posterior, whose rate is a constant")
    if train.trained == "decoder" and not model.prior.is_learned and model.structure.has_one_group:
        # The decoder has no part in the rate, the discrepancy or the commitment; a learned prior, which trains with the
        # decoder, has. The priors of groups below the top one are learned.
        found |= dict.fromkeys((*OF_THE_RATE, "mmd_weight", "commitment_weight"), "training of the decoder alone")
    return found
