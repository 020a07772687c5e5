"""The command line: one small file a command, each with `HELP`, `add_arguments(parser)` and `run(options) -> exit code`.

Exit codes: 0 done, 1 an error told in one line, 2 wrong usage, 130 stopped by the user.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

COMMANDS = ("train", "evaluate", "encode", "export", "list", "fetch", "bench")
MODULES = {"list": "list_"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m vae_core",
        description="Train, measure and use autoencoders (AE, VAE, beta-VAE) on images.",
        epilog="A first try, half a minute on a laptop: python -m vae_core train --data mnist5k --model vae --latent 2 "
        "--seconds 30 --out my-vae.safetensors",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = import_module(f"vae_core.cli.{MODULES.get(name, name)}")
        sub = commands.add_parser(
            name,
            help=module.HELP,
            description=module.__doc__,
        )
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; errors of the user's making are one line on stderr."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (ValueError, RuntimeError, OSError, OverflowError) as error:
        # Every error of this package is one of these with a sentence for the user; torch's out-of-memory is a RuntimeError too.
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        print(f"error: {first}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
