"""Output that any terminal takes: what its encoding does not have is written in plain characters."""

from __future__ import annotations

import codecs
import io
import sys

_PLAIN = {
    "\u2014": "-", "\u2013": "-", "\u2212": "-", "\u2010": "-", "\u2011": "-", "\u00d7": "x", "\u00b1": "+-", "\u2026": "...",
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00b7": ".", "\u2022": "*", "\u00a0": " ", "\u202f": " ",
    "\u2192": "->", "\u2016": "||", "\u03b2": "beta",
}  # fmt: skip
HANDLER = "vae_core.plain"


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAIN.get(c, "?") for c in error.object[error.start : error.end]), error.end


codecs.register_error(HANDLER, _plain)


def make_safe() -> None:
    """Lets stdout and stderr write characters that their encoding does not have, instead of raising UnicodeEncodeError."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)
