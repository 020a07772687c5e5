"""Large pictures side by side, each with a line below it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from explorer.components.pictures import data_uri

STYLE = """
<style>
.plates { display: grid; grid-template-columns: repeat(auto-fit, minmax(240px, 1fr)); gap: 16px; font-size: 13px; }
.plates figure { margin: 0; max-width: 520px; }
.plates img { display: block; width: 100%; border-radius: 8px; image-rendering: pixelated; }
.plates.smooth img { image-rendering: auto; }
.plates figcaption { opacity: 0.72; margin-top: 4px; }
</style>
"""


def plates(given: Sequence[tuple[np.ndarray, str]], *, smooth: bool = False) -> None:
    """Draws pictures (C, H, W), uint8 or float in [0, 1], with their captions."""
    figures = "".join(
        f'<figure><img src="{data_uri(picture)}" alt="{escape(caption)}"><figcaption>{escape(caption)}</figcaption></figure>'
        for picture, caption in given
    )
    st.html(f'{STYLE}<div class="plates{" smooth" if smooth else ""}">{figures}</div>')
