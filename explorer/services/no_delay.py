"""Small answers leave at once.

asyncio turns Nagle's algorithm off for sockets that name TCP as their protocol. Streamlit's (`socket.socket()`) names none, so
that the second of two small writes waits for the other side to acknowledge the first, 40 ms at worst. Sixty of the files of a
page, one after the other, took 2.5 s so, and take 0.14 s.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass
class NoDelay:
    """ASGI middleware that turns it off for the connection of each request; under others than uvicorn it does nothing."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # What ASGI hands on is a method of uvicorn's connection, which holds the transport.
        transport = getattr(getattr(receive, "__self__", None), "transport", None)
        connection = transport.get_extra_info("socket") if transport else None
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await self.app(scope, receive, send)
