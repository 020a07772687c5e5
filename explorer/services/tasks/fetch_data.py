"""The task that downloads a data set. After an interruption the next attempt continues the download."""

from __future__ import annotations

from explorer.services.tasks.context import Context
from vae_core import data


def fetch_data(context: Context) -> None:
    """Arguments: `data` (name of the data set)."""
    report = context.progress()
    data.fetch(context.arguments["data"], progress=lambda what, done, total: report(what=what, done=done, total=total))
