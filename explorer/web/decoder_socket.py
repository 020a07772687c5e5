"""The WebSocket route that decodes for pages: for models that a page cannot run, or that are too heavy for it.

Each socket serves one model. The page sends `{"token", "model"}` and receives `{"ready": true}` or `{"error"}`. All further
messages are bytes, little-endian: a sequence number and a kind (uint32 each), followed by codes (float32, each followed by the
class that a conditional model is given, and by the details of a model with groups below the code) in a request and by the
result in a reply. Of the requests of a drag only the newest is answered; the sequence number tells the page which request a
reply belongs to.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections import deque
from contextlib import suppress

import numpy as np
from starlette.websockets import WebSocket, WebSocketDisconnect

from explorer.services import decoding, models
from explorer.web import origin, session_tokens

DRAG, IMAGES, DISTANCES = range(3)
"""Kinds of requests. DRAG: the image of the code that is dragged, superseded by a newer request of this kind. IMAGES: the
images of codes, all of which are answered. DISTANCES: the squared distances between the images of codes 1 and 2, of codes 3 and
4, and so on."""
HEADER = struct.Struct("<II")
MAX_CODES = 512
"""Largest number of codes in one request."""
MAX_WAITING = 128
"""Largest number of unanswered requests of one socket. The app's own pages stay below it."""
MAX_SOCKETS = 256
HELLO_SECONDS = 10
"""Seconds that a page has for its first message."""

_open: set[WebSocket] = set()


class RefusedError(ValueError):
    """A request that cannot be answered. The message says why."""


async def answer(socket: WebSocket) -> None:
    """Handles one connection to the route."""
    if not origin.from_own_page(socket.headers) or len(_open) >= MAX_SOCKETS:
        # Closing before accepting gives an HTTP 403.
        await socket.close()
        return
    await socket.accept()
    _open.add(socket)
    try:
        await _serve(socket)
    except WebSocketDisconnect:
        pass
    finally:
        _open.discard(socket)


async def _serve(socket: WebSocket) -> None:
    try:
        hello = await asyncio.wait_for(socket.receive_text(), HELLO_SECONDS)
        model = await asyncio.get_running_loop().run_in_executor(decoding.executor, _requested_model, hello)
    except (TimeoutError, RefusedError, KeyError) as error:
        # Starlette raises KeyError where it receives bytes instead of text.
        with suppress(RuntimeError):
            await socket.send_text(json.dumps({"error": str(error) or "The page did not say what it wants decoded."}))
            await socket.close()
        return
    await socket.send_text(json.dumps({"ready": True}))
    requests = _RequestQueue()
    reading = asyncio.create_task(_read(socket, requests))
    try:
        while (request := await requests.next()) is not None:
            await socket.send_bytes(await asyncio.get_running_loop().run_in_executor(decoding.executor, reply, model, request))
        await reading
    except RefusedError as error:
        await socket.send_text(json.dumps({"error": str(error)}))
        await socket.close()
    finally:
        reading.cancel()


async def _read(socket: WebSocket, requests: _RequestQueue) -> None:
    try:
        while True:
            requests.put(await socket.receive_bytes())
    except KeyError:
        raise RefusedError("The page sent text instead of bytes.") from None
    finally:
        requests.end()


class _RequestQueue:
    """Unanswered requests: first the newest of a drag, then all others in the order of their arrival."""

    def __init__(self) -> None:
        self.drag: bytes | None = None
        self.others: deque[bytes] = deque()
        self.ended = False
        self.available = asyncio.Event()

    def put(self, request: bytes) -> None:
        """Adds a request. Raises RefusedError where it is too short or too many wait already."""
        if len(request) < HEADER.size:
            raise RefusedError("A request for decoding was cut short.")
        if HEADER.unpack_from(request)[1] == DRAG:
            self.drag = request
        elif len(self.others) >= MAX_WAITING:
            raise RefusedError(f"The page asked for more than {MAX_WAITING} images at once.")
        else:
            self.others.append(request)
        self.available.set()

    def end(self) -> None:
        """Says that no more requests will come."""
        self.ended = True
        self.available.set()

    async def next(self) -> bytes | None:
        """Waits for the request to answer next; None once no more will come."""
        await self.available.wait()
        return None if self.ended else self.pop()

    def pop(self) -> bytes:
        """Removes and returns the request to answer next. The queue must not be empty."""
        request, self.drag = (self.drag, None) if self.drag is not None else (self.others.popleft(), None)
        if not self.others:
            self.available.clear()
        return request


def reply(model: decoding.Autoencoder, request: bytes) -> bytes:
    """The reply to a request. Raises RefusedError where the request is malformed."""
    number, kind = HEADER.unpack_from(request)
    d = decoding.row_length(model)
    length = len(request) - HEADER.size
    if kind not in (DRAG, IMAGES, DISTANCES) or length % (4 * d) or not 0 < length <= 4 * d * MAX_CODES:
        raise RefusedError(f"A request for decoding has {length} bytes of codes, of which this model's have {4 * d} each.")
    codes = np.frombuffer(request, "<f4", offset=HEADER.size).reshape(-1, d).astype(np.float32)
    if not np.isfinite(codes).all() or (kind == DISTANCES and len(codes) % 2):
        raise RefusedError("A request for decoding has codes that are not finite, or an odd number of codes for distances.")
    if not decoding.conditions_exist(model, codes):
        raise RefusedError("A request for decoding gives the model a class that it does not have.")
    try:
        if kind == DISTANCES:
            result = decoding.squared_distances(model, codes).astype("<f4", copy=False)
        else:
            result = decoding.mean_images(model, codes).astype("<f2", copy=False)
    except ValueError as error:
        raise RefusedError(f"A request for decoding cannot be answered. {error}") from None
    return HEADER.pack(number, kind) + result.tobytes()


def _requested_model(hello: str) -> decoding.Autoencoder:
    """The model that a page asks for in its first message. Raises RefusedError."""
    try:
        message = json.loads(hello)
        token, name = str(message["token"]), str(message["model"])
    except (ValueError, KeyError, TypeError):
        raise RefusedError("The page did not say what it wants decoded.") from None
    if not session_tokens.valid(token):
        raise RefusedError("This page's session has ended; reload the page.")
    if name not in {card.name for card in models.registry().cards}:
        raise RefusedError("The model that this page shows is no longer there; reload the page.")
    try:
        return decoding.model_on_device(name)
    except models.CheckpointError as error:
        raise RefusedError(str(error)) from None
