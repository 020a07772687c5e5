"""What is said after `--` when the app is started: `streamlit run explorer/app.py -- --checkpoints FOLDER`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from explorer.components.latent_pad import WHERE as DECODE
from vae_core.files import expanded


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="streamlit run explorer/app.py --", description="The latent explorer.")
    parser.add_argument(
        "--checkpoints",
        metavar="FOLDER",
        type=Path,
        action="append",
        default=[],
        help="a folder of checkpoints to show beside those that ship with the project; may be given more than once",
    )
    parser.add_argument(
        "--decode",
        choices=DECODE,
        default="auto",
        help="where the pad's images are decoded: in the page, in a worker of it, or on the server. auto: in the page, in a "
        "worker where that is slow, and on the server where the page cannot or the decoder is too heavy for it",
    )
    return parser


def check() -> None:
    """Ends the program, with a sentence, where the options are not these."""
    _parser().parse_args()


def decode() -> str:
    """Where images are decoded: one of DECODE."""
    return _given().decode


def _given() -> argparse.Namespace:
    return _parser().parse_known_args(sys.argv[1:])[0]


def checkpoint_folders() -> list[Path]:
    """The folders that were named, whether they are there or not."""
    named = _given().checkpoints
    return list(dict.fromkeys(expanded(folder).resolve() for folder in named))


def command_parser(name: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """The parser of a command that takes these options beside others."""
    return argparse.ArgumentParser(
        prog=name, description=description, epilog=epilog, parents=[_parser()], conflict_handler="resolve"
    )


def as_arguments(given: argparse.Namespace) -> list[str]:
    """The command-line arguments that stand for these options."""
    return [*(f"--checkpoints={folder}" for folder in given.checkpoints), f"--decode={given.decode}"]
