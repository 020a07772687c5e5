"""The options that commands on a checkpoint and its images share."""

from __future__ import annotations

import argparse
import sys

from vae_core import devices
from vae_core.checkpoint import Checkpoint, registry
from vae_core.cli.reporting import download_line
from vae_core.config import FieldSpec
from vae_core.data import NAMES, Dataset, load_dataset
from vae_core.data.class_names import numbered_as
from vae_core.data.preparation import Preparation, usual
from vae_core.data.provenance import Provenance, provenance
from vae_core.data.refusals import folded, unused

SAMPLE = 500
"""Images by which it is told how pictures for a model are prepared."""
FRAMES = {"crop": "their central part", "fit": "all of each on a plain ground", "centre": "what is drawn, scaled and centred"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of a command on a checkpoint and its images."""
    parser.add_argument("checkpoint", help="a shipped checkpoint's name, or a file")
    parser.add_argument("--data", help="a data set's name, a folder or a zip; the checkpoint's own if not given")
    parser.add_argument("--device", choices=devices.NAMES, default="auto", help="the fastest there is if not given")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def load_checkpoint(options: argparse.Namespace) -> Checkpoint:
    """The checkpoint, its model on the device that was asked for."""
    checkpoint = registry.load(options.checkpoint)
    checkpoint.model.to(devices.pick(options.device))
    return checkpoint


def load_data(options: argparse.Namespace, checkpoint: Checkpoint) -> Dataset:
    """Images that fit the model: those that were asked for, or of the data set that it was trained on."""
    name = options.data or checkpoint.data.get("name")
    if name is None or (not options.data and name not in NAMES):
        # A path in a file of unknown origin is not followed.
        raise ValueError(f"{options.checkpoint} was not trained on a data set known here; say with --data which images to use.")
    return load_for(checkpoint, options.checkpoint, name)


def load_images(options: argparse.Namespace, checkpoint: Checkpoint) -> tuple[Dataset, Provenance]:
    """The images of `load_data`, and whether they are what the model was trained on; where they are not, stderr says so."""
    data = load_data(options, checkpoint)
    found = provenance(checkpoint.data, data)
    if found.note:
        print(found.note, file=sys.stderr)
    return data, found


def load_for(checkpoint: Checkpoint, called: str, name: str, *, training: bool = False) -> Dataset:
    """The data set of that name, or own images brought to the shape of the model, which is said on stderr.

    called: what a person calls the checkpoint. training: True where the model is to be trained on the images. Raises ValueError
    where a named set has images of another shape, or where the model is given a class that the images do not have.
    """
    data = _fitting(checkpoint, called, name)
    return numbered_as(data, checkpoint.classes, training=training) if checkpoint.model.conditions else data


def _fitting(checkpoint: Checkpoint, called: str, name: str) -> Dataset:
    wanted = checkpoint.config.modelled
    if name in NAMES:
        data = load_dataset(name, progress=download_line())
        if data.train.field != wanted:
            raise ValueError(f"{data.title} has {described(data.train.field)}; {called} takes {described(wanted)}.")
        return data
    if not checkpoint.config.observation.images:
        raise ValueError(f"{called} takes {described(wanted)}; a folder or a .zip is for models of images.")
    image = checkpoint.config.image
    how = _preparation(checkpoint)
    data = load_dataset(name, image=image, preparation=how, progress=download_line())
    tell_own(data)
    colour = "grey" if image[0] == 1 else "colour"
    frame = FRAMES["crop" if how is None else how.frame]
    print(f"The pictures of {data.title} are fitted to {called}: {image[1]}x{image[2]}, {colour}, {frame}.", file=sys.stderr)
    return data


def described(field: FieldSpec) -> str:
    """Observations of a field in words: images of 1x28x28 (channels, height, width)."""
    sides = "x".join(map(str, field.shape))
    return f"{field.noun}s of {sides} {'(channels, height, width)' if len(field.shape) == 3 else 'tokens'}"


def tell_own(data: Dataset) -> None:
    """Says on stderr how own images are split, and which files were not used, one line for each kind of reason."""
    if data.split_by:
        print(f"{data.title}: {data.about.removesuffix(f'; {unused(data.refused)}.')}", file=sys.stderr)
    for line in folded(data.refused):
        print(f"left out {line}", file=sys.stderr)


def _preparation(checkpoint: Checkpoint) -> Preparation | None:
    """The preparation of pictures for a model: that of the pictures that it was trained on.

    Files of the first version do not hold it. None stands for the central square, for a model that was trained on own images;
    for one of a named set it is found from the reconstructions of its held-out images.
    """
    if known := checkpoint.data.get("preparation"):
        return Preparation.from_json(known)
    if str(checkpoint.data.get("name", "")).startswith("own-"):
        return None
    model = checkpoint.model
    if checkpoint.held_out is not None:
        drawn = checkpoint.decode_held_out(slice(SAMPLE))
    else:
        drawn = model.sample(SAMPLE, condition=0 if model.conditions else None)
    return usual(drawn.cpu().numpy())
