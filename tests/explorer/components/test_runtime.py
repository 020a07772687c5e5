"""The browser's runtime, run by Node, gives what torch gives."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from torch import nn

from vae_core.config import (
    CategoryField,
    ConvConfig,
    LearnedGaussianConfig,
    MLPConfig,
    ModelConfig,
    NetConfig,
    PosteriorConfig,
    ResidualConfig,
)
from vae_core.export import Input, Program, decoder_program, encoder_program, program
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.zoo import model_config

RUNTIME = Path(__file__).parents[3] / "explorer" / "components" / "base" / "runtime"
HARNESS = Path(__file__).with_name("run_program.mjs")
CODES = 64
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm)

NETS = {
    "mlp": ((1, 28, 28), MLPConfig(hidden=(400, 200))),
    "mlp-narrow": ((1, 9, 11), MLPConfig(hidden=(5,))),
    "conv": ((1, 28, 28), ConvConfig(channels=(32, 64), hidden=(256,))),
    "conv-tall": ((1, 28, 20), ConvConfig(channels=(6, 10), hidden=(17,))),
    "conv-odd": ((3, 29, 27), ConvConfig(channels=(5, 7, 9), hidden=(33,))),
    "conv-tiny": ((1, 8, 8), ConvConfig(channels=(3, 5), hidden=(7,))),
    "conv-plain": ((1, 28, 28), ConvConfig(channels=(6, 10), hidden=(17,), norm="none")),
    "residual": ((1, 28, 28), ResidualConfig(channels=(32, 64), hidden=(256, 512))),
    "residual-odd": ((3, 29, 27), ResidualConfig(channels=(6, 9), hidden=(30,), conv_blocks=2, dense_blocks=2)),
    "residual-dense": ((1, 28, 20), ResidualConfig(channels=(), hidden=(64, 65))),
    "faces": ((3, 64, 64), ResidualConfig(channels=(32, 64, 128, 256), hidden=(256,))),
}


def randomised(module: nn.Module, seed: int = 0) -> nn.Module:
    """Norms with statistics and weights as after training, which those of a new model are not."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                layer.running_mean.normal_(0, 0.5, generator=generator)
                layer.running_var.uniform_(0.25, 2.0, generator=generator)
            if isinstance(layer, NORMS) and layer.weight is not None:
                layer.weight.uniform_(0.5, 1.5, generator=generator)
                layer.bias.normal_(0, 0.3, generator=generator)
    return module.eval()


def model_of(image: tuple[int, int, int], net: NetConfig, latent: int = 5, **axes) -> Autoencoder:
    torch.manual_seed(1)
    return randomised(build_model(ModelConfig.for_images(image=image, latent=latent, net=net, **axes)))


def run(node: str, folder: Path, program: Program, rows: np.ndarray) -> tuple[np.ndarray, dict]:
    (folder / "program").write_bytes(program.to_bytes())
    (folder / "rows").write_bytes(rows.astype(np.float32).tobytes())
    command = [node, str(HARNESS), str(RUNTIME), *(str(folder / name) for name in ("program", "rows", "result"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return np.fromfile(folder / "result", np.float32).reshape(len(rows), -1), json.loads(done.stdout)


def size(program: Program) -> int:
    """Bytes of the weights."""
    return sum(values.nbytes for values in program.arrays.values())


def codes(latent: int = 5) -> np.ndarray:
    return np.random.default_rng(2).normal(0, 1.5, (CODES, latent)).astype(np.float32)


@pytest.mark.parametrize("name", NETS)
def test_decoder_agrees_with_torch_on_every_pixel(name: str, node: str, tmp_path: Path) -> None:
    model = model_of(*NETS[name])
    z = codes()
    found, _ = run(node, tmp_path, decoder_program(model), z)
    wanted = model.decode(z).flatten(1).numpy()
    assert wanted.std() > 1e-3
    assert np.abs(found - wanted).max() <= 1e-4


@pytest.mark.parametrize("name", ["mlp", "conv", "residual", "faces"])
def test_float16_weights(name: str, node: str, tmp_path: Path) -> None:
    model = model_of(*NETS[name])
    z = codes()
    made = decoder_program(model, "float16")
    found, _ = run(node, tmp_path, made, z)
    assert size(made) < 0.55 * size(decoder_program(model))
    assert np.abs(found - model.decode(z).flatten(1).numpy()).max() <= 2e-2


@pytest.mark.parametrize("name", ["mlp", "conv", "residual"])
def test_weights_that_float16_holds_are_sent_as_such_and_nothing_is_lost(name: str, node: str, tmp_path: Path) -> None:
    model = model_of(*NETS[name])
    whole = size(decoder_program(model))
    model.load_state_dict({key: value.half().float() for key, value in model.state_dict().items()})
    z = codes()
    made = decoder_program(model)
    found, _ = run(node, tmp_path, made, z)
    assert size(made) < 0.55 * whole
    assert np.abs(found - model.decode(z).flatten(1).numpy()).max() <= 1e-5


@pytest.mark.parametrize("name", ["mlp", "conv-odd", "residual", "residual-odd"])
@pytest.mark.parametrize("posterior", ["gaussian", "gaussian-full", "deterministic", "von-mises-fisher"])
def test_encoder_agrees_with_torch(name: str, posterior: str, node: str, tmp_path: Path) -> None:
    model = model_of(*NETS[name], posterior=PosteriorConfig.of(posterior))
    x = np.random.default_rng(3).random((8, *model.config.image), np.float32)
    found, _ = run(node, tmp_path, encoder_program(model), x.reshape(len(x), -1))
    wanted = model.encode(x)
    parts = [wanted.mean] if wanted.scale is None else [wanted.mean, wanted.scale]
    np.testing.assert_allclose(found, torch.cat(parts, 1).numpy(), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["mlp", "conv-odd", "residual"])
def test_codes_of_a_codebook_agree_with_torch(name: str, node: str, tmp_path: Path) -> None:
    image, net = NETS[name][:2]
    torch.manual_seed(1)
    model = randomised(build_model(model_config("vq-vae", image, 2, net)))
    shape = model.config.structure.code_shape
    z = np.random.default_rng(2).integers(0, 128, (CODES, *shape))
    found, _ = run(node, tmp_path, decoder_program(model), z.reshape(CODES, -1))
    assert np.abs(found - model.decode(z).flatten(1).numpy()).max() <= 1e-4
    x = np.random.default_rng(3).random((8, *image), np.float32)
    found, _ = run(node, tmp_path, encoder_program(model), x.reshape(len(x), -1))
    np.testing.assert_array_equal(found, model.encode(x).mean.flatten(1).numpy())


def test_gaussian_likelihood_and_large_latent(node: str, tmp_path: Path) -> None:
    image, net = NETS["residual-odd"]
    model = model_of(image, net, latent=67, likelihood=LearnedGaussianConfig())
    z = codes(67)
    found, _ = run(node, tmp_path, decoder_program(model), z)
    assert np.abs(found - model.decode(z).flatten(1).numpy()).max() <= 1e-4


LAYERS = {
    "conv 3x3": nn.Conv2d(3, 5, 3, 1, 1),
    "conv 1x1": nn.Conv2d(3, 4, 1, bias=False),
    "conv 5x3 stride 3,2": nn.Conv2d(3, 6, (5, 3), (3, 2), (2, 0)),
    "conv that leaves rows out": nn.Conv2d(3, 2, 2, 3, 0),
    "transposed 4 2 1": nn.ConvTranspose2d(3, 5, 4, 2, 1),
    "transposed 3 1 1": nn.ConvTranspose2d(3, 4, 3, 1, 1),
    "transposed 3 2 1 + 1": nn.ConvTranspose2d(3, 3, 3, 2, 1, output_padding=1),
    "transposed 5 3 2 + 0,1": nn.ConvTranspose2d(3, 3, (5, 4), (3, 2), (2, 1), output_padding=(0, 1)),
    "transposed, stride above kernel": nn.ConvTranspose2d(3, 2, 2, 3, 0),
    "upsample": nn.Upsample(scale_factor=2),
    "upsample by 1.5": nn.Upsample(scale_factor=1.5),
    "upsample to a size": nn.Upsample(size=(10, 12)),
    "upsample smoothly": nn.Upsample(scale_factor=2, mode="bilinear"),
    "upsample smoothly by 1.7 and 2.3": nn.Upsample(scale_factor=(1.7, 2.3), mode="bilinear"),
    "upsample smoothly to a size": nn.Upsample(size=(9, 16), mode="bilinear"),
    "upsample smoothly, corners kept": nn.Upsample(scale_factor=3, mode="bilinear", align_corners=True),
    "pixel shuffle": nn.Sequential(nn.Conv2d(3, 18, 3, 1, 1), nn.PixelShuffle(3)),
    "group norm": nn.Sequential(nn.Conv2d(3, 6, 3), nn.GroupNorm(2, 6), nn.SiLU()),
    "group norm without weights": nn.GroupNorm(3, 3, affine=False),
    "layer norm": nn.Sequential(nn.LayerNorm((3, 7, 5)), nn.Flatten(), nn.Linear(105, 6), nn.LayerNorm(6), nn.GELU()),
    "layer norm of rows": nn.LayerNorm(5),
    "layer norm without weights": nn.LayerNorm((7, 5), elementwise_affine=False),
    "upsample then conv": nn.Sequential(nn.Upsample(scale_factor=(3, 2)), nn.Conv2d(3, 2, 3, 1, 1)),
    "relu": nn.ReLU(),
    "silu": nn.SiLU(),
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
    "leaky relu": nn.LeakyReLU(0.2),
    "elu": nn.ELU(0.7),
    "gelu": nn.GELU(),
    "gelu by tanh": nn.GELU("tanh"),
    "norm then activation": nn.Sequential(nn.BatchNorm2d(3), nn.SiLU()),
    "activation before norm": nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.BatchNorm2d(4)),
    "flat": nn.Sequential(nn.Flatten(), nn.Linear(3 * 7 * 5, 9), nn.BatchNorm1d(9), nn.ReLU(), nn.Linear(9, 6)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layer_agrees_with_torch(name: str, node: str, tmp_path: Path) -> None:
    torch.manual_seed(4)
    layer = randomised(LAYERS[name])
    x = 4 * torch.randn(6, 3, 7, 5)
    found, _ = run(node, tmp_path, program(layer, {"input": Input((3, 7, 5))}), x.flatten(1).numpy())
    with torch.no_grad():
        wanted = layer(x).flatten(1).numpy()
    np.testing.assert_allclose(found, wanted, atol=2e-5, rtol=1e-5)


def test_extreme_values_do_not_overflow(node: str, tmp_path: Path) -> None:
    made = program(nn.SiLU(), {"input": Input((8,))})
    x = np.array([[-1e30, -200, -90, -1e-30, 0, 1e-30, 200, 1e30]], np.float32)
    found, _ = run(node, tmp_path, made, x)
    np.testing.assert_allclose(found, torch.nn.functional.silu(torch.tensor(x)).numpy(), atol=1e-4, rtol=1e-6)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda data: b"LXNP" + bytes(96), "not a network program"),
        (lambda data: safetensors.numpy.save({}, {"about": "{}"}), "not a network program"),
        (lambda data: data[:4], "cut short"),
        (lambda data: data[:100], "cut short"),
        (lambda data: data[:-16], "cut short"),
        (lambda data: data.replace(rb"{\"version\":3", rb"{\"version\":9"), "version 9"),
    ],
)
def test_spoiled_programs_are_refused(spoil, message: str, node: str, tmp_path: Path) -> None:
    data = spoil(decoder_program(model_of(*NETS["conv-tiny"])).to_bytes())
    (tmp_path / "program").write_bytes(data)
    (tmp_path / "rows").write_bytes(codes().tobytes())
    command = [node, str(HARNESS), str(RUNTIME), *(str(tmp_path / n) for n in ("program", "rows", "result"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert message in done.stderr


def test_committed_kernels_are_those_of_the_source() -> None:
    from explorer.components.build_kernels import module_text

    assert (RUNTIME / "kernels.js").read_text() == module_text()


@pytest.mark.parametrize("name", ["mlp", "conv-odd", "residual-odd"])
def test_a_conditional_model_agrees_with_torch_in_each_class(name: str, node: str, tmp_path: Path) -> None:
    model = model_of(*NETS[name], condition=CategoryField("label", 4))
    classes = np.arange(8) % 4
    z, x = codes()[:8], np.random.default_rng(3).random((8, *model.config.image), np.float32)
    rows = lambda values: np.concatenate([np.eye(4)[classes], values.reshape(8, -1)], 1)  # noqa: E731
    found, _ = run(node, tmp_path, decoder_program(model), rows(z))
    np.testing.assert_allclose(found, model.decode(z, classes).flatten(1).numpy(), atol=1e-4, rtol=0)
    assert np.abs(found - model.decode(z, 0).flatten(1).numpy()).max() > 5e-4
    found, _ = run(node, tmp_path, encoder_program(model), rows(x))
    wanted = model.encode(x, classes)
    np.testing.assert_allclose(found, torch.cat([wanted.mean, wanted.scale], 1).numpy(), atol=1e-4, rtol=1e-4)
