"""What never changes is answered from memory.

A page of Streamlit is some hundred files, each of which its server looks up, opens and reads anew for every visit, 5 ms a file.
Answers that call themselves immutable, as those do, are kept after the first visit.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 64 * 2**20
"""Of all answers together; what comes when they are full is not kept."""

Key = tuple[str, str]


@dataclass
class KeptAnswers:
    """ASGI middleware."""

    app: ASGIApp
    kept: dict[Key, tuple[Message, Message]] = field(default_factory=dict)
    size: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        if key is None:
            await self.app(scope, receive, send)
            return
        if key in self.kept:
            start, body = self.kept[key]
            # What is around this may add headers of its own.
            await send({**start, "headers": [*start["headers"]]})
            await send(body)
            return
        seen: list[Message] = []

        async def listen(message: Message) -> None:
            if _lasts(message):
                seen.append({**message, "headers": [*message["headers"]]})
            elif seen and message["type"] == "http.response.body":
                seen.append(message)
                if not message.get("more_body"):
                    self._keep(key, seen)
            await send(message)

        await self.app(scope, receive, listen)

    def _keep(self, key: Key, messages: list[Message]) -> None:
        start, *rest = messages
        body = b"".join(message.get("body", b"") for message in rest)
        if key not in self.kept and self.size + len(body) <= MOST_BYTES:
            self.size += len(body)
            self.kept[key] = (start, {"type": "http.response.body", "body": body})


def _lasts(message: Message) -> bool:
    """Whether this begins an answer that is the same for everyone, always."""
    if message["type"] != "http.response.start" or message["status"] != 200:
        return False
    headers = Headers(raw=message["headers"])
    return "immutable" in headers.get("cache-control", "") and "set-cookie" not in headers


def _key(scope: Scope) -> Key | None:
    """What the answer to a plain request depends on; None for all others."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope.get("query_string"):
        return None
    headers = Headers(scope=scope)
    if any(name in headers for name in ("range", "if-none-match", "if-modified-since")):
        return None
    return scope["path"], headers.get("accept-encoding", "")
