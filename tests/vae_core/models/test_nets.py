"""Every net gives the shapes it promises, for every size of image."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from vae_core.config import ConfigError, GRUConfig, ImageField, MLPConfig, ModelConfig, NetConfig, TokensField
from vae_core.models.nets import NETS, build_decoder, build_encoder

IMAGE = ImageField("image", 1, 13, 10)
IMAGE_NETS = sorted((config for config in NETS if config.field == "image"), key=lambda config: config.kind)
KINDS = [config.kind for config in IMAGE_NETS]
sizes = st.integers(8, 128)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(IMAGE_NETS),
    st.tuples(st.sampled_from([1, 3]), sizes, sizes),
    st.integers(0, 6),
    st.lists(st.integers(2, 9), min_size=1, max_size=3),
    st.integers(1, 40),
    st.integers(1, 2),
)
def test_shapes_of_every_size_that_a_configuration_allows(kind, image, halvings, hidden, latent, raw):
    try:
        shape = {"channels": (4,) * halvings, "hidden": tuple(hidden)}
        net = kind(**{name: value for name, value in shape.items() if name in kind.field_names()})
        ModelConfig.for_images(image, latent, net)
    except ConfigError:
        # The only reasons to refuse these: a conv net that does not halve, or one that halves too often.
        assert kind is not MLPConfig and (halvings == 0 or min(image[1:]) >> halvings < 2)
        return
    with torch.device("meta"):
        # Shapes are worked out without any arithmetic.
        field = ImageField("image", *image)
        assert build_encoder(field, 2 * latent, net)(torch.empty(2, *image)).shape == (2, 2 * latent)
        assert build_decoder(latent, field, raw, net)(torch.empty(2, latent)).shape == (2, raw * image[0], *image[1:])


def build(kind: str, **changes) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    fields = {"channels": (4, 6), "hidden": (12, 8)} | changes
    own = NetConfig.kinds[kind].field_names()
    config = NetConfig.of(kind, **{name: value for name, value in fields.items() if name in own})
    return build_encoder(IMAGE, 5, config), build_decoder(3, IMAGE, 2, config)


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_are_raw(kind):
    """Nothing bounds the last layer: its bias moves every output by as much."""
    for net, features in zip(build(kind), (torch.rand(4, 1, 13, 10), torch.randn(4, 3)), strict=True):
        net.eval()
        last = [m for m in net.modules() if isinstance(m, nn.Linear | nn.ConvTranspose2d)][-1]
        before = net(features)
        with torch.no_grad():
            last.bias += 1000
        torch.testing.assert_close(net(features) - before, torch.full_like(before, 1000), rtol=1e-4, atol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_every_pixel_and_every_code_matters(kind):
    encoder, decoder = (net.eval() for net in build(kind))
    x = torch.rand(2, 1, 13, 10, requires_grad=True)
    encoder(x).square().sum().backward()
    # Halving an odd side drops its last row, which convolutions of 4 pixels still see.
    assert bool((x.grad != 0).all())
    z = torch.randn(2, 3, requires_grad=True)
    decoder(z).square().sum().backward()
    assert bool((z.grad != 0).all())


@pytest.mark.parametrize("kind", KINDS)
def test_images_of_a_batch_do_not_see_each_other_in_evaluation(kind):
    for net, features in zip(build(kind), (torch.rand(5, 1, 13, 10), torch.randn(5, 3)), strict=True):
        net.eval()
        torch.testing.assert_close(net(features)[2:3], net(features[2:3]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_condition_changes_the_outputs_of_its_own_row(kind):
    torch.manual_seed(0)
    config = NetConfig.of(kind, hidden=(12, 8))
    nets = build_encoder(IMAGE, 6, config, 7), build_decoder(3, IMAGE, 2, config, 7)
    given = torch.eye(7)[[0, 3]]
    for net, features in zip(nets, (torch.rand(2, 1, 13, 10), torch.randn(2, 3)), strict=True):
        net.eval()
        both = net(features, given)
        other = net(features, torch.eye(7)[[0, 4]])
        assert both.shape == (2, 6) or both.shape == (2, 2, 13, 10)
        torch.testing.assert_close(other[0], both[0])
        assert not torch.allclose(other[1], both[1])


def test_residual_without_blocks_is_the_conv_net():
    plain = build("residual", conv_blocks=0, dense_blocks=0)
    for a, b in zip(plain, build("conv"), strict=True):
        assert a.state_dict().keys() == b.state_dict().keys()
        assert all(torch.equal(v, b.state_dict()[k]) for k, v in a.state_dict().items())


@pytest.mark.parametrize("blocks", [{"conv_blocks": 1}, {"dense_blocks": 1}], ids=str)
def test_blocks_add_to_what_they_are_given(blocks):
    """With nothing in their branches they change nothing."""
    from vae_core.models.nets.residual import Residual

    for net, features in zip(build("residual", **blocks), (torch.rand(4, 1, 13, 10), torch.randn(4, 3)), strict=True):
        net.eval()
        before = net(features)
        found = [m for m in net.modules() if isinstance(m, Residual)]
        with torch.no_grad():
            for block in found:
                block.branch[-1].weight.zero_()
                block.branch[-1].bias.zero_()
        silenced = net(features)
        assert found and not torch.allclose(silenced, before)
        for block in found:
            block.branch = torch.nn.Identity()
        # x + x is twice x, and an affine layer of running statistics tells it from x.
        assert not torch.allclose(net(features), silenced)
        for block in found:
            block.forward = lambda x: x
        assert torch.equal(net(features), silenced)


def test_blocks_are_as_many_as_configured():
    from vae_core.models.nets.residual import Residual

    def count(net):
        return sum(isinstance(m, Residual) for m in net.modules())

    # Two halvings and two dense layers on each side.
    for conv, dense in ((0, 0), (2, 0), (0, 3), (2, 3)):
        encoder, decoder = build("residual", conv_blocks=conv, dense_blocks=dense)
        assert count(encoder) == count(decoder) == 2 * conv + 2 * dense
    encoder, decoder = build("residual", channels=(), conv_blocks=3, dense_blocks=1)
    assert count(encoder) == count(decoder) == 2
    assert not any(isinstance(m, nn.Conv2d | nn.ConvTranspose2d) for net in (encoder, decoder) for m in net.modules())


def test_the_decoder_mirrors_the_widths_of_the_encoder():
    for kind in KINDS:
        encoder, decoder = build(kind, dense_blocks=0)
        widths = [[m.out_features for m in net.modules() if isinstance(m, nn.Linear)] for net in (encoder, decoder)]
        assert widths[0][:2] == [12, 8] and widths[1][:2] == [8, 12]


def test_without_a_norm_there_is_none_and_nothing_else_is_missing():
    norms = (nn.BatchNorm1d, nn.BatchNorm2d)
    for kind in ("conv", "residual"):
        for plain, usual in zip(build(kind, norm="none"), build(kind), strict=True):
            left = [type(m) for m in usual.modules() if not isinstance(m, norms)]
            assert [type(m) for m in plain.modules()] == left
            assert any(isinstance(m, norms) for m in usual.modules())


@pytest.mark.parametrize("kind", ["conv", "residual"])
def test_without_a_norm_a_batch_is_no_more_than_its_images_in_training_too(kind):
    for net, features in zip(build(kind, norm="none"), (torch.rand(5, 1, 13, 10), torch.randn(5, 3)), strict=True):
        torch.testing.assert_close(net.train()(features)[2:3], net(features[2:3]), rtol=1e-4, atol=1e-5)


TEXT = TokensField("text", 6, ("a", "b", "c"))


@pytest.fixture
def texts():
    torch.manual_seed(0)
    config = GRUConfig(embedding=5, units=7)
    return build_encoder(TEXT, 4, config, 2), build_decoder(3, TEXT, TEXT.count, config, 2)


def test_a_text_is_written_from_its_own_likeliest_tokens(texts):
    _, decoder = texts
    z, given = 3 * torch.randn(5, 3), torch.eye(2)[[0, 1, 0, 1, 1]]
    raw = decoder(z, given)
    assert raw.shape == (5, 6, 4)
    torch.testing.assert_close(decoder(z, given, raw.argmax(2)), raw)


def test_a_token_is_scored_with_those_before_it_alone(texts):
    _, decoder = texts
    z, given, tokens = torch.randn(2, 3), torch.eye(2), torch.tensor([[1, 2, 3, 1, 0, 0]]).repeat(2, 1)
    other = tokens.clone()
    other[:, 3] = 2
    first, second = decoder(z, given, tokens), decoder(z, given, other)
    torch.testing.assert_close(first[:, :4], second[:, :4])
    assert not torch.allclose(first[:, 4], second[:, 4])


def test_every_token_code_and_condition_of_a_text_matters(texts):
    encoder, decoder = texts
    tokens, given = torch.tensor([[1, 2, 3, 1, 2, 0]]), torch.eye(2)[:1]
    raw = encoder(tokens, given)
    assert raw.shape == (1, 4)
    for place in range(6):
        other = tokens.clone()
        other[0, place] = (other[0, place] + 1) % 4
        assert not torch.allclose(encoder(other, given), raw), place
    assert not torch.allclose(encoder(tokens, torch.eye(2)[1:]), raw)
    z = torch.randn(1, 3, requires_grad=True)
    decoder(z, given, tokens)[:, -1].square().sum().backward()
    assert bool((z.grad != 0).all())
