"""Models as programs that a page runs by itself. Some have none, so this is the only place that asks for them."""

from __future__ import annotations

from collections.abc import Callable

from vae_core.export import ExportError, Program, decoder_program, encoder_program
from vae_core.models.flat import Autoencoder


def decoder(model: Autoencoder) -> tuple[Program | None, str]:
    """The decoder's program; where there is none, None and why."""
    return _tried(lambda: decoder_program(model))


def small_decoder(model: Autoencoder) -> tuple[Program | None, str]:
    """The decoder's program with float16 weights, or with float32 ones where float16 cannot hold them."""
    half, _ = _tried(lambda: decoder_program(model, "float16"))
    return (half, "") if half is not None else decoder(model)


def encoder(model: Autoencoder) -> tuple[Program | None, str]:
    """The encoder's program; where there is none, None and why."""
    return _tried(lambda: encoder_program(model))


def _tried(make: Callable[[], Program]) -> tuple[Program | None, str]:
    try:
        return make(), ""
    except ExportError as error:
        return None, str(error)
