"""The task of downloading a data set; what has come stays, and the next attempt goes on from there."""

from __future__ import annotations

from explorer.services.tasks.context import Context
from vae_core import data


def fetch_data(context: Context) -> None:
    """Arguments: `data` (name)."""
    tell = context.progress()
    data.fetch(context.arguments["data"], progress=lambda what, done, total: tell(what=what, done=done, total=total))
