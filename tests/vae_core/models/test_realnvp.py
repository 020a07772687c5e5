"""The flow as a distribution: it integrates to 1, its draws have its density, and it goes with the decoder."""

from __future__ import annotations

import math

import pytest
import torch

from vae_core.config import ConfigError, MLPConfig, RealNVPConfig
from vae_core.metrics import per_image
from vae_core.models.build import build_model
from vae_core.models.priors import RealNVP
from vae_core.training.freezing import only, parts
from vae_core.zoo import model_config


def flow(latent: int = 2, spread: float = 1.1) -> RealNVP:
    """A flow whose distribution is skew and correlated."""
    torch.manual_seed(0)
    prior = RealNVP(RealNVPConfig(transforms=4, hidden=(16,)), latent)
    with torch.no_grad():
        for parameter in prior.parameters():
            parameter *= spread
    return prior


def grid_of_cells(reach: float = 15.0, cells: int = 800) -> tuple[torch.Tensor, float]:
    """Centres of square cells that cover the plane where the flow has mass, and the area of one."""
    steps = (torch.arange(cells) + 0.5) / cells * 2 * reach - reach
    return torch.cartesian_prod(steps, steps), (2 * reach / cells) ** 2


def test_its_density_integrates_to_1():
    grid, cell = grid_of_cells()
    with torch.no_grad():
        total = flow().log_prob(grid).double().exp().sum() * cell
    assert float(total) == pytest.approx(1, abs=1e-3)


def test_it_is_the_change_of_variables_by_the_jacobian():
    """Against autograd in 4-D: log p(z) = log N(u; 0, I) - log |det dz/du|."""
    prior = flow(4)
    for seed in range(3):
        u = torch.randn(1, 4, generator=torch.Generator().manual_seed(seed))
        jacobian = torch.autograd.functional.jacobian(lambda u: prior.draw({"u": u})[0], u)[:, 0]
        wanted = -0.5 * (u**2 + math.log(2 * math.pi)).sum() - torch.linalg.slogdet(jacobian).logabsdet
        torch.testing.assert_close(prior.log_prob(prior.draw({"u": u}))[0], wanted, rtol=1e-4, atol=1e-4)


def test_draws_have_its_density():
    """The mean log-density of its draws is that over the grid, and as many of them fall into a region as it has mass there."""
    prior, n = flow(), 20_000
    grid, cell = grid_of_cells()
    draws = prior.sample(n, torch.Generator().manual_seed(1))
    with torch.no_grad():
        log_p, of_draws = prior.log_prob(grid).double(), prior.log_prob(draws).double()
    mass = log_p.exp() * cell
    error = float(of_draws.std()) / n**0.5
    assert abs(float((mass * log_p).sum()) - float(of_draws.mean())) < 4 * error + 1e-3
    for inside in (lambda z: z[:, 0] > 0.5, lambda z: z[:, 1] > z[:, 0]):
        share = float(mass[inside(grid)].sum())
        assert abs(float(inside(draws).double().mean()) - share) < 4 * 0.5 / n**0.5 + 2e-3


def test_draws_depend_on_the_seed_alone_and_take_no_gradient():
    prior = flow()
    first, again, other = (prior.sample(5, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other) and not first.requires_grad


def test_a_density_is_taken_in_float32_under_autocast():
    prior, z = flow(), torch.randn(9, 2, generator=torch.Generator().manual_seed(0))
    wanted = prior.log_prob(z)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(prior.log_prob(z), wanted)


def test_one_dimension_has_no_halves():
    with pytest.raises(ConfigError, match="2 or more"):
        model_config("realnvp-vae", (1, 8, 8), 1)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return build_model(model_config("realnvp-vae", (1, 8, 8), 3, MLPConfig(hidden=(12,)))).eval()


def test_it_trains_with_the_decoder(model):
    chosen = {id(p) for part in parts(model, "decoder") for p in part.parameters()}
    assert {id(p) for p in model.prior.parameters()} <= chosen
    with only(model, "encoder"):
        assert not any(p.requires_grad for p in model.prior.parameters())
    with only(model, "decoder"):
        assert all(p.requires_grad for p in model.prior.parameters())


def test_its_rate_is_a_figure_of_drawn_codes(model):
    x = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    codes = model.encode(x)
    assert codes.rate is None and codes.rate_by_dimension is None and codes.scale is not None
    seen = per_image(model, x, samples=200)
    assert seen.rate_by_dimension is None and seen.errors["rate"] > 0
    # Another estimate of the same KL, from draws of torch.distributions.
    torch.manual_seed(1)
    q = torch.distributions.Normal(codes.mean, codes.scale)
    z = q.sample((4_000,))
    with torch.no_grad():
        ratio = q.log_prob(z).sum(2) - model.prior.log_prob(z.flatten(0, 1)).reshape(4_000, 6)
    assert float(seen.rate.mean()) == pytest.approx(float(ratio.mean()), abs=5 * seen.errors["rate"] + 0.01)
