"""Finds out, from a checkpoint's description of its data, if the test images of a data set are held out from its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .dataset import Dataset

RECORD = ("name", "title", "fingerprint", "split_by")
"""Fields of a checkpoint's `data` by which a data set is known again."""
MOST_RECORDS = 32
"""Largest number of data sets in `trained_before`. Where there are so many, earlier ones may have been forgotten."""
LONGEST_RECORD = 200
"""Largest number of characters of each field of a record; longer ones are cut."""


@dataclass(frozen=True)
class Provenance:
    """The relation between a data set and the one that a model was trained on."""

    same: bool
    """True if they are the same, image for image and split for split."""
    held_out: bool
    """True if no test image is among those that the model was trained on; False where that cannot be told."""
    note: str
    """A sentence for a data set that is another one, or whose test images may have been trained on; else empty."""


def provenance(trained_on: Mapping[str, Any], data: Dataset) -> Provenance:
    """trained_on: the `data` of a checkpoint (the fields of `RECORD`, and `trained_before`, a list of such records)."""
    found = _of_one(trained_on, data)
    before = trained_on.get("trained_before", ())
    unknown = next((record for record in reversed(before) if not _of_one(record, data).held_out), None)
    if not found.held_out or (unknown is None and len(before) < MOST_RECORDS):
        return found
    earlier = f"at least {len(before)} data sets" if unknown is None else titled(unknown) or "images of unknown origin"
    last = "" if found.same else f"{_difference(trained_on, data)}. "
    told = f"The model was trained on {earlier} before; which images of {data.title} were trained on then cannot be told."
    return Provenance(found.same, False, last + told)


def trained_before(start: Mapping[str, Any], fingerprint: str) -> list[dict[str, str]]:
    """The data sets that a model was trained on before, oldest first: those of the checkpoint that it starts from.

    start: the `data` of that checkpoint. fingerprint: of the data set that the model is now trained on, which is not among
    them. Each is a dict with the fields of `RECORD` that are known. The list has the last `MOST_RECORDS` of them.
    """
    known = {name: str(start[name])[:LONGEST_RECORD] for name in RECORD if name in start}
    records = [*start.get("trained_before", ()), known]
    if len(records) <= MOST_RECORDS:
        records = [record for i, record in enumerate(records) if record not in records[i + 1 :]]
        records = [record for record in records if record.get("fingerprint") != fingerprint]
    return records[-MOST_RECORDS:]


def titled(trained_on: Mapping[str, Any]) -> str:
    """The title of a data set in a checkpoint's `data` or in a record of it; empty where there is none."""
    return trained_on.get("title") or trained_on.get("name") or ""


def _of_one(trained_on: Mapping[str, Any], data: Dataset) -> Provenance:
    """Gives the answer of `provenance` for the last data set alone."""
    if trained_on.get("fingerprint") == data.fingerprint:
        return Provenance(True, True, "")
    name, note = str(trained_on.get("name", "")), _difference(trained_on, data)
    both_own = name.startswith("own-") and data.split_by
    if both_own and trained_on.get("split_by") == data.split_by == "content" and not data.forced:
        rule = "a file's content decides whether it is held out, so no image that was trained on is"
        return Provenance(False, True, f"{note}; {rule}, unless its file was saved anew.")
    if both_own or name in ("", data.name):
        return Provenance(False, False, f"{note}; which of its images were trained on cannot be told.")
    return Provenance(False, True, f"{note}.")


def _difference(trained_on: Mapping[str, Any], data: Dataset) -> str:
    title = titled(trained_on)
    note = f"{data.title} is not the data set that the model was trained on: that is {title or 'not known'}"
    return f"{note}, with other images or another split" if title == data.title else note
