"""What a page shows to the app's own routes, which Streamlit does not guard: a session's token, signed by this server."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

import streamlit as st

HOURS = 24
KEY = "session-token"
# Another server, and this one when it is started anew, knows none of its tokens.
_secret = secrets.token_bytes(32)


def of_session() -> str:
    """This session's token; another one in time before it ends."""
    token = st.session_state.get(KEY)
    if token is None or not valid(token, HOURS / 2):
        token = st.session_state[KEY] = _signed(f"{secrets.token_hex(8)}.{time.time() + 3600 * HOURS:.0f}")
    return token


def valid(token: str, hours: float = 0) -> bool:
    """Whether this server gave it, and it holds for so many hours more."""
    text, _, _ = token.rpartition(".")
    if not hmac.compare_digest(_signed(text).encode(), token.encode()):
        return False
    return time.time() + 3600 * hours < float(text.split(".")[1])


def _signed(text: str) -> str:
    return f"{text}.{hmac.new(_secret, text.encode(), hashlib.sha256).hexdigest()}"
