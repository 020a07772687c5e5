"""Tokens hold for their session's hours, on the server that gave them, as they were given."""

from __future__ import annotations

import streamlit as st
from hypothesis import given
from hypothesis import strategies as strategies

from explorer.services import tokens


def test_a_sessions_token_holds_and_stays(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    first = tokens.of_session()
    assert tokens.valid(first) and tokens.of_session() == first
    monkeypatch.setattr(st, "session_state", {})
    assert tokens.of_session() != first


def test_it_is_renewed_in_time_and_ends(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    first, now = tokens.of_session(), tokens.time.time()
    monkeypatch.setattr(tokens.time, "time", lambda: now + 3600 * 13)
    assert tokens.valid(first) and tokens.of_session() != first
    monkeypatch.setattr(tokens.time, "time", lambda: now + 3600 * 25)
    assert not tokens.valid(first)


def test_another_servers_token_is_none(monkeypatch):
    given_by_another = tokens._signed("ab.99999999999")
    assert tokens.valid(given_by_another)
    monkeypatch.setattr(tokens, "_secret", b"another")
    assert not tokens.valid(given_by_another)


@given(strategies.text())
def test_no_text_is_a_token(text):
    assert not tokens.valid(text)
