"""The task that computes a projection of a checkpoint's held-out codes and stores it."""

from __future__ import annotations

from pathlib import Path

from explorer.services.tasks.context import Context
from vae_core import checkpoint, projection


def compute_projection(context: Context) -> None:
    """Arguments: `checkpoint` (path), `method`, `parameters`, `folder` (of the stored projections)."""
    arguments, report = context.arguments, context.progress()
    loaded = checkpoint.load(Path(arguments["checkpoint"]))
    if loaded.held_out is None:
        raise ValueError("This checkpoint stores no codes of held-out images, so there is no map of it.")

    def progress(share: float) -> None:
        report(share=share, last=share == 1)

    vectors = loaded.model.space.vectors(loaded.held_out.codes)
    found = projection.project(vectors.numpy(), arguments["method"], progress=progress, **arguments["parameters"])
    projection.save(found, Path(arguments["folder"]))
