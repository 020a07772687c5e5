"""A trained model to go on from, under another objective or likelihood."""

from __future__ import annotations

from vae_core.config import ConfigError, LikelihoodConfig
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model


def altered(
    model: Autoencoder,
    *,
    beta: float | None = None,
    free_bits: float | None = None,
    likelihood: LikelihoodConfig | None = None,
) -> Autoencoder:
    """A copy of the model, on its device, with the same weights and what is given changed; None: as it is.

    Every likelihood makes the same mean image of the decoder's raw output, so that another one changes no image before it is
    trained with. A likelihood that is not the model's own brings new parameters, as configured: a learned sigma starts from
    `likelihood.sigma`. Raises ConfigError where the model has no rate to weigh, or where its decoder gives another number of
    raw channels than the likelihood takes.
    """
    config = model.config
    weights = {k: v for k, v in (("beta", beta), ("free_bits", free_bits)) if v is not None}
    for name in weights:
        if name not in config.objective.field_names():
            raise ConfigError(f"{name} weighs a rate, which the objective of this model does not have.", name)
    likelihood = likelihood or config.likelihood
    new = build_model(config.replace(objective=config.objective.replace(**weights), likelihood=likelihood))
    found, wanted = model.likelihood.raw_channels, new.likelihood.raw_channels
    if found != wanted:
        raise ConfigError(
            f"A likelihood of kind {likelihood.kind!r} takes {wanted} raw channels for each of the image's, and this model's "
            f"decoder gives {found}; train a new model for it."
        )
    state = model.state_dict()
    if likelihood != config.likelihood:
        own = {f"likelihood.{name}" for name in model.likelihood.state_dict()}
        state = {k: v for k, v in state.items() if k not in own}
        state |= {f"likelihood.{name}": value for name, value in new.likelihood.state_dict().items()}
    new.load_state_dict(state)
    return new.to(model.device).train(model.training)
