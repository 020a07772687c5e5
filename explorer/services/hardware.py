"""The hardware that this computer trains on."""

from __future__ import annotations

import os

import streamlit as st

from vae_core import devices


@st.cache_resource(show_spinner=False)
def description() -> str:
    """A short description of the fastest device."""
    device = devices.pick()
    if device.type != "cpu":
        return devices.described(device)
    return f"CPU, {threads()} of {os.cpu_count() or 1} threads; no CUDA or MPS device was found"


def threads() -> int:
    """Number of CPU threads of a training run. One thread is left for the browser."""
    return max(1, (os.cpu_count() or 2) - 1)
