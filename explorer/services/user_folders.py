"""The folders of the user's own files: in the user's data folder, or in the folder that LATENT_EXPLORER_HOME names."""

from __future__ import annotations

import os
from pathlib import Path

from vae_core import files

VARIABLE = "LATENT_EXPLORER_HOME"


def home() -> Path:
    """The folder that holds all others. It may not exist yet."""
    if given := os.environ.get(VARIABLE):
        return files.expanded(given).resolve()
    return files.user_folder("data")


def jobs() -> Path:
    """The folder with one subfolder for each job."""
    return home() / "jobs"


def maps() -> Path:
    """The folder of the stored projections."""
    return home() / "maps"


def checkpoints() -> Path:
    """The folder of the user's own models."""
    return home() / "checkpoints"
