"""The route that decodes: who is answered, what is answered, and what is refused."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from explorer.services import decoding, models
from explorer.web import decoder_socket, routes, session_tokens
from explorer.web.decoder_socket import DISTANCES, DRAG, IMAGES
from vae_core.data.names import FIELD

ORIGIN = {"origin": "http://testserver"}
CODES = np.float32([[0.5, -1.0], [2.0, 0.25], [0.0, 0.0], [-1.5, 1.5]])


@pytest.fixture
def client(put):
    put("m")
    return TestClient(Starlette(routes=routes.routes()))


@pytest.fixture
def token():
    return session_tokens._signed("ab.99999999999")


def request(number: int, kind: int, codes: np.ndarray) -> bytes:
    return struct.pack("<II", number, kind) + codes.astype("<f4").tobytes()


def greet(socket, token: str, model: str = "m") -> dict:
    socket.send_text(json.dumps({"token": token, "model": model}))
    return json.loads(socket.receive_text())


def test_images_are_the_models(client, token):
    wanted = models.load("m").model.decode(CODES).flatten(1).numpy()
    with client.websocket_connect(routes.decoder_path(), headers=ORIGIN) as socket:
        assert greet(socket, token) == {"ready": True}
        for number, kind, rows in [(7, DRAG, slice(0, 1)), (8, IMAGES, slice(1, 4))]:
            socket.send_bytes(request(number, kind, CODES[rows]))
            answer = socket.receive_bytes()
            assert struct.unpack_from("<II", answer) == (number, kind)
            found = np.frombuffer(answer, "<f2", offset=8).reshape(-1, 64)
            np.testing.assert_allclose(found, wanted[rows], atol=5e-4)


def test_squares_are_between_pairs_of_images(client, token):
    images = models.load("m").model.decode(CODES).flatten(1).numpy()
    with client.websocket_connect(routes.decoder_path(), headers=ORIGIN) as socket:
        greet(socket, token)
        socket.send_bytes(request(1, DISTANCES, CODES))
        found = np.frombuffer(socket.receive_bytes(), "<f4", offset=8)
    np.testing.assert_allclose(found, ((images[1::2] - images[::2]) ** 2).sum(1), rtol=1e-5)


@pytest.mark.parametrize("headers", [{}, {"origin": "http://elsewhere"}, {"origin": "null"}])
def test_a_page_of_another_site_is_not_answered(client, headers):
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(routes.decoder_path(), headers=headers):
        pass


@pytest.mark.parametrize("wrong", ["", "x", "ab.99999999999", "ab.99999999999.00", "ab.1." + "0" * 64, "é.1.2"])
def test_a_session_that_is_none_is_refused(client, wrong):
    with client.websocket_connect(routes.decoder_path(), headers=ORIGIN) as socket:
        assert greet(socket, wrong) == {"error": "This page's session has ended; reload the page."}


@pytest.mark.parametrize("hello", ["", "[]", "{}", '{"token": 1}', "no"])
def test_a_page_that_says_nothing_is_refused(client, hello):
    with client.websocket_connect(routes.decoder_path(), headers=ORIGIN) as socket:
        socket.send_text(hello)
        assert "did not say" in json.loads(socket.receive_text())["error"]


def test_a_model_that_is_not_there(client, token):
    with client.websocket_connect(routes.decoder_path(), headers=ORIGIN) as socket:
        assert "no longer there" in greet(socket, token, "../m")["error"]


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"1234567",
        request(1, DRAG, np.zeros(0)),
        request(1, DRAG, np.zeros(3)),
        request(1, 9, CODES),
        request(1, DRAG, np.full(2, np.nan)),
        request(1, DISTANCES, CODES[:3]),
        request(1, IMAGES, np.zeros(2 * decoder_socket.MAX_CODES + 2)),
    ],
)
def test_a_request_that_is_none_ends_the_socket_with_a_sentence(client, token, wrong):
    with client.websocket_connect(routes.decoder_path(), headers=ORIGIN) as socket:
        greet(socket, token)
        socket.send_bytes(wrong)
        assert json.loads(socket.receive_text())["error"].startswith("A request for decoding")


def test_of_what_a_hand_asks_for_the_newest_is_answered_and_of_the_rest_all():
    requests = decoder_socket._RequestQueue()
    for number in range(6):
        requests.put(request(number, DRAG if number % 2 else IMAGES, CODES[:1]))
    assert [struct.unpack_from("<I", requests.pop())[0] for _ in range(4)] == [5, 0, 2, 4]
    assert not requests.available.is_set()


def test_what_waits_is_bounded():
    requests = decoder_socket._RequestQueue()
    for number in range(decoder_socket.MAX_WAITING):
        requests.put(request(number, IMAGES, CODES[:1]))
    with pytest.raises(decoder_socket.RefusedError, match="at once"):
        requests.put(request(0, IMAGES, CODES[:1]))


def test_the_sockets_are_bounded(client, token, monkeypatch):
    monkeypatch.setattr(decoder_socket, "MAX_SOCKETS", 1)
    with client.websocket_connect(routes.decoder_path(), headers=ORIGIN) as socket:
        greet(socket, token)
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(routes.decoder_path(), headers=ORIGIN):
            pass
    assert not decoder_socket._open


def test_a_conditional_model_is_given_the_class_at_the_end_of_each_code(put, client, token):
    put("c", "cvae")
    model, classes = models.load("c").model, np.array([0, 2, 1, 1])
    rows = np.concatenate([CODES, classes[:, None]], 1)
    images = model.decode(CODES, classes).flatten(1).numpy()
    with client.websocket_connect(routes.decoder_path(), headers=ORIGIN) as socket:
        greet(socket, token, "c")
        socket.send_bytes(request(1, IMAGES, rows))
        found = np.frombuffer(socket.receive_bytes(), "<f2", offset=8).reshape(-1, 64)
        np.testing.assert_allclose(found, images, atol=5e-4)
        socket.send_bytes(request(2, DISTANCES, rows))
        found = np.frombuffer(socket.receive_bytes(), "<f4", offset=8)
        np.testing.assert_allclose(found, ((images[1::2] - images[::2]) ** 2).sum(1), rtol=1e-4)


@pytest.mark.parametrize("wrong", [3, -1, 0.5])
def test_a_class_that_a_model_does_not_have_is_refused(put, client, token, wrong):
    put("c", "cvae")
    with client.websocket_connect(routes.decoder_path(), headers=ORIGIN) as socket:
        greet(socket, token, "c")
        socket.send_bytes(request(1, IMAGES, np.float32([[0, 0, wrong]])))
        assert "a class that it does not have" in json.loads(socket.receive_text())["error"]


def test_texts_are_sent_as_their_tokens(put):
    put("m", "gru-vae", data="made_up_names", field=FIELD)
    model, codes = decoding.model_on_device("m"), np.array([[0.5, -1.0], [2.0, 1.0]], "<f4")
    answer = decoder_socket.reply(model, decoder_socket.HEADER.pack(7, decoder_socket.IMAGES) + codes.tobytes())
    tokens = np.frombuffer(answer, "<f2", offset=decoder_socket.HEADER.size).reshape(2, 16)
    np.testing.assert_array_equal(tokens, model.decode(codes).numpy())


def test_whole_numbers_of_a_codebook_are_decoded_and_other_values_refused(put, client, token):
    put("q", "vq-vae")
    model = models.load("q").model
    codes = np.random.default_rng(0).integers(0, 128, (4, *model.config.structure.code_shape))
    images = model.decode(codes).flatten(1).numpy()
    with client.websocket_connect(routes.decoder_path(), headers=ORIGIN) as socket:
        greet(socket, token, "q")
        socket.send_bytes(request(1, IMAGES, codes))
        found = np.frombuffer(socket.receive_bytes(), "<f2", offset=8).reshape(-1, 64)
        np.testing.assert_allclose(found, images, atol=5e-4)
        socket.send_bytes(request(2, DISTANCES, codes))
        found = np.frombuffer(socket.receive_bytes(), "<f4", offset=8)
        np.testing.assert_allclose(found, ((images[1::2] - images[::2]) ** 2).sum(1), rtol=1e-4)
        socket.send_bytes(request(3, IMAGES, codes + 0.5))
        assert "whole numbers from 0 to 127" in json.loads(socket.receive_text())["error"]
