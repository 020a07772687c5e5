"""An in-memory cache of responses that never change.

A Streamlit page consists of about a hundred files. Streamlit's server looks up, opens and reads each of them again for every
visit, which takes 5 ms per file. Responses that are marked as immutable, as these are, are kept after the first visit.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BYTES = 64 * 2**20
"""Size of all cached bodies together. A response that does not fit any more is not cached."""

Key = tuple[str, str]


@dataclass
class ResponseCache:
    """ASGI middleware that answers repeated requests for immutable responses from memory."""

    app: ASGIApp
    cached: dict[Key, tuple[Message, Message]] = field(default_factory=dict)
    size: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request or connection, as ASGI defines it."""
        key = _key(scope)
        if key is None:
            await self.app(scope, receive, send)
            return
        if key in self.cached:
            start, body = self.cached[key]
            # The headers are copied because outer middleware may append to them.
            await send({**start, "headers": [*start["headers"]]})
            await send(body)
            return
        seen: list[Message] = []

        async def record(message: Message) -> None:
            if _is_immutable(message):
                seen.append({**message, "headers": [*message["headers"]]})
            elif seen and message["type"] == "http.response.body":
                seen.append(message)
                if not message.get("more_body"):
                    self._store(key, seen)
            await send(message)

        await self.app(scope, receive, record)

    def _store(self, key: Key, messages: list[Message]) -> None:
        start, *rest = messages
        body = b"".join(message.get("body", b"") for message in rest)
        if key not in self.cached and self.size + len(body) <= MAX_BYTES:
            self.size += len(body)
            self.cached[key] = (start, {"type": "http.response.body", "body": body})


def _is_immutable(message: Message) -> bool:
    """True if the message starts a response that is the same for everyone and never changes."""
    if message["type"] != "http.response.start" or message["status"] != 200:
        return False
    headers = Headers(raw=message["headers"])
    return "immutable" in headers.get("cache-control", "") and "set-cookie" not in headers


def _key(scope: Scope) -> Key | None:
    """The path and the accepted encodings of a plain GET request; None for a request that must not be cached."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope.get("query_string"):
        return None
    headers = Headers(scope=scope)
    if any(name in headers for name in ("range", "if-none-match", "if-modified-since")):
        return None
    return scope["path"], headers.get("accept-encoding", "")
