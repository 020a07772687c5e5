"""Checks which site a request comes from."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import streamlit as st


def from_own_page(headers: Mapping[str, str]) -> bool:
    """True if a page of this app sent the request, rather than a page of another site that is open in the same browser."""
    origin = headers.get("origin", "")
    return urlsplit(origin).netloc == headers.get("host") or origin in st.get_option("server.corsAllowedOrigins")
