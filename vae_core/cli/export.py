"""Write a checkpoint's decoder (or encoder) as a network program, which browsers run, or as an ONNX file.

A network program is a graph with its weights.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from vae_core.checkpoint import registry
from vae_core.export import decoder_program, encoder_program
from vae_core.export.onnx import check_packages, onnx_model
from vae_core.files import replacing, writable

HELP = "write a network program for the browser, or an ONNX file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `export`."""
    parser.add_argument("checkpoint", help="a shipped checkpoint's name, or a file")
    parser.add_argument("--part", choices=["decoder", "encoder"], default="decoder", help="decoder if not given")
    parser.add_argument("--weights", choices=["float32", "float16"], help="float32 if not given")
    parser.add_argument("--out", type=Path, help="NAME-PART.program if not given")
    parser.add_argument("--onnx", type=Path, metavar="FILE", help="write an ONNX file instead, with weights in float32")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def run(options: argparse.Namespace) -> int:
    """Writes the program or the ONNX file and returns the exit code."""
    path = registry.find(options.checkpoint)
    out = options.onnx or options.out or Path(f"{path.stem}-{options.part}.program")
    for name in ("weights", "out"):
        if options.onnx and getattr(options, name):
            raise ValueError(f"--{name} has no effect with --onnx; leave it out.")
    if options.onnx:
        check_packages()
    writable(out)
    model = registry.load(path).model
    written: dict[str, str | int] = {"out": str(out)}
    if options.onnx:
        content = onnx_model(model, options.part)
    else:
        export = {"decoder": decoder_program, "encoder": encoder_program}[options.part]
        program = export(model, options.weights or "float32")
        content, written["multiply_adds"] = program.to_bytes(), program.macs
    with replacing(out) as temporary:
        temporary.write_bytes(content)
    written["bytes"] = out.stat().st_size
    macs = f", {written['multiply_adds']:,} multiply-adds" if "multiply_adds" in written else ""
    print(json.dumps(written) if options.json else f"{out}: {written['bytes']:,} bytes{macs}")
    return 0
