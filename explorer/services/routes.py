"""The app's own routes, beside Streamlit's: where they are, and who may ask."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import streamlit as st
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket


def routes() -> list[BaseRoute]:
    """All of them."""
    return [WebSocketRoute(decoder(), _decode)]


def decoder() -> str:
    """The path of the route that decodes, below the one that the whole app is served under."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}/decoder" if base else "/decoder"


def from_own_page(headers: Mapping[str, str]) -> bool:
    """Whether a page of this app asks, and not one of another site in the same browser."""
    origin = headers.get("origin", "")
    return urlsplit(origin).netloc == headers.get("host") or origin in st.get_option("server.corsAllowedOrigins")


async def _decode(socket: WebSocket) -> None:
    # The caches of what it needs can be made only once Streamlit runs.
    from explorer.services import decoding

    await decoding.answer(socket)
