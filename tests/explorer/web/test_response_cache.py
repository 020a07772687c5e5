"""What calls itself immutable is asked of the app once; all else each time."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from explorer.web import response_cache
from explorer.web.response_cache import ResponseCache

LASTS = {"cache-control": "public, immutable, max-age=100"}


class Stamping:
    """Puts a header on what comes from within, in place, as Starlette's own middleware does."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def stamped(message):
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-stamp", b"1"))
            await send(message)

        await self.app(scope, receive, stamped if scope["type"] == "http" else send)


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def client(asked):
    def answering(headers=None, status=200):
        def answer(request):
            asked.append(request.url.path)
            return Response(f"{len(asked)}", status, headers)

        return answer

    def streamed(request):
        asked.append(request.url.path)
        return StreamingResponse(iter(["one, ", "two"]), headers=LASTS)

    routes = [
        Route("/lasts", answering(LASTS), methods=["GET", "POST"]),
        Route("/changes", answering({"cache-control": "no-cache"})),
        Route("/silent", answering()),
        Route("/personal", answering(LASTS | {"set-cookie": "a=b"})),
        Route("/missing", answering(LASTS, 404)),
        Route("/streamed", streamed),
    ]
    with TestClient(Starlette(routes=routes, middleware=[Middleware(Stamping), Middleware(ResponseCache)])) as client:
        yield client


def test_what_lasts_is_asked_for_once(client, asked):
    first, second = client.get("/lasts"), client.get("/lasts")
    assert (first.status_code, first.text) == (second.status_code, second.text) == (200, "1")
    assert first.headers == second.headers and second.headers["x-stamp"] == "1" and asked == ["/lasts"]
    assert [client.get("/streamed").text for _ in range(2)] == ["one, two"] * 2 and asked == ["/lasts", "/streamed"]


@pytest.mark.parametrize("path", ["/changes", "/silent", "/personal", "/missing"])
def test_all_else_is_asked_for_each_time(client, asked, path):
    assert [client.get(path).text for _ in range(2)] == ["1", "2"]


@pytest.mark.parametrize(
    "other", [{"params": {"a": "1"}}, {"headers": {"range": "bytes=0-1"}}, {"headers": {"if-none-match": "x"}}]
)
def test_a_request_that_asks_for_more_goes_to_the_app(client, asked, other):
    client.get("/lasts")
    assert client.get("/lasts", **other).text == "2"


def test_other_methods_and_encodings_have_answers_of_their_own(client, asked):
    client.get("/lasts", headers={"accept-encoding": "gzip"})
    assert client.post("/lasts").text == "2"
    assert client.get("/lasts", headers={"accept-encoding": "identity"}).text == "3"
    assert client.get("/lasts", headers={"accept-encoding": "gzip"}).text == "1"


def test_memory_is_bounded(client, asked, monkeypatch):
    monkeypatch.setattr(response_cache, "MAX_BYTES", 7)
    for _ in range(2):
        client.get("/streamed")
        client.get("/lasts")
    assert asked == ["/streamed", "/lasts", "/streamed"]
