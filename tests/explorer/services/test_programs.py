"""A model without a program is met in one place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

import explorer
from explorer.payloads import latent_pad
from explorer.services import models, programs
from explorer.services.view import View
from vae_core.export.operations import OPERATIONS


def test_nothing_else_asks_the_exporter():
    modules = Path(explorer.__file__).parent.rglob("*.py")
    asking = [path.name for path in modules if re.search(r"^(from|import) .*_program\b", path.read_text("utf-8"), re.MULTILINE)]
    assert asking == ["programs.py"]


def test_none_has_a_reason(put, monkeypatch):
    put("m")
    model = models.load("m").model
    assert programs.decoder(model)[1] == "" and programs.encoder(model)[0].macs > 0
    monkeypatch.delitem(OPERATIONS, "relu")
    for program in (programs.decoder, programs.small_decoder, programs.encoder):
        found, reason = program(model)
        assert found is None and "(ReLU) calls relu" in reason


def weights(program):
    return [values for name, values in program.arrays.items() if name.endswith("weight")]


def test_weights_that_float16_cannot_hold_are_exported_whole(put):
    put("m")
    model = models.load("m").model
    assert {values.itemsize for values in weights(programs.small_decoder(model)[0])} == {2}
    with torch.no_grad():
        next(model.decoder.parameters())[0, 0] = 1e6
    assert {values.itemsize for values in weights(programs.small_decoder(model)[0])} == {4}


def test_a_pad_is_decoded_by_the_server_and_the_file_says_why_not(put, monkeypatch):
    put("m")
    cards = [models.registry().card("m")]
    assert latent_pad.reasons_for_server(cards) == ""
    latent_pad._export_problem.clear(), latent_pad._data.clear()
    monkeypatch.delitem(OPERATIONS, "relu")
    reason = latent_pad.reasons_for_server(cards)
    assert "cannot run vae 2 by itself" in reason and "ReLU" in reason
    assert latent_pad._data((("m", models.file_version("m")),), False).models[0].where == "server"
    with pytest.raises(ValueError, match="calls relu"):
        latent_pad.html_page(cards, View("mnist", ("m",), "m"))
