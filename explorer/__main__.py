"""The command `latent-explorer`, also `python -m explorer`: opens the app from any folder, with the settings of its own."""

from __future__ import annotations

import itertools
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from streamlit.web import cli

from explorer.services import options

APP = Path(__file__).with_name("app.py")
DESCRIPTION = """Opens Latent Explorer in the browser: drag a point through the latent space of an autoencoder and watch the
decoded image follow; compare models, see all codes on a map, try images of your own, fine-tune. It is served on this machine
alone until Ctrl-C is pressed."""
EPILOG = "Settings of Streamlit are taken too, as in `--server.headless true`; `streamlit run --help` lists them."


def main(arguments: list[str] | None = None) -> None:
    """Serves the app until it is interrupted. arguments: those of the command line unless given."""
    parser = options.command_parser("latent-explorer", DESCRIPTION, EPILOG)
    parser.add_argument("--port", type=int, help="where the app is served; the first free port from 8501 on unless given")
    given, settings = parser.parse_known_args(arguments)
    if wrong := list(_no_settings(settings)):
        parser.error(f"unrecognized arguments: {' '.join(wrong)}")
    if given.port is not None:
        settings.append(f"--server.port={given.port}")
    # An installed app does not change while it runs, so its files are not watched.
    settings_file = options.streamlit_config().read_text(encoding="utf-8")
    defaults = {"server.fileWatcherType": "none", **dict(_flattened(tomllib.loads(settings_file)))}
    # Click looks a setting up on the command line, in the environment, and last among these.
    cli.main(
        ["run", str(APP), *settings, "--", *options.as_arguments(given)],
        prog_name="latent-explorer",
        default_map={"run": {name.replace(".", "_"): value for name, value in defaults.items()}},
    )


def _no_settings(arguments: list[str]) -> Iterator[str]:
    """The arguments that are neither a setting of Streamlit (--section.name) nor the value of one."""
    for before, argument in itertools.pairwise(["", *arguments]):
        is_value = before.startswith("--") and "=" not in before and not argument.startswith("-")
        if not is_value and not (argument.startswith("--") and "." in argument):
            yield argument


def _flattened(sections: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each setting of a parsed file by its full name, as theme.light.textColor."""
    for name, value in sections.items():
        if isinstance(value, dict):
            yield from _flattened(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


if __name__ == "__main__":
    sys.exit(main())
