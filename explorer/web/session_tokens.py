"""Session tokens. Streamlit does not guard the app's own routes, so a page shows them a token that this server has signed."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

import streamlit as st

HOURS = 24
"""Hours that a token is valid."""
KEY = "session-token"
# A new key for each server process: tokens of another server, or of this one before a restart, are invalid.
_secret = secrets.token_bytes(32)


def session_token() -> str:
    """The token of this session. It is replaced by a new one before it expires."""
    token = st.session_state.get(KEY)
    if token is None or not valid(token, HOURS / 2):
        token = st.session_state[KEY] = _signed(f"{secrets.token_hex(8)}.{time.time() + 3600 * HOURS:.0f}")
    return token


def valid(token: str, hours: float = 0) -> bool:
    """True if this server signed the token, and it is still valid `hours` from now."""
    text, _, _ = token.rpartition(".")
    if not hmac.compare_digest(_signed(text).encode(), token.encode()):
        return False
    return time.time() + 3600 * hours < float(text.split(".")[1])


def _signed(text: str) -> str:
    return f"{text}.{hmac.new(_secret, text.encode(), hashlib.sha256).hexdigest()}"
