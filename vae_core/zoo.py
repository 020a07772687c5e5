"""The models by name: a paper is a row, not a class."""

from __future__ import annotations

from dataclasses import dataclass

from vae_core.config import ConfigError, LikelihoodConfig, ModelConfig, NetConfig, ObjectiveConfig, PosteriorConfig


@dataclass(frozen=True)
class Row:
    """A name's choice on the axes that it is about; net, likelihood and sizes are for the caller to choose."""

    title: str
    source: str
    posterior: PosteriorConfig
    objective: ObjectiveConfig


ZOO = {
    "ae": Row("AE", "Hinton & Salakhutdinov 2006", PosteriorConfig("deterministic"), ObjectiveConfig()),
    "vae": Row("VAE", "Kingma & Welling 2014", PosteriorConfig("gaussian"), ObjectiveConfig()),
    "beta-vae": Row("beta-VAE", "Higgins et al. 2017", PosteriorConfig("gaussian"), ObjectiveConfig(beta=4.0)),
}


def model_config(
    name: str,
    image: tuple[int, int, int],
    latent: int,
    net: NetConfig | None = None,
    likelihood: LikelihoodConfig | None = None,
) -> ModelConfig:
    """The configuration of a named model for images (C, H, W) and a code of `latent` dimensions.

    Without a likelihood, grey images get a Bernoulli and colour ones a Gaussian with a learned sigma. Raises ConfigError on
    an unknown name, or where the parts do not go together.
    """
    if name not in ZOO:
        raise ConfigError(f"There is no model {name!r}; the zoo has {', '.join(ZOO)}.")
    row = ZOO[name]
    if likelihood is None:
        likelihood = LikelihoodConfig("bernoulli" if image[0] == 1 else "gaussian-learned")
    return ModelConfig(
        image=image,
        latent=latent,
        net=net or NetConfig(),
        posterior=row.posterior,
        likelihood=likelihood,
        objective=row.objective,
    )


def zoo_name(config: ModelConfig) -> str:
    """The name whose row a configuration agrees with; where none does, the posterior's kind.

    A beta-VAE is one whatever its beta, as long as that is not 1.
    """
    for name, row in ZOO.items():
        betas = (config.objective.beta, row.objective.beta)
        if config.posterior == row.posterior and (betas[0] == betas[1] or 1.0 not in betas):
            return name
    return config.posterior.kind
