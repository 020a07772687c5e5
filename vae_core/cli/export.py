"""Write a checkpoint's decoder (or encoder) as a network program: one file of a JSON graph and weights, as browsers run it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from vae_core.checkpoint import registry
from vae_core.export import decoder_program, encoder_program
from vae_core.files import replacing, writable

HELP = "write a network program for the browser"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", help="a shipped checkpoint's name, or a file")
    parser.add_argument("--part", choices=["decoder", "encoder"], default="decoder", help="decoder if not given")
    parser.add_argument("--weights", choices=["float32", "float16"], default="float32", help="float32 if not given")
    parser.add_argument("--out", type=Path, help="NAME-PART.program if not given")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def run(options: argparse.Namespace) -> int:
    path = registry.find(options.checkpoint)
    out = options.out or Path(f"{path.stem}-{options.part}.program")
    writable(out)
    model = registry.load(path).model
    program = {"decoder": decoder_program, "encoder": encoder_program}[options.part](model, options.weights)
    with replacing(out) as temporary:
        temporary.write_bytes(program.to_bytes())
    told = {"out": str(out), "bytes": out.stat().st_size, "multiply_adds": program.macs}
    print(json.dumps(told) if options.json else f"{out}: {told['bytes']:,} bytes, {program.macs:,} multiply-adds")
    return 0
