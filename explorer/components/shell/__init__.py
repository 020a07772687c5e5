"""The app's shell: the address of the page, its history, and presentation mode.

It copies the address, keeps one entry in the browser's history per page, and turns presentation mode on and off (key P).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from explorer.components.assets import render

FOLDER = Path(__file__).parent


def shell(query: Mapping[str, str], key: str) -> None:
    """Draws the two buttons. An address without a query is given this one."""
    render(FOLDER, "shell", urlencode(query).encode(), key)


def page_frame() -> None:
    """Adds the styles of Streamlit's own frame, and of presentation mode."""
    st.html(FOLDER / "frame.css")
