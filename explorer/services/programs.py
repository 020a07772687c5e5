"""Network programs: models in the form that a page runs by itself.

Some models have no program; only this module asks for one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from explorer.choices import DecoderLocation
from explorer.services import options
from vae_core.export import ExportError, Program, decoder_program, drawing, encoder_program
from vae_core.models.autoencoder import Autoencoder

MAX_PAGE_MACS = 60_000_000
"""Largest number of multiply-adds of a decode that a page runs itself. A heavier decoder would lag behind the pointer, so the
server decodes instead."""


def decoder(model: Autoencoder) -> tuple[Program | None, str]:
    """The decoder's program and an empty reason, or None and the reason why there is none."""
    return _exported(lambda: decoder_program(model))


def small_decoder(model: Autoencoder) -> tuple[Program | None, str]:
    """The decoder's program with float16 weights, or with float32 weights where float16 cannot represent them."""
    half, _ = _exported(lambda: decoder_program(model, "float16"))
    return (half, "") if half is not None else decoder(model)


def encoder(model: Autoencoder) -> tuple[Program | None, str]:
    """The encoder's program and an empty reason, or None and the reason why there is none."""
    return _exported(lambda: encoder_program(model))


def _exported(export: Callable[[], Program]) -> tuple[Program | None, str]:
    try:
        return export(), ""
    except ExportError as error:
        return None, str(error)


@dataclass(frozen=True)
class PageDecoder:
    """The decoder of a page for one model."""

    location: DecoderLocation
    program: bytes
    """The decoder's program; empty where the server decodes."""
    macs: int
    """Multiply-adds of one image, or 0 where they are not known."""
    sampling: Sequence[Any]
    """The distribution of an image around its mean, as in a program's header."""
    identity: str
    """A hash of the decoder's weights."""


def page_decoder(model: Autoencoder) -> PageDecoder:
    """Where and how a page decodes this model, by the model's size and the command-line option."""
    wanted = options.decode()
    program, _ = decoder(model)
    if program is None:
        return PageDecoder("server", b"", 0, drawing(model), _identity(model))
    if wanted == "server" or (wanted == "auto" and program.macs > MAX_PAGE_MACS):
        return PageDecoder("server", b"", program.macs, drawing(model), _identity(model))
    return PageDecoder(wanted, program.to_bytes(), program.macs, drawing(model), _identity(model))


def _identity(model: Autoencoder) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(model.decoder.state_dict().items()):
        digest.update(name.encode() + value.numpy().tobytes())
    return digest.hexdigest()[:16]
