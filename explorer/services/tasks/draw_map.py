"""The task of drawing a map of a checkpoint's held-out codes, which is then stored for all."""

from __future__ import annotations

from pathlib import Path

from explorer.services.tasks.context import Context
from vae_core import checkpoint, projection


def draw_map(context: Context) -> None:
    """Arguments: `checkpoint` (path), `method`, `parameters`, `folder` (of the stored maps)."""
    given, tell = context.arguments, context.progress()
    held_out = checkpoint.load(Path(given["checkpoint"])).held_out
    if held_out is None:
        raise ValueError("This checkpoint carries no codes of held-out images to draw a map of.")

    def progress(share: float) -> None:
        tell(share=share, last=share == 1)

    found = projection.project(held_out.codes.numpy(), given["method"], progress=progress, **given["parameters"])
    projection.save(found, Path(given["folder"]))
