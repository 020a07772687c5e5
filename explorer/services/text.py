"""Text for the screen: untrusted text, counts, widget keys and unique labels."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

from vae_core.data.untrusted import shown as printable

__all__ = ["counted", "escaped", "printable", "unique_labels", "widget_key"]

SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~$:&=-])")


def escaped(text: str) -> str:
    """Escapes text for Markdown, so that it is shown literally and never as a link, an image or a formula."""
    return SPECIAL.sub(r"\\\1", text)


def counted(count: int, thing: str) -> str:
    """A count with its noun: "1 image", "1,200 images"."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def widget_key(kind: str, *names: str) -> str:
    """A key for the widget or component that belongs to these names. Names may hold characters that keys may not."""
    return f"{kind}-{hashlib.sha256(repr(names).encode()).hexdigest()[:16]}"


def unique_labels(labels: dict[str, str]) -> dict[str, str]:
    """Labels by key, each of which stands for one key only.

    Labels that several keys share get the end of the key appended, because Streamlit tells options apart by their labels.
    """
    counts = Counter(labels.values())
    return {key: label if counts[label] == 1 else f"{label} ({key[-12:]})" for key, label in labels.items()}
