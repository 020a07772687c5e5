"""The command line: one small file a command, each with `HELP`, `add_arguments(parser)` and `run(options) -> exit code`.

Exit codes: 0 done, 1 an error told in one line, 2 wrong usage, 130 stopped by the user.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from importlib import import_module

from vae_core.cli.output import make_safe
from vae_core.data.pictures import ignore_warnings

COMMANDS = ("train", "evaluate", "encode", "export", "list", "fetch")
MODULES = {"list": "list_"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m vae_core",
        description="Train, measure and use autoencoders (AE, VAE, beta-VAE) on images and texts.",
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
    make_safe()
    ignore_warnings()
    options = _parser().parse_args(arguments)
    try:
        code = options.run(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read the output wanted no more of it, as `head` does; what is left is thrown away.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, RuntimeError, OSError, OverflowError) as error:
        # Every error of this package is one of these with a sentence for the user; torch's out-of-memory is a RuntimeError too.
        print(f"error: {_told(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _told(error: Exception) -> str:
    """The first line of an error, or for one of a file the path and why it cannot be used, without numbers of the system's."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        what = {
            IsADirectoryError: "is a folder where a file is wanted",
            NotADirectoryError: "lies below a file, where a folder is wanted",
            FileExistsError: "is there already as a file, where a folder is wanted",
            FileNotFoundError: "is not there",
        }
        return f"{error.filename} {what.get(type(error), f'cannot be used: {error.strerror}')}."
    lines = re.sub(r"\[(?:Errno|WinError) -?\d+\] ", "", str(error)).strip().splitlines()
    return lines[0] if lines else type(error).__name__
