"""What is said after `--` when the app is started: `streamlit run explorer/app.py -- --checkpoints FOLDER`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


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
    return parser


def check() -> None:
    """Ends the program, with a sentence, where the options are not these."""
    _parser().parse_args()


def checkpoint_folders() -> list[Path]:
    """The folders that were named, whether they are there or not."""
    named = _parser().parse_known_args(sys.argv[1:])[0].checkpoints
    return list(dict.fromkeys(folder.expanduser().resolve() for folder in named))
