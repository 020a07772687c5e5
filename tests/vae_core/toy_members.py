"""A small member of each axis that the package does not know."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from vae_core.batch import Noise
from vae_core.config import LikelihoodConfig, ModelConfig, NetConfig, PosteriorConfig, PriorConfig
from vae_core.models.likelihoods import LIKELIHOODS, Likelihood
from vae_core.models.likelihoods.base import summed
from vae_core.models.nets import NETS, image_net
from vae_core.models.posteriors import POSTERIORS, Draw, Posterior
from vae_core.models.priors import PRIORS, Prior
from vae_core.models.spaces import Euclidean
from vae_core.specs import NoiseSpec

IMAGE = (1, 8, 8)


class LinearNet:
    """One linear layer each way."""

    @staticmethod
    def encoder(image: tuple[int, int, int], out: int, config: NetConfig, condition: int = 0) -> nn.Sequential:
        return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(image) + condition, out))

    @staticmethod
    def decoder(latent: int, image: tuple[int, int, int], out_channels: int, config: NetConfig) -> nn.Sequential:
        shape = (out_channels, *image[1:])
        return nn.Sequential(nn.Linear(latent, math.prod(shape)), nn.Unflatten(1, shape))


class Logistic(Posterior):
    """Independent logistic dimensions around the encoder's output, drawn by the inverse of their distribution function."""

    SCALE = 0.2

    def __init__(self, latent: int):
        super().__init__()
        self.raw_size = latent
        self.space = Euclidean(latent)
        self.noise = (NoiseSpec("quantile", (latent,), "uniform"),)

    def draw(self, raw: Tensor, noise: Noise) -> Draw:
        u = noise["quantile"].clamp(1e-6, 1 - 1e-6)
        log_prob = (torch.log(u) + torch.log1p(-u) - math.log(self.SCALE)).sum(1)
        return Draw(raw.float() + self.SCALE * torch.logit(u), log_prob)

    def mean(self, raw: Tensor) -> Tensor:
        return raw.float()

    def scale(self, raw: Tensor) -> Tensor:
        return torch.full_like(raw.float(), self.SCALE * math.pi / math.sqrt(3))


class WideNormal(Prior):
    """N(0, 4 I)."""

    def __init__(self, latent: int):
        super().__init__()
        self.noise = (NoiseSpec("z", (latent,), "normal"),)

    def log_prob(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        return torch.distributions.Normal(0.0, 2.0).log_prob(z).sum(1)

    def draw(self, noise: Noise, condition: Tensor | None = None) -> Tensor:
        return 2 * noise["z"]


class LaplacePixels(Likelihood):
    """Independent Laplace pixels around the sigmoid of the raw output."""

    raw_channels = 1
    noise = ()
    SCALE = 0.1

    def target(self, x: Tensor, noise: Noise) -> Tensor:
        return x

    def log_prob(self, raw: Tensor, x: Tensor, observed: Tensor | None = None) -> Tensor:
        return summed(torch.distributions.Laplace(self.representative(raw), self.SCALE).log_prob(x.float()), observed)

    def representative(self, raw: Tensor) -> Tensor:
        return torch.sigmoid(raw.float())

    def sample(self, raw: Tensor, generator: torch.Generator | None = None) -> Tensor:
        u = torch.rand(raw.shape, generator=generator) - 0.5
        return self.representative(raw) - self.SCALE * u.sign() * torch.log1p(-2 * u.abs())


@contextmanager
def toy_members() -> Iterator[dict[str, ModelConfig]]:
    """Registers the members, and takes them out of the registries in the end. Gives a model of each by name."""

    class LinearNetConfig(NetConfig, kind="toy-linear"):
        pass

    class LogisticConfig(PosteriorConfig, kind="toy-logistic"):
        has_density = True
        title = "Logistic"

    class WideNormalConfig(PriorConfig, kind="toy-wide-normal"):
        title = "N(0, 4 I)"

    class LaplaceConfig(LikelihoodConfig, kind="toy-laplace"):
        title = "Laplace"
        scale = "Laplace density"

    tables = [NETS, POSTERIORS, PRIORS, LIKELIHOODS]
    configs = [LinearNetConfig, LogisticConfig, WideNormalConfig, LaplaceConfig]
    parts = [
        image_net(LinearNet),
        lambda config, latent: Logistic(latent),
        lambda config, latent: WideNormal(latent),
        lambda config, image: LaplacePixels(),
    ]
    for table, config, part in zip(tables, configs, parts, strict=True):
        table[config] = part
    net, posterior, prior, likelihood = (config() for config in configs)
    try:
        yield {
            "net": ModelConfig.for_images(IMAGE, 2, net),
            "posterior": ModelConfig.for_images(IMAGE, 2, net, posterior),
            "prior": ModelConfig.for_images(IMAGE, 2, net, prior=prior),
            "likelihood": ModelConfig.for_images(IMAGE, 2, net, likelihood=likelihood),
            "all": ModelConfig.for_images(IMAGE, 2, net, posterior, prior=prior, likelihood=likelihood),
        }
    finally:
        for table, config in zip(tables, configs, strict=True):
            table.pop(config)
            config.kinds.pop(config.kind)
