"""What a component is made of, for Streamlit and for self-contained files."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from explorer.components.bundle import bundle

BASE = Path(__file__).with_name("base") / "base.css"


@cache
def assets(folder: Path, name: str) -> tuple[str, str, str]:
    """HTML, CSS and JavaScript of the component in `folder`, whose files are called `name`."""
    html, css = ((folder / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("html", "css"))
    return html, BASE.read_text(encoding="utf-8") + css, bundle(folder / f"{name}.js")
