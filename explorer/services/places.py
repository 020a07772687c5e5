"""Where the app keeps what is a person's own: a folder of the user's, or the one named by LATENT_EXPLORER_HOME."""

from __future__ import annotations

import os
from pathlib import Path

from vae_core import files

VARIABLE = "LATENT_EXPLORER_HOME"


def home() -> Path:
    """The folder; it need not exist yet."""
    if given := os.environ.get(VARIABLE):
        return files.expanded(given).resolve()
    return files.user_folder("data")


def jobs() -> Path:
    """A folder for each job."""
    return home() / "jobs"


def maps() -> Path:
    """Stored projections."""
    return home() / "maps"


def checkpoints() -> Path:
    """A person's own models."""
    return home() / "checkpoints"
