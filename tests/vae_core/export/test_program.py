"""Network programs: what is folded, what is refused, and how the bytes are laid out. The numbers are checked where the
programs run, in tests/explorer/components."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor, nn

from vae_core.config import ConvConfig, MLPConfig, ModelConfig, NetConfig, PosteriorConfig, ResidualConfig
from vae_core.export import ExportError, Input, decoder_program, encoder_program
from vae_core.export.fold import fold
from vae_core.export.graph import Graph
from vae_core.export.lower import lower
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model


def model(net: NetConfig, image=(1, 28, 28), latent=4, **axes) -> Autoencoder:
    return build_model(ModelConfig.for_images(image=image, latent=latent, net=net, **axes)).eval()


def folded(*layers: nn.Module, shape: tuple[int, ...]) -> Graph:
    return fold(lower(nn.Sequential(*layers).eval(), {"input": Input(shape)}))


def ops(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def test_bytes_are_a_safetensors_file_that_describes_itself(tmp_path) -> None:
    made = decoder_program(model(ConvConfig(channels=(4, 8), hidden=(16,))))
    (tmp_path / "a").write_bytes(made.to_bytes())
    with safe_open(tmp_path / "a", framework="numpy") as file:
        header = json.loads(file.metadata()["program"])
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
    assert header == made.header and arrays.keys() == made.arrays.keys()
    assert all(np.array_equal(arrays[name], made.arrays[name]) for name in arrays)
    assert {name for node in header["nodes"] for name in node.get("arrays", {}).values()} == set(arrays)
    assert header["inputs"] == {"z": [4]}
    last = header["nodes"][-1]
    assert header["outputs"] == {"mean": last["output"]}
    assert last["activations"] == [["sigmoid"]]
    assert last["shape"] == [1, 28, 28]


def test_arrays_are_the_weights() -> None:
    built = model(MLPConfig(hidden=(6,)))
    made = decoder_program(built)
    found = made.arrays[made.header["nodes"][0]["arrays"]["weight"]]
    np.testing.assert_array_equal(found, built.decoder.body[0].weight.detach().numpy())


def test_macs_of_a_decode() -> None:
    assert decoder_program(model(MLPConfig(hidden=(400, 200)))).macs == 4 * 200 + 200 * 400 + 400 * 784
    net = ConvConfig(channels=(8, 16), hidden=(32,))
    transposed = 49 * 16 * 8 * 16 + 196 * 8 * 1 * 16
    assert decoder_program(model(net)).macs == 4 * 32 + 32 * 784 + transposed


@pytest.mark.parametrize("layer", [nn.Linear(6, 6), nn.Conv2d(3, 6, 3), nn.ConvTranspose2d(3, 6, 4, 2, 1)])
def test_batch_norm_folds_into_the_layer_before_it(layer: nn.Module) -> None:
    shape = (6,) if isinstance(layer, nn.Linear) else (3, 8, 8)
    norm = nn.BatchNorm1d(6) if isinstance(layer, nn.Linear) else nn.BatchNorm2d(6)
    graph = folded(layer, norm, nn.SiLU(), shape=shape)
    assert len(graph.nodes) == 1
    assert graph.nodes[0].activations == [("silu",)]
    assert graph.outputs["out"] == graph.nodes[0].output


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
    assert [node.activations for node in graph.nodes] == [[], [("silu",)], [("silu",)], [], [], [("relu",)]]


def test_norm_after_an_activation_stays() -> None:
    assert ops(folded(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.BatchNorm2d(4), shape=(3, 8, 8))) == ["conv", "affine"]


def test_functions_follow_each_other_in_one_node() -> None:
    class Scale(nn.Module):
        def forward(self, a: Tensor) -> Tensor:
            return (0.5 * a.clamp(-16, 8)).exp()

    (node,) = folded(nn.Linear(4, 4), Scale(), shape=(4,)).nodes
    assert node.activations == [("clamp", -16.0, 8.0), ("linear", 0.5, 0.0), ("exp",)]


def test_what_nobody_reads_is_left_out() -> None:
    class Half(nn.Module):
        def forward(self, a: Tensor) -> Tensor:
            return F.linear(a, torch.ones(8, 4)).chunk(2, 1)[0]

    assert ops(folded(Half(), shape=(4,))) == ["linear", "slice"]


class Strange(nn.Module):
    def forward(self, a: Tensor) -> Tensor:
        return a.softmax(1).erfinv()


class Of(nn.Module):
    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, a: Tensor) -> Tensor:
        return self.f(a)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Strange(), "0 \\(Strange\\) calls erfinv, which has no operation"),
        (nn.Conv2d(4, 4, 3, groups=2), "0 \\(Conv2d\\) convolves in 2 groups"),
        (nn.Conv2d(4, 4, 3, dilation=2), "dilation"),
        (nn.Conv2d(4, 4, 3, padding="same"), "same"),
        (nn.Conv2d(5, 4, 3), "5 channels"),
        (nn.BatchNorm2d(4, track_running_stats=False), "statistics"),
        (nn.Upsample(scale_factor=2, mode="bicubic"), "bicubic"),
        (nn.PixelShuffle(3), "0 \\(PixelShuffle\\) cannot be traced: .*channel"),
        (nn.GroupNorm(2, 6), "0 \\(GroupNorm\\) cannot be traced"),
        (nn.LayerNorm(7), "shape"),
        (nn.Linear(3, 3), "0 \\(Linear\\) cannot be traced"),
        (nn.GRU(8, 8), "0 \\(GRU\\) cannot"),
        (Of(lambda a: a if a.sum() > 0 else -a), "0 \\(Of\\) cannot be traced: .*control flow"),
        (Of(lambda a: a * float(a.max())), "0 \\(Of\\) cannot be traced"),
        (Of(lambda a: a - a.mean(0)), "mixes the observations of a batch"),
        (Of(lambda a: a - a.mean(0, keepdim=True)), "mixes the observations of a batch"),
        (Of(lambda a: a.flatten(0).softmax(0)), "mixes the observations of a batch"),
        (Of(lambda a: a.flip(0)), "mixes the observations of a batch"),
        (Of(lambda a: a.transpose(0, 1)), "mixes the observations of a batch"),
        (Of(lambda a: torch.cat([a, a])), "mixes the observations of a batch"),
        (Of(lambda a: a.cumsum(0)), "mixes the observations of a batch"),
        (Of(lambda a: a * torch.arange(len(a))[:, None, None, None]), "differs between the observations"),
        (Of(lambda a: a.sum((1, 3))), "not neighbours"),
        (Of(lambda a: a.norm(p=1, dim=1)), "norm of order 1"),
        (Of(lambda a: torch.div(a, 2, rounding_mode="floor")), "rounds"),
        (Of(lambda a: nn.ReLU()(a)), "not installed as a submodule"),
        (nn.Sequential(nn.Identity(), Of(lambda a: F.relu(a, inplace=True) + a)), "in place"),
        (Of(lambda a: torch.ones(9, 2)[a.argmax(1)]), "torch.nn.functional.embedding"),
        (Of(lambda a: torch.ones(9, 2).index_select(0, a.flatten(1)[:, 0].long())), "torch.nn.functional.embedding"),
        (Of(lambda a: a[:, 0].take_along_dim(a.long()[:, 0], 1)), "calls take_along_dim"),
        (Of(lambda a: a.flatten(1).index_select(1, a.flatten().long())), "torch.nn.functional.embedding"),
        (Of(lambda a: a + torch.randn(a.shape)), "differs between the observations"),
        (Of(lambda a: a + torch.randn_like(a)), "calls randn_like"),
        (Of(lambda a: a * float("inf")), "not finite"),
        (Of(lambda a: F.leaky_relu(a, a)), "leaky_relu"),
        (Of(lambda a: a.clamp(min=a)), "clamp to numbers"),
        (Of(lambda a: F.max_pool2d(a, 3, padding=1)), "pools with padding"),
        (Of(lambda a: F.avg_pool2d(a, 2, divisor_override=3)), "pools in an unusual way"),
        (Of(lambda a: (a, a)), "does not depend on the input"),
    ],
)
def test_what_cannot_be_exported_says_so(layer: nn.Module, message: str) -> None:
    with pytest.raises(ExportError, match=message) as caught:
        folded(layer, shape=(4, 8, 8))
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_a_trace_leaves_other_threads_alone() -> None:
    """torch.fx replaces methods of all modules while it traces."""
    built = model(ConvConfig(channels=(4, 8), hidden=(16,)))
    z = torch.randn(2, 4)
    wanted, made = built.decode(z), decoder_program(built).to_bytes()
    call, attribute = nn.Module.__call__, nn.Module.__getattr__
    stop = threading.Event()
    wrong: list[object] = []

    def decode() -> None:
        while not stop.is_set():
            try:
                if not torch.equal(built.decode(z), wanted):
                    wrong.append("other pixels")
            except Exception as error:
                wrong.append(error)

    def export() -> None:
        for _ in range(5):
            if decoder_program(built).to_bytes() != made:
                wrong.append("another program")

    decoding = threading.Thread(target=decode)
    exporting = [threading.Thread(target=export) for _ in range(3)]
    for thread in (decoding, *exporting):
        thread.start()
    for thread in exporting:
        thread.join()
    stop.set()
    decoding.join()
    assert wrong == []
    assert (nn.Module.__call__, nn.Module.__getattr__) == (call, attribute)


def test_unknown_likelihood_and_weights() -> None:
    built = model(MLPConfig(hidden=(6,)))
    with pytest.raises(ExportError, match="float8"):
        decoder_program(built, "float8")
    built.likelihood = Strange()
    with pytest.raises(ExportError, match="Strange"):
        decoder_program(built)
    built.posterior = Strange()
    with pytest.raises(ExportError, match="Strange"):
        encoder_program(built)


def test_weights_that_cannot_be_written() -> None:
    built = model(MLPConfig(hidden=(6,)))
    with torch.no_grad():
        built.decoder.body[0].weight[0, 0] = 1e6
    decoder_program(built)
    with pytest.raises(ExportError, match="float16"):
        decoder_program(built, "float16")
    with torch.no_grad():
        built.decoder.body[0].weight[0, 0] = float("nan")
    with pytest.raises(ExportError, match="finite"):
        decoder_program(built)


@pytest.mark.parametrize(
    ("posterior", "names"), [("deterministic", {"mean"}), ("gaussian", {"mean", "scale"}), ("von-mises-fisher", {"mean"})]
)
def test_encoder_outputs(posterior: str, names: set[str]) -> None:
    made = encoder_program(model(ResidualConfig(), posterior=PosteriorConfig.of(posterior)))
    assert set(made.header["outputs"]) == names
    shapes = {node["output"]: node["shape"] for node in made.header["nodes"]}
    assert all(shapes[tensor] == [4] for tensor in made.header["outputs"].values())


def test_export_leaves_the_model_alone() -> None:
    built = build_model(ModelConfig.for_images(image=(1, 28, 28), latent=4)).train()
    before = {name: value.clone() for name, value in built.state_dict().items()}
    decoder_program(built)
    assert built.training
    assert all(torch.equal(value, before[name]) for name, value in built.state_dict().items())
