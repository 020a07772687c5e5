"""Models as programs for other machines: the browser's network program."""

from vae_core.export.graph import ExportError
from vae_core.export.program import Program, decoder_program, drawing, encoder_program

__all__ = ["ExportError", "Program", "decoder_program", "drawing", "encoder_program"]
