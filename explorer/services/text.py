"""Text from files, on its way to the screen."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~$:&=-])")


def plain(text: str) -> str:
    """The text as Markdown that shows it letter for letter: a checkpoint's title is not a link, a picture or a formula."""
    return SPECIAL.sub(r"\\\1", text)


def counted(count: int, thing: str) -> str:
    """A number of things: "1 image", "1,200 images"."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def key_of(kind: str, *names: str) -> str:
    """The key of a widget or component of one kind that belongs to these names, which may hold what a key may not."""
    return f"{kind}-{hashlib.sha256(repr(names).encode()).hexdigest()[:16]}"


def distinct(labels: dict[str, str]) -> dict[str, str]:
    """Labels by key, those that several keys share with the end of the key: Streamlit tells choices apart by their labels."""
    counts = Counter(labels.values())
    return {key: label if counts[label] == 1 else f"{label} ({key[-12:]})" for key, label in labels.items()}
