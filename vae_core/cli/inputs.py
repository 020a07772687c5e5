"""The options that commands on a checkpoint and its images share."""

from __future__ import annotations

import argparse

from vae_core import devices, library
from vae_core.autoencoder import Autoencoder
from vae_core.cli.reporting import download_line
from vae_core.data import NAMES, Dataset, load_dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", help="a shipped checkpoint's name, or a file")
    parser.add_argument("--data", help="a data set's name, a folder or a zip; the checkpoint's own if not given")
    parser.add_argument("--device", choices=devices.NAMES, default="auto", help="the fastest there is if not given")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def load(options: argparse.Namespace) -> tuple[Autoencoder, Dataset]:
    """The model on its device, and the images, which a person's own are fitted to."""
    checkpoint = library.load(options.checkpoint)
    model = checkpoint.model.to(devices.pick(options.device))
    name = options.data or checkpoint.data.get("name")
    if not options.data and name not in NAMES:
        # A path in a file of unknown origin is not followed.
        raise ValueError(f"{options.checkpoint} was not trained on a data set known here; say with --data which images to use.")
    size = None if name in NAMES else model.config.image[1]
    return model, load_dataset(name, size=size, progress=download_line())
