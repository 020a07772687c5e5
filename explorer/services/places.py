"""Where the app keeps what is a person's own: a folder of the user's, or the one named by LATENT_EXPLORER_HOME."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from vae_core import files

VARIABLE = "LATENT_EXPLORER_HOME"
_APP = "latent-explorer"


def home() -> Path:
    """The folder; it need not exist yet."""
    if given := os.environ.get(VARIABLE):
        return files.expanded(given).resolve()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or files.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = files.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or files.home() / ".local" / "share")
    return files.expanded(base) / _APP


def jobs() -> Path:
    """A folder for each job."""
    return home() / "jobs"


def maps() -> Path:
    """Stored projections."""
    return home() / "maps"


def checkpoints() -> Path:
    """A person's own models."""
    return home() / "checkpoints"
