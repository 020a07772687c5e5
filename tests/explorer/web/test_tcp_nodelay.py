"""Each connection that a request comes by is told to send at once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from explorer.web.tcp_nodelay import TcpNoDelay


def run(work: Coroutine) -> Any:
    """In a thread of its own: an open browser of other tests keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def nodelay_of_a_connection(middleware: list[Middleware]) -> tuple[int, bytes]:
    """What a connection's option is when its request is answered, and the answer, of a server on a socket like Streamlit's."""
    seen: list[int] = []

    async def tell(request) -> PlainTextResponse:
        connection = request.receive.__self__.transport.get_extra_info("socket")
        seen.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        return PlainTextResponse("here")

    async def serve_one() -> bytes:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        app = Starlette(routes=[Route("/", tell)], middleware=middleware)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        running = asyncio.create_task(server.serve([listening]))
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        server.should_exit = True
        await running
        return answer

    answer = run(serve_one())
    return seen[0], answer


def test_streamlits_kind_of_socket_waits_and_with_this_it_does_not():
    assert nodelay_of_a_connection([])[0] == 0
    on, answer = nodelay_of_a_connection([Middleware(TcpNoDelay)])
    assert on != 0 and answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"here")


def test_another_server_is_left_alone():
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    run(TcpNoDelay(app)({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send))
    assert sent[0]["status"] == 204
