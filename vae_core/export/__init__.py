"""Models as programs for other machines: the browser's network program, and ONNX (in `vae_core.export.onnx`)."""

from vae_core.export.graph import ExportError
from vae_core.export.program import Program, decoder_program, drawing, encoder_program, program
from vae_core.export.trace import Input

__all__ = ["ExportError", "Input", "Program", "decoder_program", "drawing", "encoder_program", "program"]
