"""Decoding for pages over a WebSocket: models that the page cannot run, or that are too heavy for it.

A socket is for one model. The page says `{"token", "model"}` and hears `{"ready": true}` or `{"error"}`; from then on messages
are bytes, little-endian: a stamp and a kind (uint32 each), then codes (float32), and in answers what was asked for instead. Of
what a hand asks for only the newest is answered; the stamp tells the page what an answer is to.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
import struct
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import streamlit as st
import torch
from starlette.websockets import WebSocket, WebSocketDisconnect
from threadpoolctl import threadpool_limits

from explorer.services import models, routes, tokens
from vae_core import devices
from vae_core.checkpoint import CheckpointError
from vae_core.models.flat import Autoencoder

HAND, REST, SQUARES = range(3)
"""Kinds of requests: the image of the code that a hand is at; of codes that no hand waits for, of which none is left out; and
the squared distances between the images of a first and a second code, of a third and a fourth, and so on."""
HEADER = struct.Struct("<II")
MOST_CODES = 512
"""In one request."""
MOST_WAITING = 128
"""Requests of one socket; more is what no page of ours asks for."""
MOST_SOCKETS = 256
HELLO_SECONDS = 10
PIECE = 64
"""Codes decoded at once."""
MOST_THREADS = 4

_open: set[WebSocket] = set()


def _use_few_threads() -> None:
    # For this thread alone, which torch's own setting is not. More would wait for each other wherever a browser, or a run,
    # has one of the cores.
    threadpool_limits(max(1, min(MOST_THREADS, (os.cpu_count() or 1) // 2)), user_api="openmp")


# One decode at a time: two at once would each take twice as long.
_decoding = ThreadPoolExecutor(1, "decoding", _use_few_threads)


class RefusedError(ValueError):
    """What a page asked for cannot be; the message says why."""


async def answer(socket: WebSocket) -> None:
    """The route."""
    if not routes.from_own_page(socket.headers) or len(_open) >= MOST_SOCKETS:
        # Before it is accepted: an HTTP 403.
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
        model = await asyncio.get_running_loop().run_in_executor(_decoding, _greeted, hello)
    except (TimeoutError, RefusedError, KeyError) as error:
        # Starlette's error for bytes where text was due is a KeyError.
        with suppress(RuntimeError):
            await socket.send_text(json.dumps({"error": str(error) or "The page did not say what it wants decoded."}))
            await socket.close()
        return
    await socket.send_text(json.dumps({"ready": True}))
    waiting = _Waiting()
    reading = asyncio.create_task(_read(socket, waiting))
    try:
        while (request := await waiting.next()) is not None:
            answered = await asyncio.get_running_loop().run_in_executor(_decoding, decoded, model, request)
            await socket.send_bytes(answered)
        await reading
    except RefusedError as error:
        await socket.send_text(json.dumps({"error": str(error)}))
        await socket.close()
    finally:
        reading.cancel()


async def _read(socket: WebSocket, waiting: _Waiting) -> None:
    try:
        while True:
            waiting.put(await socket.receive_bytes())
    except KeyError:
        raise RefusedError("The page sent text where bytes were due.") from None
    finally:
        waiting.end()


class _Waiting:
    """Requests that have not been answered: the newest of a hand before all others, these in their order."""

    def __init__(self) -> None:
        self.hand: bytes | None = None
        self.others: deque[bytes] = deque()
        self.ended = False
        self.some = asyncio.Event()

    def put(self, request: bytes) -> None:
        if len(request) < HEADER.size:
            raise RefusedError("A request for decoding was cut short.")
        if HEADER.unpack_from(request)[1] == HAND:
            self.hand = request
        elif len(self.others) >= MOST_WAITING:
            raise RefusedError(f"The page asked for more than {MOST_WAITING} images at once.")
        else:
            self.others.append(request)
        self.some.set()

    def end(self) -> None:
        self.ended = True
        self.some.set()

    async def next(self) -> bytes | None:
        """None where nobody will ask again."""
        await self.some.wait()
        return None if self.ended else self.first()

    def first(self) -> bytes:
        """The one to be answered now; there has to be one."""
        request, self.hand = (self.hand, None) if self.hand is not None else (self.others.popleft(), None)
        if not self.others:
            self.some.clear()
        return request


def decoded(model: Autoencoder, request: bytes) -> bytes:
    """The answer to a request. Raises RefusedError where it is none."""
    stamp, kind = HEADER.unpack_from(request)
    d = model.config.latent
    length = len(request) - HEADER.size
    if kind not in (HAND, REST, SQUARES) or length % (4 * d) or not 0 < length <= 4 * d * MOST_CODES:
        raise RefusedError(f"A request for decoding has {length} bytes of codes, of which this model's have {4 * d} each.")
    codes = torch.from_numpy(np.frombuffer(request, "<f4", offset=HEADER.size).reshape(-1, d).copy())
    if not bool(torch.isfinite(codes).all()) or (kind == SQUARES and len(codes) % 2):
        raise RefusedError("A request for decoding has codes that are not finite, or one without its pair.")
    of, sent = (_squares, "<f4") if kind == SQUARES else (torch.Tensor.half, "<f2")
    with torch.inference_mode():
        found = torch.cat([of(model.mean_image(piece)).cpu() for piece in codes.to(model.device).split(PIECE)])
    return HEADER.pack(stamp, kind) + found.numpy().astype(sent, copy=False).tobytes()


def _squares(images: torch.Tensor) -> torch.Tensor:
    first, second = images.unflatten(0, (-1, 2)).unbind(1)
    return (second - first).square().flatten(1).sum(1)


def _greeted(hello: str) -> Autoencoder:
    """The model that a page wants decoded, on the fastest device. Raises RefusedError."""
    try:
        said = json.loads(hello)
        token, name = str(said["token"]), str(said["model"])
    except (ValueError, KeyError, TypeError):
        raise RefusedError("The page did not say what it wants decoded.") from None
    if not tokens.valid(token):
        raise RefusedError("This page's session has ended; reload the page.")
    if name not in {card.name for card in models.shelf().cards}:
        raise RefusedError("The model that this page shows is no longer there; reload the page.")
    try:
        return _on_device(name, models.stamp(name))
    except CheckpointError as error:
        raise RefusedError(str(error)) from None


@st.cache_resource(max_entries=models.MODELS_IN_MEMORY, show_spinner=False)
def _on_device(name: str, stamp: int) -> Autoencoder:
    model, device = models.load(name).model, devices.pick()
    # In evaluation mode, as checkpoints are loaded.
    return model if device == model.device else copy.deepcopy(model).to(device)
