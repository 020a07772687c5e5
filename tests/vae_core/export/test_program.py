"""Network programs: what is folded, what is refused, and how the bytes are laid out. The numbers are checked where the
programs run, in tests/explorer/components."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
import torch
from torch import nn

from vae_core.config import ModelConfig, NetConfig, PosteriorConfig
from vae_core.export import ExportError, decoder_program, encoder_program
from vae_core.export.fold import fold
from vae_core.export.graph import Graph
from vae_core.export.lower import lower
from vae_core.models.flat import Autoencoder


def model(net: NetConfig, image=(1, 28, 28), latent=4, **axes) -> Autoencoder:
    return Autoencoder(ModelConfig(image=image, latent=latent, net=net, **axes)).eval()


def folded(*layers: nn.Module, shape: tuple[int, ...]) -> Graph:
    graph = Graph({"x": shape})
    graph.outputs["y"] = lower(graph, nn.Sequential(*layers), "x", "net")
    return fold(graph)


def ops(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def test_bytes_describe_themselves() -> None:
    program = decoder_program(model(NetConfig("conv", channels=(4, 8), hidden=(16,))))
    data = program.to_bytes()
    magic, version, length = struct.unpack("<4sII", data[:12])
    assert (magic, version) == (b"LXNP", 2)
    header = json.loads(data[12 : 12 + length])
    assert header == program.header
    start = -(-(12 + length) // 16) * 16
    assert data[start:] == program.blob
    assert len(program.blob) == header["blob"]
    assert all(array["at"] % 16 == 0 for array in header["arrays"])
    assert header["inputs"] == {"z": [4]}
    last = header["nodes"][-1]
    assert header["outputs"] == {"mean": last["output"]}
    assert last["activation"] == ["sigmoid"]
    assert last["shape"] == [1, 28, 28]


def test_arrays_are_the_weights() -> None:
    built = model(NetConfig("mlp", hidden=(6,)))
    program = decoder_program(built)
    array = program.header["arrays"][program.header["nodes"][0]["arrays"]["weight"]]
    found = np.frombuffer(program.blob, "<f4", 6 * 4, array["at"]).reshape(6, 4)
    np.testing.assert_array_equal(found, built.decoder.body[0].weight.detach().numpy())


def test_macs_of_a_decode() -> None:
    assert decoder_program(model(NetConfig("mlp", hidden=(400, 200)))).macs == 4 * 200 + 200 * 400 + 400 * 784
    net = NetConfig("conv", channels=(8, 16), hidden=(32,))
    transposed = 49 * 16 * 8 * 16 + 196 * 8 * 1 * 16
    assert decoder_program(model(net)).macs == 4 * 32 + 32 * 784 + transposed


@pytest.mark.parametrize("layer", [nn.Linear(6, 6), nn.Conv2d(3, 6, 3), nn.ConvTranspose2d(3, 6, 4, 2, 1)])
def test_batch_norm_folds_into_the_layer_before_it(layer: nn.Module) -> None:
    shape = (6,) if isinstance(layer, nn.Linear) else (3, 8, 8)
    norm = nn.BatchNorm1d(6) if isinstance(layer, nn.Linear) else nn.BatchNorm2d(6)
    graph = folded(layer, norm, nn.SiLU(), shape=shape)
    assert len(graph.nodes) == 1
    assert graph.nodes[0].activation == ("silu",)
    assert graph.outputs["y"] == graph.nodes[0].output


def test_folded_scale_and_bias_are_those_of_both() -> None:
    layer, norm = nn.Linear(5, 3), nn.BatchNorm1d(3).eval()
    with torch.no_grad():
        norm.running_mean.copy_(torch.tensor([1.0, -2, 0.5]))
        norm.running_var.copy_(torch.tensor([4.0, 0.25, 1]))
    (node,) = folded(layer, norm, shape=(5,)).nodes
    x = torch.randn(7, 5)
    wanted = norm(layer(x)).detach().numpy()
    found = node.arrays["scale"] * (x.numpy() @ node.arrays["weight"].T) + node.arrays["bias"]
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    np.testing.assert_array_equal(node.arrays["weight"], layer.weight.detach().numpy())


def test_a_result_with_another_reader_is_not_folded_away() -> None:
    from vae_core.models.nets.residual import Residual

    block = Residual(nn.BatchNorm1d(6), nn.SiLU(), nn.Linear(6, 6), nn.BatchNorm1d(6), nn.SiLU(), nn.Linear(6, 6))
    graph = folded(nn.Linear(6, 6), block, nn.BatchNorm1d(6), nn.ReLU(), shape=(6,))
    assert ops(graph) == ["linear", "affine", "linear", "linear", "add", "affine"]
    assert [node.activation for node in graph.nodes] == [None, ("silu",), ("silu",), None, None, ("relu",)]


def test_norm_after_an_activation_stays() -> None:
    assert ops(folded(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.BatchNorm2d(4), shape=(3, 8, 8))) == ["conv", "affine"]


class Strange(nn.Module):
    pass


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Strange(), "net.0 is a Strange"),
        (nn.Conv2d(4, 4, 3, groups=2), "groups"),
        (nn.Conv2d(4, 4, 3, dilation=2), "dilation"),
        (nn.Conv2d(4, 4, 3, padding_mode="reflect", padding=1), "reflect"),
        (nn.Conv2d(4, 4, 3, padding="same"), "same"),
        (nn.Conv2d(5, 4, 3), "5 channels"),
        (nn.BatchNorm2d(4, track_running_stats=False), "statistics"),
        (nn.Upsample(scale_factor=2, mode="bicubic"), "bicubic"),
        (nn.PixelShuffle(3), "4 channels"),
        (nn.GroupNorm(2, 6), "takes 6 channels"),
        (nn.LayerNorm(7), "shape"),
        (nn.Linear(3, 3), "takes 3 values"),
    ],
)
def test_what_cannot_be_exported_says_so(layer: nn.Module, message: str) -> None:
    with pytest.raises(ExportError, match=message):
        folded(layer, shape=(4, 8, 8))


def test_unknown_likelihood_and_weights() -> None:
    built = model(NetConfig("mlp", hidden=(6,)))
    with pytest.raises(ExportError, match="float8"):
        decoder_program(built, "float8")
    built.likelihood = Strange()
    with pytest.raises(ExportError, match="Strange"):
        decoder_program(built)
    built.posterior = Strange()
    with pytest.raises(ExportError, match="Strange"):
        encoder_program(built)


def test_weights_that_cannot_be_written() -> None:
    built = model(NetConfig("mlp", hidden=(6,)))
    with torch.no_grad():
        built.decoder.body[0].weight[0, 0] = 1e6
    decoder_program(built)
    with pytest.raises(ExportError, match="float16"):
        decoder_program(built, "float16")
    with torch.no_grad():
        built.decoder.body[0].weight[0, 0] = float("nan")
    with pytest.raises(ExportError, match="finite"):
        decoder_program(built)


@pytest.mark.parametrize(("posterior", "names"), [("deterministic", {"mean"}), ("gaussian", {"mean", "scale"})])
def test_encoder_outputs(posterior: str, names: set[str]) -> None:
    program = encoder_program(model(NetConfig(), posterior=PosteriorConfig(posterior)))
    assert set(program.header["outputs"]) == names
    shapes = {node["output"]: node["shape"] for node in program.header["nodes"]}
    assert all(shapes[tensor] == [4] for tensor in program.header["outputs"].values())


def test_export_leaves_the_model_alone() -> None:
    built = Autoencoder(ModelConfig(image=(1, 28, 28), latent=4)).train()
    before = {name: value.clone() for name, value in built.state_dict().items()}
    decoder_program(built)
    assert built.training
    assert all(torch.equal(value, before[name]) for name, value in built.state_dict().items())
