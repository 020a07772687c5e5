"""A text stream that turns the printed progress of a library into numbers."""

from __future__ import annotations

import re

from vae_core.projection.method import Progress


class ProgressStream:
    """Calls `progress` with a share whenever the text that is written matches a pattern; the text itself is discarded.

    The first group of the pattern is the number of steps that are done. The total is `total`, or the second group if `total`
    is None.
    """

    def __init__(self, pattern: str, total: float | None, progress: Progress):
        self.pattern, self.total, self.progress = re.compile(pattern), total, progress

    def write(self, text: str) -> int:
        """Reports the progress found in the text. Returns the number of characters."""
        found = self.pattern.search(text)
        if found:
            numbers = [float(number) for number in found.groups()]
            self.progress(min(1.0, numbers[0] / (self.total or numbers[1])))
        return len(text)

    def flush(self) -> None:
        """Does nothing, because no text is kept."""
