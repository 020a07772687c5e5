"""Options after `--` on the command line: `streamlit run explorer/app.py -- --checkpoints FOLDER`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from explorer.choices import DECODER_LOCATIONS, DecoderLocation
from vae_core.data.pictures import ignore_warnings
from vae_core.files import carried, expanded


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="streamlit run explorer/app.py --", description="Latent Explorer.")
    parser.add_argument(
        "--checkpoints",
        metavar="FOLDER",
        type=Path,
        action="append",
        default=[],
        help="a folder of checkpoints to show beside the shipped ones; may be repeated",
    )
    parser.add_argument(
        "--decode",
        choices=DECODER_LOCATIONS,
        default="auto",
        help="where the pad's images are decoded: in the page, in a web worker of the page, or on the server. auto: in the "
        "page; in a web worker if that is slow; on the server if the page cannot run the decoder or it is too heavy",
    )
    return parser


def start() -> None:
    """Prepares the app's process.

    Exits with a message where the options are invalid, and keeps Pillow's warnings off the terminal.
    """
    _parser().parse_args()
    ignore_warnings()


def streamlit_config() -> Path:
    """The file with Streamlit's settings for this app, in the installed package or in the repository."""
    return carried(Path(__file__).parents[1], ".streamlit") / "config.toml"


def decode() -> DecoderLocation:
    """Where images are decoded: one of DECODER_LOCATIONS."""
    return _parsed().decode


def _parsed() -> argparse.Namespace:
    return _parser().parse_known_args(sys.argv[1:])[0]


def checkpoint_folders() -> list[Path]:
    """The folders given on the command line, whether they exist or not."""
    named = _parsed().checkpoints
    return list(dict.fromkeys(expanded(folder).resolve() for folder in named))


def command_parser(name: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """The parser of a command that takes these options beside others."""
    return argparse.ArgumentParser(
        prog=name, description=description, epilog=epilog, parents=[_parser()], conflict_handler="resolve"
    )


def as_arguments(given: argparse.Namespace) -> list[str]:
    """The command-line arguments that stand for these options."""
    return [*(f"--checkpoints={folder}" for folder in given.checkpoints), f"--decode={given.decode}"]
