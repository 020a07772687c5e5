"""The HTML, CSS and JavaScript of a component, for Streamlit and for self-contained files."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from explorer.components.bundle import bundle

BASE = Path(__file__).with_name("base") / "base.css"
"""Styles that all components share."""


@cache
def assets(folder: Path, name: str, export_as: str = "export default") -> tuple[str, str, str]:
    """The HTML, CSS and JavaScript of the component in `folder`, whose files are called `name`; `export_as` as in `bundle`."""
    html, css = ((folder / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("html", "css"))
    return html, BASE.read_text(encoding="utf-8") + css, bundle(folder / f"{name}.js", export_as)


def render(folder: Path, name: str, data: bytes, key: str) -> Any:
    """Puts a component on the page. Returns the state that it reported last, or None before that."""
    return _component(folder, name)(data=data, key=key, on_state_change=_ignore).state


def _ignore() -> None:
    """Streamlit requires a callback for each state value."""


@cache
def _component(folder: Path, name: str) -> Callable:
    from streamlit.components.v2 import component

    html, css, js = assets(folder, name)
    return component(folder.name, html=html, css=css, js=js)
