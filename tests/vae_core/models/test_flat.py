"""One contract for every model: each combination of net, posterior and likelihood, and several shapes of image."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from vae_core.batch import Batch, scale
from vae_core.config import (
    BernoulliConfig,
    ConvConfig,
    LearnedGaussianConfig,
    LikelihoodConfig,
    MLPConfig,
    ModelConfig,
    NetConfig,
    ObjectiveConfig,
    PosteriorConfig,
    PriorConfig,
    ResidualConfig,
    image_observation,
)
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.models.kl import CLOSED_FORMS
from vae_core.models.likelihoods import LIKELIHOODS
from vae_core.models.nets import NETS
from vae_core.models.objectives import OBJECTIVES, Terms
from vae_core.models.posteriors import POSTERIORS
from vae_core.models.priors import PRIORS

NET_CONFIGS = [MLPConfig(hidden=(12,)), ConvConfig((4,), (8,)), ResidualConfig((4,), (8,), norm="none")]
LIKELIHOOD_CONFIGS = [*(kind() for kind in LIKELIHOODS if kind.field == "image"), BernoulliConfig(binarize=True)]
LATENT = 3

POINTS = [posterior for posterior in POSTERIORS if posterior.is_continuous]

COMBINATIONS = (
    [
        ModelConfig.for_images((1, 8, 8), LATENT, net, posterior(), likelihood=likelihood)
        for net, posterior, likelihood in itertools.product(NET_CONFIGS, POINTS, LIKELIHOOD_CONFIGS)
    ]
    + [
        ModelConfig.for_images((1, 8, 8), LATENT, NET_CONFIGS[0], posterior(), objective(), prior=prior())
        for posterior, prior, objective in itertools.product(POINTS, PRIORS, OBJECTIVES)
        if objective.needs_rate <= posterior.has_density and posterior.space == prior.space
        if posterior.terms == objective.posterior_terms
    ]
    + [
        ModelConfig.for_images(image, LATENT, net, likelihood=LearnedGaussianConfig())
        for image in [(1, 28, 20), (1, 29, 27), (3, 32, 32), (3, 128, 128)]
        for net in NET_CONFIGS
    ]
)


def name(c: ModelConfig) -> str:
    parts = [c.net.kind, c.posterior.kind, c.prior.kind, c.objective.kind, c.likelihood.title.replace(" ", "-")]
    return "-".join([*parts, "x".join(map(str, c.image))])


def build(c: ModelConfig) -> Autoencoder:
    torch.manual_seed(0)
    return build_model(c)


def images_of(c: ModelConfig, n: int = 7) -> torch.Tensor:
    return torch.randint(0, 256, (n, *c.image), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def terms_of(model: Autoencoder, x: torch.Tensor, seed: int = 2) -> Terms:
    return model.terms(Batch({"image": scale(x)}), model.draw_noise(len(x), torch.Generator().manual_seed(seed)))


def same(a, b, **tolerance) -> None:
    """Dataclasses of tensors are alike field by field; None only equals None."""
    for field, value in vars(a).items():
        other = getattr(b, field)
        assert (value is None) == (other is None), field
        if value is not None:
            torch.testing.assert_close(value, other, msg=lambda m, field=field: f"{field}: {m}", **tolerance)


# Float32 sums of up to 49,152 pixels in another order.
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


def without_effect(model: Autoencoder) -> set[str]:
    """Parameters of a prior that no term of the loss asks."""
    return set() if model.config.objective.samples_prior else {f"prior.{name}" for name, _ in model.prior.named_parameters()}


@pytest.fixture(params=COMBINATIONS, ids=name)
def c(request) -> ModelConfig:
    return request.param


@pytest.fixture
def model(c) -> Autoencoder:
    return build(c)


@pytest.fixture
def x(c) -> torch.Tensor:
    return images_of(c)


def test_shapes(c, model, x):
    codes = model.encode(x)
    assert codes.mean.shape == (7, LATENT)
    torch.testing.assert_close(model.space.project(codes.mean), codes.mean)
    if codes.scale is not None:
        assert codes.scale.shape == (7, LATENT) and bool((codes.scale > 0).all())
    if model.capabilities.rate:
        # Without a closed form a rate is known only for codes that are drawn.
        known = (type(model.posterior), type(model.prior)) in CLOSED_FORMS
        assert (codes.rate.shape == (7,)) if known else codes.rate is None
    else:
        assert codes.scale is codes.rate is codes.rate_by_dimension is None
    if codes.rate_by_dimension is not None:
        assert codes.rate_by_dimension.shape == (7, LATENT)
        torch.testing.assert_close(codes.rate_by_dimension.sum(1), codes.rate)
    for images in (model.decode(codes.mean), model.reconstruct(x), model.sample(7)):
        assert images.shape == (7, *c.image) and images.dtype == torch.float32
        assert 0 <= float(images.min()) <= float(images.max()) <= 1
    terms = terms_of(model, x)
    assert terms["distortion"].shape == (7,) and ("rate" in terms.values) == model.capabilities.rate
    assert set(model.objective.terms) <= terms.values.keys()
    assert all(value.shape in ((7,), ()) for value in terms.values.values())
    assert model.objective(terms, model.objective.weights(1.0)).shape == ()


def test_numpy_bytes_and_floats_are_the_same_images(model, x):
    wanted = model.encode(x)
    for alike in (x.numpy(), x.float() / 255, (x.float() / 255).numpy(), x.double().numpy() / 255):
        same(model.encode(alike), wanted, **CLOSE)
    torch.testing.assert_close(model.decode(wanted.mean.numpy()), model.decode(wanted.mean))


def test_the_batch_size_changes_nothing(model, x):
    same(model.encode(x, batch_size=2), model.encode(x), **CLOSE)
    torch.testing.assert_close(model.reconstruct(x, batch_size=3), model.reconstruct(x), **CLOSE)


def test_terms_of_an_image_do_not_depend_on_its_batch(model, x):
    model.eval()
    noise = model.draw_noise(len(x), torch.Generator().manual_seed(2))
    whole = model.terms(Batch({"image": scale(x)}), noise)
    for at in (slice(0, 1), slice(2, 7)):
        part = {name: value[at] for name, value in noise.items()}
        found = model.terms(Batch({"image": scale(x[at])}), part)
        assert found.values.keys() == whole.values.keys()
        for name, value in found.values.items():
            # A scalar is a term of a whole batch, such as a discrepancy between its codes and a prior.
            if whole[name].ndim:
                torch.testing.assert_close(value, whole[name][at], **CLOSE)
            else:
                assert value.shape == () and bool(torch.isfinite(value))


def test_random_numbers_depend_on_the_seed_alone(c, model, x):
    model.eval()
    assert all(torch.equal(value, terms_of(model, x)[name]) for name, value in terms_of(model, x).values.items())
    random = bool(model.latent_noise or model.target_noise)
    assert torch.equal(terms_of(model, x, seed=3)["distortion"], terms_of(model, x)["distortion"]) != random
    assert torch.equal(model.sample(4, seed=5), model.sample(4, seed=5))
    assert not torch.equal(model.sample(4, seed=5), model.sample(4, seed=6))
    again = build(c).state_dict()
    assert all(torch.equal(v, again[k]) for k, v in model.state_dict().items())


def test_the_gradient_reaches_every_parameter(model, x):
    # In training, batch norm cancels a bias before it: evaluation shows whether a parameter is connected at all.
    model.eval()
    model.objective(terms_of(model, x), model.objective.weights(1.0), model.objective.terms).backward()
    for key, parameter in model.named_parameters():
        if key in without_effect(model):
            continue
        assert parameter.grad is not None and bool(torch.isfinite(parameter.grad).all()), key
        assert bool((parameter.grad != 0).any()), key


def test_one_step_of_training_lowers_the_loss(model, x):
    def loss() -> torch.Tensor:
        return model.objective(terms_of(model, x), model.objective.weights(1.0))

    model.train()
    before = loss()
    before.backward()
    moved = [parameter for parameter in model.parameters() if parameter.grad is not None]
    gradient = torch.cat([p.grad.flatten() for p in moved])
    step = 1e-4 / float(gradient.norm())
    with torch.no_grad():
        for parameter in moved:
            parameter -= step * parameter.grad
    # To first order the loss falls by step * |gradient|^2; float32 sums need some slack.
    assert loss().item() < before.item()


@pytest.mark.parametrize("training", [True, False])
def test_inference_leaves_the_model_as_it_was(model, x, training):
    model.train(training)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    codes = model.encode(x)
    model.interpolate(codes.mean[0], codes.mean[1], 3)
    model.sample(2)
    assert all(m.training == training for m in model.modules())
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert torch.is_grad_enabled() and not codes.mean.requires_grad


def test_traverse_moves_one_dimension_as_the_space_allows(model):
    z, values = torch.tensor([0.5, -1.0, 2.0]), [-2.0, 0.0, 2.0]
    codes = torch.tensor([[0.5, -2, 2], [0.5, 0, 2], [0.5, 2, 2]])
    if not model.space.independent_dimensions:
        codes = model.space.move(z, 1, torch.tensor(values))
        torch.testing.assert_close(model.space.project(codes), codes)
    torch.testing.assert_close(model.traverse(z, 1, values), model.decode(codes))
    assert z.tolist() == [0.5, -1.0, 2.0]


@pytest.mark.parametrize("path", ["linear", "spherical"])
def test_interpolate_has_both_ends(model, path):
    a, b = model.space.project(torch.tensor([[1.0, 0, 2], [0, -1, 1]]))
    images = model.interpolate(a, b, 5, path)
    assert len(images) == 5
    torch.testing.assert_close(images[[0, -1]], model.decode(torch.stack([a, b])), **CLOSE)


# What does not depend on the combination is shown on one.

ONE = ModelConfig.for_images((1, 8, 8), LATENT, NET_CONFIGS[2])
COLOUR = ONE.replace(observation=image_observation((3, 8, 8)))


@pytest.mark.parametrize(
    ("axis", "table"),
    [
        (NetConfig, NETS),
        (PosteriorConfig, POSTERIORS),
        (PriorConfig, PRIORS),
        (LikelihoodConfig, LIKELIHOODS),
        (ObjectiveConfig, OBJECTIVES),
    ],
    ids=["nets", "posteriors", "priors", "likelihoods", "objectives"],
)
def test_every_kind_of_an_axis_can_be_built(axis, table):
    assert set(axis.kinds.values()) == set(table)


def test_grey_images_come_with_or_without_channels():
    model, x = build(ONE), images_of(ONE)
    same(model.encode(x[:, 0]), model.encode(x))
    for one in (x[0], x[0, :].numpy(), x[:1, 0]):
        assert model.encode(one).mean.shape == (1, LATENT)


def test_a_colour_image_comes_alone_or_in_a_batch():
    model, x = build(COLOUR), images_of(COLOUR)
    same(model.encode(x[0]), model.encode(x[:1]))


def test_mirrored_numpy_arrays_are_images_like_any():
    model, x = build(ONE), images_of(ONE)
    same(model.encode(x.numpy()[..., ::-1]), model.encode(x.flip(3)))
    z = model.encode(x).mean
    torch.testing.assert_close(model.decode(z.numpy()[::-1]), model.decode(z.flip(0)))


@pytest.mark.parametrize(
    ("c", "x", "said"),
    [
        (ONE, np.zeros((2, 1, 8, 9), np.uint8), "takes"),
        (ONE, np.zeros((2, 3, 8, 8), np.uint8), "takes"),
        (ONE, np.zeros((8, 8), np.uint8), "takes"),
        (COLOUR, np.zeros((2, 1, 8, 8), np.uint8), "takes"),
        (COLOUR, np.zeros((2, 8, 8), np.uint8), "takes"),
        (COLOUR, np.zeros((2, 8, 8, 3), np.uint8), "takes"),
        (ONE, np.zeros((2, 1, 8, 8), np.int64), "uint8"),
        (ONE, np.zeros((2, 1, 8, 8), bool), "uint8"),
        (ONE, np.full((2, 1, 8, 8), 255.0), "outside"),
        (ONE, np.full((2, 1, 8, 8), -0.01), "outside"),
        (ONE, np.full((2, 1, 8, 8), np.nan), "outside"),
        (ONE, np.zeros((0, 1, 8, 8), np.uint8), "no images"),
    ],
)
def test_wrong_images_are_one_clear_error(c, x, said):
    for given in (x, torch.from_numpy(x)):
        with pytest.raises(ValueError, match=said):
            build(c).encode(given)


@pytest.mark.parametrize("shape", [(2, 4), (2,), (1, 1, 3), ()])
def test_wrong_codes_are_one_clear_error(shape):
    with pytest.raises(ValueError, match=r"takes \(N, 3\)"):
        build(ONE).decode(np.zeros(shape))


def test_no_codes_are_no_images():
    assert build(ONE).decode(np.zeros((0, 3))).shape == (0, 1, 8, 8)


def test_a_code_may_come_alone_or_as_a_list():
    model = build(ONE)
    torch.testing.assert_close(model.decode([0.0, 1.0, 2.0]), model.decode(torch.tensor([[0.0, 1.0, 2.0]])))


def test_traverse_and_interpolate_refuse_what_does_not_exist():
    model, z = build(ONE), torch.zeros(3)
    for dimension in (-1, 3):
        with pytest.raises(ValueError, match="0 to 2"):
            model.traverse(z, dimension, [0.0])
    with pytest.raises(ValueError, match="2 steps"):
        model.interpolate(z, z, 1)


def test_what_inference_gives_can_be_worked_on():
    """Codes and images are ordinary tensors: they can be changed in place, and optimised."""
    model, x = build(ONE), images_of(ONE)
    codes = model.encode(x)
    for value in (codes.mean, codes.scale, codes.rate, model.decode(codes.mean), model.sample(2)):
        value[0] = 0.5
        value.requires_grad_()


def test_samples_of_the_prior_are_standard_normal():
    model = build(ONE)
    codes = model.prior.sample(50_000, torch.Generator().manual_seed(0))
    assert torch.equal(model.sample(2), model.decode(model.prior.sample(2, torch.Generator().manual_seed(0))))
    torch.testing.assert_close(codes.mean(0), torch.zeros(LATENT), rtol=0, atol=5 / 50_000**0.5)
    torch.testing.assert_close(torch.cov(codes.T), torch.eye(LATENT), rtol=0, atol=5 * (2 / 50_000) ** 0.5)


def test_binarised_images_are_drawn_once_for_encoder_and_target():
    """The distortion is that of the very image that was encoded."""
    model = build(ONE.replace(likelihood=LIKELIHOOD_CONFIGS[-1])).eval()
    x, seen = scale(images_of(ONE)), []
    noise = model.draw_noise(7, torch.Generator().manual_seed(0))
    model.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    terms = model.terms(Batch({"image": x}), noise)
    target = (noise["image.pixels"] < x).float()
    assert torch.equal(seen[0], target)
    raw = model.decoder(model.infer(Batch({"image": target}), noise).codes["z"])
    torch.testing.assert_close(terms["distortion"], -model.likelihood.log_prob(raw, target))
