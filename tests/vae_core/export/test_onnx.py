"""ONNX files: onnxruntime gives what torch gives."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch

from vae_core.checkpoint import registry
from vae_core.config import (
    CategoryField,
    DeterministicConfig,
    FullGaussianConfig,
    GaussianConfig,
    MLPConfig,
    ModelConfig,
    ResidualConfig,
)
from vae_core.export import ExportError
from vae_core.export.onnx import onnx_model
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.zoo import model_config

NETS = {
    "mlp": ((1, 9, 11), MLPConfig(hidden=(5,)), {"posterior": DeterministicConfig()}),
    "full covariance": ((1, 8, 8), MLPConfig(hidden=(5,)), {"posterior": FullGaussianConfig()}),
    "residual": ((1, 8, 8), ResidualConfig(channels=(4,), hidden=(6,)), {"likelihood": GaussianConfig()}),
}


def built(name: str) -> Autoencoder:
    image, net, axes = NETS[name]
    torch.manual_seed(0)
    model = build_model(ModelConfig.for_images(image=image, latent=4, net=net, **axes))
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                layer.running_mean.normal_()
                layer.running_var.uniform_(0.5, 2)
    return model.eval()


def session(model: Autoencoder, part: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(onnx_model(model, part))


def check_decoder(model: Autoencoder) -> None:
    decoder = session(model, "decoder")
    assert [(one.name, one.shape[1:]) for one in decoder.get_inputs()] == [("z", [model.config.latent])]
    for n in (1, 5):
        z = np.random.default_rng(n).normal(0, 1.5, (n, model.config.latent)).astype(np.float32)
        (mean,) = decoder.run(["mean"], {"z": z})
        np.testing.assert_allclose(mean, model.decode(z).numpy(), atol=1e-4)


def check_encoder(model: Autoencoder) -> None:
    encoder = session(model, "encoder")
    assert [(one.name, one.shape[1:]) for one in encoder.get_inputs()] == [("x", list(model.config.image))]
    for n in (1, 5):
        x = np.random.default_rng(n).random((n, *model.config.image), np.float32)
        codes = model.encode(x)
        wanted = {"mean": codes.mean} | ({} if codes.scale is None else {"scale": codes.scale})
        assert [one.name for one in encoder.get_outputs()] == list(wanted)
        for found, (name, values) in zip(encoder.run(None, {"x": x}), wanted.items(), strict=True):
            np.testing.assert_allclose(found, values.numpy(), atol=1e-4, rtol=1e-4, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETS)
def test_a_model_of_each_net_agrees_with_torch(name: str) -> None:
    model = built(name)
    check_decoder(model)
    check_encoder(model)


@pytest.mark.slow
def test_a_decoder_of_texts_takes_any_number_of_codes() -> None:
    model = registry.load("names-gru-vae-2").model
    decoder = session(model, "decoder")
    for n in (1, 4):
        z = np.random.default_rng(n).normal(0, 1, (n, 2)).astype(np.float32)
        np.testing.assert_array_equal(decoder.run(["mean"], {"z": z})[0], model.decode(z).numpy())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mnist-vae-32-binary", "faces-vae-64"])
def test_a_shipped_model_agrees_with_torch(name: str) -> None:
    model = registry.load(name).model
    check_decoder(model)
    check_encoder(model)


def test_what_torch_cannot_export_says_so() -> None:
    model = built("mlp")

    class Odd(torch.nn.Module):
        def forward(self, z: torch.Tensor) -> torch.Tensor:
            return z if float(z.sum()) > 0 else -z

    model.decoder = Odd()
    with pytest.raises(ExportError, match="The decoder cannot be exported to ONNX"):
        onnx_model(model)


def test_export_leaves_the_model_alone() -> None:
    model = built("mlp").train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    onnx_model(model, "encoder")
    assert all(module.training for module in model.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_conditional_model_agrees_with_torch() -> None:
    torch.manual_seed(0)
    model = build_model(ModelConfig.for_images((1, 8, 8), 3, MLPConfig(hidden=(6,)), condition=CategoryField("label", 4)))
    classes = np.array([0, 3, 1, 2, 1])
    given = {"condition": np.eye(4, dtype=np.float32)[classes]}
    z, x = torch.randn(5, 3).numpy(), torch.rand(5, 1, 8, 8).numpy()
    (images,) = session(model, "decoder").run(["mean"], {"z": z} | given)
    np.testing.assert_allclose(images, model.decode(z, classes).numpy(), atol=1e-4)
    (means,) = session(model, "encoder").run(["mean"], {"x": x} | given)
    np.testing.assert_allclose(means, model.encode(x, classes).mean.numpy(), atol=1e-4)


@pytest.mark.parametrize("name", ["s-vae", "vq-vae"])
def test_models_with_a_constant_rate_take_any_number_of_images(name: str) -> None:
    torch.manual_seed(0)
    model = build_model(model_config(name, (1, 8, 8), 3, MLPConfig(hidden=(6,)))).eval()
    check_encoder(model)
    codes = model.encode(torch.rand(5, 1, 8, 8)).mean.numpy()
    found = session(model, "decoder").run(None, {"z": codes})[0]
    np.testing.assert_allclose(found, model.decode(codes).numpy(), atol=1e-4)
