"""Download a data set into the user's cache, verified; an interrupted download goes on when the command is given again."""

from __future__ import annotations

import argparse
import json

from vae_core.cli.reporting import download_line
from vae_core.data import available, fetch

HELP = "download a data set, or see which are there"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `fetch`."""
    parser.add_argument("name", nargs="?", help="mnist, fashion_mnist, cifar10 or celeba; without it the sets are listed")
    parser.add_argument("--json", action="store_true", help="JSON on stdout")


def run(options: argparse.Namespace) -> int:
    """Downloads the data set, or lists the sets, and returns the exit code."""
    if options.name is None:
        for name, title, state, how in available():
            row = {"name": name, "title": title, "state": state, "how": how}
            print(json.dumps(row) if options.json else f"{name:<15}{state:<9}{title}. {how}")
        return 0
    path = fetch(options.name, progress=download_line())
    print(json.dumps({"name": options.name, "path": str(path)}) if options.json else path)
    return 0
