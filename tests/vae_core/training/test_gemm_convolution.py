"""Convolutions as matrix products are torch's, forward and backward, and are taken where they are said to pay."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vae_core.config import ConvConfig, ModelConfig, TrainConfig
from vae_core.data import load_dataset
from vae_core.models.build import build_model
from vae_core.training import fit, gemm_convolution
from vae_core.training.gemm_convolution import AsProducts, may_pay

CONVOLUTIONS = {"plain": F.conv2d, "transposed": F.conv_transpose2d}


@pytest.fixture
def always(monkeypatch):
    monkeypatch.setattr(gemm_convolution, "LARGE", 0)
    monkeypatch.setattr(gemm_convolution, "FEW", 10**9)


@pytest.fixture
def taken(monkeypatch):
    """The names of the products that were taken."""
    names = []
    for name in ("gather", "scatter"):
        own = getattr(gemm_convolution, name)
        monkeypatch.setattr(gemm_convolution, name, lambda *args, name=name, own=own: names.append(name) or own(*args))
    return names


def tensors(kind: str, height: int, width: int, kernel: tuple[int, int], **how) -> list[torch.Tensor]:
    """An input of 3 channels, a kernel that makes 5 of them, a bias."""
    torch.manual_seed(0)
    shape = (3, 5) if kind == "transposed" else (5, 3)
    sizes = [(2, 3, height, width), (*shape, *kernel), (5,)]
    return [torch.randn(*size, requires_grad=True, **how) for size in sizes]


def same_as_torch(kind: str, inputs: list[torch.Tensor], *how) -> bool:
    """Whether there is such a convolution; its values and gradients are then asserted."""
    try:
        wanted = CONVOLUTIONS[kind](*inputs, *how)
    except RuntimeError:
        return False
    with AsProducts():
        found = CONVOLUTIONS[kind](*inputs, *how)
    gradient = torch.randn_like(wanted)
    leaves = [t for t in inputs if t is not None and t.requires_grad]
    wanted, found = ((y, *torch.autograd.grad(y, leaves, gradient)) for y in (wanted, found))
    for one, other in zip(wanted, found, strict=True):
        torch.testing.assert_close(other, one, atol=1e-4, rtol=1e-4)
    return True


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_values_and_gradients_are_torchs(kind, stride, always, taken):
    count = 0
    more = (0, 1) if kind == "transposed" else (None,)
    for height, width, kernel, padding, extra in itertools.product((1, 3, 5), (2, 4), (1, 2, 3, 4), (0, 1, 2), more):
        how = (stride, padding) if extra is None else (stride, padding, extra)
        count += same_as_torch(kind, tensors(kind, height, width, (kernel, kernel)), *how)
    assert count > 20 and len(taken) == count


@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_each_direction_has_its_own_kernel_stride_and_padding(kind, always, taken):
    assert same_as_torch(kind, tensors(kind, 5, 7, (3, 2)), (2, 1), (1, 0)) and len(taken) == 1


@pytest.mark.parametrize("frozen", [0, 1])
@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_what_takes_no_gradient_gets_none(kind, frozen, always, taken):
    inputs = tensors(kind, 4, 4, (3, 3))
    inputs[frozen].requires_grad = False
    assert same_as_torch(kind, inputs, 2, 1) and same_as_torch(kind, [*inputs[:2], None], 2, 1) and taken


@pytest.mark.parametrize(
    ("kind", "how", "inputs"),
    [
        ("plain", (1, "same"), {}),
        ("plain", (1, 1, 2), {}),
        ("transposed", (1, 1, 0, 1, 2), {}),
        ("plain", (1, 1), {"dtype": torch.float64}),
    ],
)
def test_what_products_do_not_do_is_torchs_own(kind, how, inputs, always, taken):
    assert same_as_torch(kind, tensors(kind, 6, 6, (3, 3), **inputs), *how) and not taken


def test_groups_and_single_images_are_torchs_own(always, taken):
    grouped = [torch.randn(2, 4, 5, 5, requires_grad=True), torch.randn(6, 2, 3, 3, requires_grad=True), None]
    single = [torch.randn(3, 5, 5, requires_grad=True), torch.randn(4, 3, 3, 3, requires_grad=True), None]
    assert same_as_torch("plain", grouped, 1, 1, 1, 2) and same_as_torch("plain", single, 1, 1) and not taken


@pytest.mark.parametrize(
    ("layer", "positions", "pays"),
    [
        (nn.Conv2d(256, 512, 4, 2, 1), 7, True),
        (nn.Conv2d(256, 512, 4, 2, 1), 32, False),
        (nn.Conv2d(128, 256, 4, 2, 1), 7, False),
        (nn.ConvTranspose2d(512, 256, 3, 2, 1), 4, True),
        (nn.ConvTranspose2d(512, 256, 3, 2, 1), 9, False),
        (nn.ConvTranspose2d(128, 64, 3, 2, 1), 4, False),
    ],
)
def test_large_kernels_over_few_positions_are_products(layer, positions, pays, taken):
    with AsProducts(), torch.no_grad():
        layer(torch.randn(1, layer.in_channels, positions, positions))
    assert bool(taken) == pays
    if pays:
        assert may_pay(nn.Sequential(layer))
    assert not may_pay(nn.Sequential(nn.Conv2d(128, 256, 4), nn.Linear(2000, 2000)))


def test_gradients_are_those_of_differences(always):
    """Against numbers and not another implementation: a sum of products is linear in each of its factors."""
    inputs = [t.detach() for t in tensors("transposed", 3, 3, (3, 3))]
    for i in range(3):
        moved = [t.clone() for t in inputs]
        moved[i].requires_grad = True
        with AsProducts():
            y = F.conv_transpose2d(*moved, 2, 1).square().sum()
            (gradient,) = torch.autograd.grad(y, moved[i])
            at = tuple(n // 2 for n in moved[i].shape)
            ends = []
            for step in (0.01, -0.01):
                moved[i] = inputs[i].clone()
                moved[i][at] += step
                ends.append(F.conv_transpose2d(*moved, 2, 1).double().square().sum())
        assert gradient[at].item() == pytest.approx((ends[0] - ends[1]).item() / 0.02, rel=0.01)


def test_a_run_comes_to_the_same_losses(monkeypatch, taken):
    digits = load_dataset("digits")
    curves = []
    for large in (gemm_convolution.LARGE, 0):
        monkeypatch.setattr(gemm_convolution, "LARGE", large)
        torch.manual_seed(0)
        model = build_model(ModelConfig.for_images((1, 8, 8), 2, ConvConfig(channels=(4,), hidden=(8,))))
        config = TrainConfig(steps=50, batch_size=64, precision="float32", engine="eager", validate_every=10)
        curves.append(fit(model, digits, config).curve)
        assert bool(taken) == (large == 0)
    for own, ours in zip(*curves, strict=True):
        assert ours["train_loss"] == pytest.approx(own["train_loss"], rel=1e-4)
