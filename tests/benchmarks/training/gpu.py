"""Training on a GPU: an MLP beside pythae, seconds to a given ELBO, and images a second of a net for CelebA.

With `small` each runs on whatever device there is, at a size that says nothing of speed.
"""

from __future__ import annotations

import statistics
import time
from functools import partial
from typing import Any

import torch

from training import images, peers
from training.macs import FLOPS_OF_A_STEP, forward_macs, matmul_peak
from training.subprocesses import called, fitted
from training.timing import in_turns, ratios, speeds
from vae_core import TrainConfig, devices, fit, load_dataset
from vae_core.config import ConvConfig, ModelConfig
from vae_core.data import DataError
from vae_core.data.dataset import Split, TrainingSplits
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.recipes import GREY_NET
from vae_core.training.engines import autocast_dtype
from vae_core.training.events import Event, Validated

ELBO = 140.0
"""Negative ELBO of the test images, in nats, at which the clock stops."""
CELEBA_IMAGES, CELEBA_EPOCHS = 162_770, 5


class NoGpu(RuntimeError):
    """There is no GPU to time."""


def _device(small: bool) -> torch.device:
    device = devices.pick("auto")
    if device.type == "cpu" and not small:
        raise NoGpu("There is no GPU here; --small tries the GPU benchmarks on the CPU, at a size that says nothing of speed.")
    return device


def mlp(repeats: int, small: bool) -> dict[str, Any]:
    """784-400-20 beside pythae's trainer."""
    device = _device(small)
    steps = 3 if small else 2_000
    pictures, data = images.digits(2_000 if small else 50_000)
    config = TrainConfig(steps=1, batch_size=peers.BATCH, lr=peers.LR, engine=_engine(small))
    runs = {
        "fit": (fitted, peers.our_mlp, pictures, config, device),
        "pythae": (called, peers.Pythae, pictures, device, "mlp"),
    }
    seconds = in_turns(runs, steps, repeats)
    figures = speeds(seconds, steps * peers.BATCH)
    figures |= _of_peak(peers.our_mlp(), config, device, figures["fit_images_per_second"], small)
    about = {"data": data, "batch": peers.BATCH, "steps": steps, "repeats": repeats}
    return {"figures": figures, "ratios": ratios(seconds, "fit"), "about": about}


def elbo(repeats: int, small: bool) -> dict[str, Any]:
    """Seconds of training, validations included, until a 2-D convolutional VAE codes the test images in 140 nats.

    The process is warm: a short run of the same came before. The test images choose nothing but when the clock stops.
    """
    device = _device(small)
    try:
        data = load_dataset("mnist5k" if small else "mnist")
    except DataError:
        data = load_dataset("mnist5k")
    config = TrainConfig(steps=4 if small else 40, batch_size=256, lr=4e-3, engine="graph")
    train, test = data.train.x.to(device), data.test.x[: 100 if small else None].to(device)
    fit(_two_d(device), TrainingSplits(Split(train), Split(test[:500])), config)
    if not small:
        config = config.replace(steps=None, epochs=6)
    seconds, reached, pace = [], [], []
    for seed in range(repeats):
        begin, last, found = time.perf_counter(), [float("inf")], []

        def listen(event: Event, begin=begin, last=last, found=found) -> None:
            if isinstance(event, Validated):
                last[0] = event.loss
                if event.loss <= ELBO and not found:
                    found.append(time.perf_counter() - begin)

        run = config.replace(seed=seed)
        summary = fit(
            _two_d(device),
            TrainingSplits(Split(train), Split(test)),
            run,
            subscribers=[listen],
            should_stop=lambda f=found: bool(f),
        )
        seconds += found
        reached.append(last[0])
        pace.append(summary.steps * config.batch_size / summary.seconds)
    figures = {
        "seconds_to_140_nats": statistics.median(seconds) if len(seconds) == repeats else None,
        "last_negative_elbo": statistics.median(reached),
        "images_per_second": statistics.median(pace),
    }
    figures |= _of_peak(_two_d(device), config, device, figures["images_per_second"], small)
    return {"figures": figures, "ratios": {}, "about": {"data": data.name, "batch": config.batch_size, "repeats": repeats}}


def celeba(repeats: int, small: bool) -> dict[str, Any]:
    """Five stride-2 convolutions to 512 feature maps, a code of 256, 64x64 colour images, batch 256 (Murphy's CelebA VAE)."""
    device = _device(small)
    shape, latent = (3, 64, 64), 256
    channels = (4, 8, 8, 8, 16) if small else (32, 64, 128, 256, 512)
    batch, steps, count = (8, 2, 64) if small else (256, 160, 20_000)
    config = ModelConfig.for_images(shape, latent, ConvConfig(channels=channels))
    settings = TrainConfig(steps=1, batch_size=batch, engine=_engine(small))
    work = (fitted, partial(build_model, config), images.noise(shape, count), settings, device)
    seconds = in_turns({"fit": work}, steps, repeats)
    speed = batch * steps / statistics.median(seconds["fit"])
    figures = {"images_per_second": speed, "seconds_of_5_epochs": CELEBA_EPOCHS * CELEBA_IMAGES / speed}
    figures |= _of_peak(build_model(config), settings, device, speed, small)
    return {
        "figures": figures,
        "ratios": {},
        "about": {"data": "random pixels", "batch": batch, "steps": steps, "repeats": repeats},
    }


def _of_peak(model: Autoencoder, config: TrainConfig, device: torch.device, speed: float, small: bool) -> dict[str, Any]:
    """The share of the device's matrix products that so many images a second take, in the precision they are trained in."""
    dtype = autocast_dtype(config, device)
    macs, peak = forward_macs(model), matmul_peak(device, dtype, 256 if small else 8192)
    share = macs * FLOPS_OF_A_STEP * speed / peak
    return {
        "precision": str(dtype).split(".")[1],
        "forward_macs_an_image": macs,
        "matmul_peak_flops": peak,
        "share_of_matmul_peak": share,
    }


def _two_d(device: torch.device) -> Autoencoder:
    torch.manual_seed(0)
    return build_model(ModelConfig.for_images((1, 28, 28), 2, GREY_NET)).to(device)


def _engine(small: bool) -> str:
    return "eager" if small else "compiled-graph"
