"""The command `latent-explorer`: what it hands to Streamlit."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest
from streamlit.web import cli

from explorer.__main__ import APP, main

SETTINGS = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """run(*arguments) -> the script, its arguments and the settings of Streamlit that the command would serve the app with."""
    seen = {}

    def instead(file, args=None, flag_options=None):
        settings = {name.replace("_", "."): value for name, value in flag_options.items() if value is not None}
        seen.update(script=Path(file), arguments=list(args), settings=settings)

    for name in [name for name in os.environ if name.startswith("STREAMLIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "_main_run", instead)

    def run(*arguments: str) -> dict:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        assert not ended.value.code
        return seen

    return run


def _leaves(sections: dict, prefix: str = ""):
    for name, value in sections.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def test_the_app_is_served_with_the_settings_of_the_repository(run):
    seen = run()
    assert seen["script"] == APP and seen["arguments"] == ["--decode=auto"]
    wanted = dict(_leaves(SETTINGS))
    assert wanted["server.address"] == "localhost" and wanted["theme.dark.sidebar.backgroundColor"] == "#181c22"
    for name, value in wanted.items():
        given = seen["settings"][name]
        assert (json.loads(given) if isinstance(value, list) else given) == value, name


def test_further_arguments_reach_the_app_and_streamlit(run):
    seen = run("--checkpoints", "a b", "--server.headless", "true", "--checkpoints=c", "--port", "9000", "--decode", "server")
    assert seen["arguments"] == ["--checkpoints=a b", "--checkpoints=c", "--decode=server"]
    assert seen["settings"]["server.port"] == 9000 and seen["settings"]["server.headless"] is True


def test_the_command_line_and_the_environment_outweigh_the_settings(run, monkeypatch):
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "0.0.0.0")
    assert run()["settings"]["server.address"] == "0.0.0.0"
    assert run("--server.address=127.0.0.1")["settings"]["server.address"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["folder"], "unrecognized arguments: folder"),
        (["--server.headless=true", "folder"], "unrecognized arguments: folder"),
        (["--checkpoint-folder", "x"], "unrecognized arguments: --checkpoint-folder"),
        (["--port", "http"], "argument --port: invalid int value: 'http'"),
        (["--server.nothing", "x"], "No such option"),
    ],
)
def test_wrong_arguments_are_told_in_a_sentence(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2 and said in capsys.readouterr().err


def test_help_says_what_it_does(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    out = capsys.readouterr().out
    assert not ended.value.code and "Opens Latent Explorer in the browser" in out
    assert all(option in out for option in ("--port", "--checkpoints", "--decode"))
