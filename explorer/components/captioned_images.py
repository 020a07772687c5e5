"""Large images side by side, each with a caption."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from explorer.presenters.image_files import data_uri

STYLE = """
<style>
.captioned { display: grid; grid-template-columns: repeat(auto-fit, minmax(240px, 1fr)); gap: 16px; font-size: 13px; }
.captioned figure { margin: 0; max-width: 520px; }
.captioned img { display: block; width: 100%; border-radius: 8px; image-rendering: pixelated; }
.captioned.smooth img { image-rendering: auto; }
.captioned figcaption { opacity: 0.72; margin-top: 4px; }
</style>
"""


def captioned_images(images: Sequence[tuple[np.ndarray, str]], *, smooth: bool = False) -> None:
    """Draws images (C, H, W), uint8 or float in [0, 1], with their captions."""
    figures = "".join(
        f'<figure><img src="{data_uri(image)}" alt="{escape(caption)}"><figcaption>{escape(caption)}</figcaption></figure>'
        for image, caption in images
    )
    st.html(f'{STYLE}<div class="captioned{" smooth" if smooth else ""}">{figures}</div>')
