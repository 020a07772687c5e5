"""Whether a data set's test images are known to be held out from a model, by what its checkpoint says of its own data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .dataset import Dataset


@dataclass(frozen=True)
class Provenance:
    """What is known of a data set and the one that a model was trained on."""

    same: bool
    """Whether they are the same, image for image and split for split."""
    held_out: bool
    """Whether no test image is among those that the model was trained on; False where that cannot be told."""
    note: str
    """A sentence for a data set that is another one; empty for the same."""


def provenance(trained_on: Mapping[str, Any], data: Dataset) -> Provenance:
    """trained_on: the `data` of a checkpoint (name, title, fingerprint, split_by)."""
    if trained_on.get("fingerprint") == data.fingerprint:
        return Provenance(True, True, "")
    name = str(trained_on.get("name", ""))
    title = trained_on.get("title") or name or "not known"
    note = f"{data.title} is not the data set that the model was trained on: that is {title}"
    if title == data.title:
        note += ", with other images or another split"
    both_own = name.startswith("own-") and data.split_by
    if both_own and trained_on.get("split_by") == data.split_by == "content" and not data.forced:
        rule = "a file's content decides whether it is held out, so no image that was trained on is"
        return Provenance(False, True, f"{note}; {rule}, unless its file was saved anew.")
    if both_own or name in ("", data.name):
        return Provenance(False, False, f"{note}; which of its images were trained on cannot be told.")
    return Provenance(False, True, f"{note}.")
