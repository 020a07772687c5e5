"""The app, in which the exporter does not know a layer that convolutional decoders have."""

from pathlib import Path

import streamlit as st

from explorer.web import routes
from vae_core.export.operations import OPERATIONS

OPERATIONS.pop("conv_transpose2d", None)
app = st.App(Path(__file__).parents[2] / "explorer" / "main.py", routes=routes.routes())
