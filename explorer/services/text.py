"""Text from files, on its way to the screen."""

from __future__ import annotations

import re

SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~$:-])")


def plain(text: str) -> str:
    """The text as Markdown that shows it letter for letter: a checkpoint's title is not a link, a picture or a formula."""
    return SPECIAL.sub(r"\\\1", text)
