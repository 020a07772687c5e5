"""Tokens hold for their session's hours, on the server that gave them, as they were given."""

from __future__ import annotations

import streamlit as st
from hypothesis import given
from hypothesis import strategies as strategies

from explorer.web import session_tokens


def test_a_sessions_token_holds_and_stays(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    first = session_tokens.session_token()
    assert session_tokens.valid(first) and session_tokens.session_token() == first
    monkeypatch.setattr(st, "session_state", {})
    assert session_tokens.session_token() != first


def test_it_is_renewed_in_time_and_ends(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    first, now = session_tokens.session_token(), session_tokens.time.time()
    monkeypatch.setattr(session_tokens.time, "time", lambda: now + 3600 * 13)
    assert session_tokens.valid(first) and session_tokens.session_token() != first
    monkeypatch.setattr(session_tokens.time, "time", lambda: now + 3600 * 25)
    assert not session_tokens.valid(first)


def test_another_servers_token_is_none(monkeypatch):
    given_by_another = session_tokens._signed("ab.99999999999")
    assert session_tokens.valid(given_by_another)
    monkeypatch.setattr(session_tokens, "_secret", b"another")
    assert not session_tokens.valid(given_by_another)


@given(strategies.text())
def test_no_text_is_a_token(text):
    assert not session_tokens.valid(text)
