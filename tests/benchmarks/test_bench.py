"""The benchmarks run at a small size, and what they compare trains the same thing. Nothing here is about speed."""

from __future__ import annotations

import json
import os
import sys

import pytest
import torch
from bench import NAMES, main
from training import images, macs, peers, subprocesses, timing

import vae_core
from vae_core import TrainConfig, build_model
from vae_core.batch import Batch
from vae_core.config import ConvConfig, ModelConfig
from vae_core.data.dataset import Split, TrainingSplits

CPU = torch.device("cpu")
SLOW = {"cpu-layers", "gpu-celeba", "overhead"}
needs_pythae = pytest.mark.skipif(not peers.has_pythae(), reason=f"pythae is not installed: {peers.REQUIREMENTS}")


@pytest.fixture(scope="module")
def pictures():
    return images.noise(peers.IMAGE, 300)


def size(model: torch.nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def our_loss(model, x, noise) -> torch.Tensor:
    terms = model.terms(Batch({"image": x}), {"z.epsilon": noise})
    return model.objective(terms, (1.0,))


def give_weights(ours: torch.nn.Module, peer: torch.nn.Module, heads: int) -> None:
    """Puts our weights into the peer, whose parameters come in the same order but for two heads where we have one layer."""
    flat = [p.detach() for p in ours.parameters()]
    weight, bias = flat[heads : heads + 2]
    flat[heads : heads + 2] = [weight.chunk(2)[0], bias.chunk(2)[0], weight.chunk(2)[1], bias.chunk(2)[1]]
    theirs = list(peer.parameters())
    assert [p.shape for p in theirs] == [p.shape for p in flat]
    with torch.no_grad():
        for p, value in zip(theirs, flat, strict=True):
            p.copy_(value)


def in_our_order(model) -> torch.nn.Module:
    """pythae keeps its decoder before its encoder."""
    return torch.nn.ModuleList([model.encoder, model.decoder])


def same_loss(ours, peer, latent: int) -> bool:
    noise = torch.randn(6, latent, generator=torch.Generator().manual_seed(1))
    x = images.noise(peers.IMAGE, 6).float() / 255
    return torch.allclose(our_loss(ours, x, noise), peer.loss(x, noise), rtol=1e-4)


@pytest.mark.parametrize("peer", [peers.Example, peers.Plain])
def test_loops_train_our_mlp(peer, pictures):
    ours, other = peers.our_mlp(), peer(pictures, CPU)
    give_weights(ours, other.model, heads=2)
    assert size(ours) == size(other.model)
    assert same_loss(ours, other, peers.MLP_LATENT)
    before = [p.clone() for p in other.model.parameters()]
    assert other(3) > 0
    assert all((p != q).any() for p, q in zip(before, other.model.parameters(), strict=True))


@needs_pythae
def test_pythae_trains_our_mlp(pictures):
    ours, other = peers.our_mlp(), peers.Pythae(pictures, CPU, "mlp")
    assert size(ours) == size(other.model)
    give_weights(ours, in_our_order(other.model), heads=2)
    assert same_loss(ours, other, peers.MLP_LATENT)
    assert other(2) > 0


@needs_pythae
@pytest.mark.slow
def test_pythae_trains_our_conv(pictures):
    ours, other = peers.our_conv().train(), peers.Pythae(pictures, CPU, "conv")
    assert size(ours) == size(other.model)
    give_weights(ours, in_our_order(other.model), heads=16)
    other.model.train()
    assert same_loss(ours, other, peers.CONV_LATENT)


def test_without_pythae_one_sentence_names_the_requirements(pictures, monkeypatch):
    monkeypatch.setitem(sys.modules, "pythae", None)
    monkeypatch.delitem(sys.modules, "pythae.models", raising=False)
    with pytest.raises(peers.MissingPeer, match=r"pip install --no-deps -r tests/benchmarks/training/requirements.txt\.$"):
        peers.Pythae(pictures, CPU)


class Line:
    """Orders that are there beforehand."""

    def __init__(self, *orders: int):
        self.orders, self.answers = list(orders), []

    def recv(self) -> int:
        if not self.orders:
            raise EOFError
        return self.orders.pop(0)

    def send(self, answer: float) -> None:
        self.answers.append(answer)


def test_a_fit_goes_on_by_the_steps_it_is_told(pictures):
    model, line = peers.our_mlp(), Line(2, 3)
    config = TrainConfig(steps=1, batch_size=50, engine="eager")
    same = vae_core.build_model(model.config)
    same.load_state_dict(model.state_dict())
    subprocesses.fitted(subprocesses.Orders(line), lambda: model, pictures, config, CPU)
    assert len(line.answers) == 2 and min(line.answers) > 0
    vae_core.fit(
        same, TrainingSplits(Split(pictures), Split(pictures[:2])), config.replace(steps=5, lr_schedule="constant", warmup=0)
    )
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), same.parameters(), strict=True))


@pytest.mark.slow
def test_a_run_apart_answers_and_its_errors_come_back(pictures):
    one_image = (peers.our_mlp, pictures[:1], TrainConfig(steps=1), CPU)
    with (
        subprocesses.Subprocess(subprocesses.called, peers.Plain, pictures, CPU) as run,
        subprocesses.Subprocess(subprocesses.fitted, *one_image) as cannot_start,
        subprocesses.Subprocess(subprocesses.called, os._exit, 3) as dies,
    ):
        assert run(2) > 0 and run(1) > 0
        with pytest.raises(RuntimeError, match="1 training images"):
            cannot_start(1)
        with pytest.raises(RuntimeError, match=r"ended with code 3\.$"):
            dies(1)


def test_ratios_compare_within_rounds():
    seconds = {"a": [1.0, 2.0, 4.0], "b": [2.0, 4.0, 8.0]}
    assert timing.ratios(seconds, "a") == {"a/b": 2.0}
    assert timing.speeds(seconds, 100) == {"a_images_per_second": 50.0, "b_images_per_second": 25.0}


def test_macs_are_those_of_the_layers():
    assert macs.forward_macs(peers.our_mlp()) == 784 * 400 + 400 * 40 + 20 * 400 + 400 * 784
    conv = build_model(ModelConfig.for_images((1, 8, 8), 2, ConvConfig(channels=(3,), hidden=(5,))))
    # 16 taps at each of 4x4 places, the two linear layers on either side, and the transposed convolution back.
    assert macs.forward_macs(conv) == 16 * 16 * 3 + 48 * 5 + 5 * 4 + 2 * 5 + 5 * 48 + 16 * 16 * 3


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in NAMES if n != "cpu-conv"]
)
def test_each_prints_one_object(name, capsys):
    if name in ("cpu-mlp", "gpu-mlp") and not peers.has_pythae():
        pytest.skip(f"pythae is not installed: {peers.REQUIREMENTS}")
    main(["--only", name, "--small", "--repeats", "1"])
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert found["bench"] == name and found["small"] is True
    assert {"figures", "ratios", "about", "device", "torch"} <= found.keys()
    assert found["about"]["data"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_without_a_gpu_one_sentence_says_so():
    with pytest.raises(SystemExit, match="no GPU here"):
        main(["--only", "gpu-celeba"])
