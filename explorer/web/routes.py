"""The routes that this app adds to those of Streamlit."""

from __future__ import annotations

import streamlit as st
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket


def routes() -> list[BaseRoute]:
    """All routes of the app."""
    return [WebSocketRoute(decoder_path(), _decode)]


def decoder_path() -> str:
    """The path of the WebSocket route that decodes, below the path that the whole app is served under."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}/decoder" if base else "/decoder"


async def _decode(socket: WebSocket) -> None:
    # Imported late: the modules behind it create Streamlit caches, which is possible only once Streamlit runs.
    from explorer.web import decoder_socket

    await decoder_socket.answer(socket)
