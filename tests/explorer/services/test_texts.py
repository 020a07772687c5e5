"""Models of texts on pages: what is shown of them, and what they make of the user's own texts."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.services import comparisons, fine_tuning, held_out, latent_paths, models, observations, texts, uploads
from explorer.services.view import View
from vae_core import load_dataset
from vae_core.data.names import FIELD


@pytest.fixture
def card(put):
    data = load_dataset("made_up_names")
    put("m", "gru-vae", data="made_up_names", fingerprint=data.fingerprint, codes=2_000, field=FIELD)
    return models.registry().card("m")


def test_observations_are_shown_as_strings(card):
    tokens = np.array(FIELD.numbers(["anna", ""]), np.uint8)
    assert observations.shown(card, tokens) == ["anna", ""]
    assert observations.frame(card) == (1, 1, 16) and observations.characters(card) == FIELD.vocabulary
    assert observations.at_rest(card, tokens.astype(np.int64)).dtype == np.uint8
    assert observations.hits(["anna", "b"], ["anja", ""]) == ["3 of 4 letters", "0 of 0 letters"]
    assert not card.shows_images and "text" in models.explain(card)


def test_held_out_texts_are_those_of_the_data_set_or_decoded(card, put):
    found = held_out.images_for(card)
    assert found.real and found.x.shape == (2_000, 16) and "Held-out texts" in found.about
    put("gone", "gru-vae", data="names", fingerprint="f", field=FIELD)
    gone = models.registry().card("gone")
    decoded = held_out.images_for(gone)
    assert not decoded.real and decoded.x.dtype == np.uint8 and "decodes from its held-out codes stand in" in decoded.about
    assert observations.shown(gone, decoded.x) == FIELD.texts(models.load("gone").decode_held_out(slice(1000)).tolist())


def test_comparisons_are_of_strings(card):
    model, x = models.load("m").model, held_out.images_for(card).x[:2]
    assert comparisons.samples(card, 3, "prior", 1) == FIELD.texts(model.sample(3, seed=1).tolist())
    path = comparisons.interpolation(card, x[0], x[1], 5, "linear")
    assert path[0] == FIELD.texts(model.reconstruct(x).tolist())[0] and len(path) == 5
    names = {metric.name for metric in comparisons.metrics_shown(False)}
    assert "token_accuracy" in names and "mse" not in names


def test_a_path_of_texts_is_a_file_of_lines(card):
    codes = latent_paths.checked_codes(card, [[0.0, 1.0], [1.0, 0.0]])
    lines = latent_paths.text_lines(card, latent_paths.images(card, codes)).decode()
    assert lines.splitlines() == FIELD.texts(models.load("m").model.decode(codes).tolist())


def test_texts_of_the_user_are_read_in_the_letters_of_the_model(card):
    kept, refused = texts.usable(card, ["Anna", "b0b", "x" * 20])
    assert kept == ["anna"] and len(refused) == 2 and "'0'" in refused[0]
    found = texts.evaluate(card, kept)
    assert found.rebuilt == FIELD.texts(models.load("m").model.reconstruct(["anna"]).tolist())
    assert found.nearest[0] in FIELD.texts(load_dataset("made_up_names").test.x.tolist())
    assert uploads.upload_codes([card], View("", ("m",), "m")) is uploads.NO_UPLOADS


def test_a_run_is_offered_the_data_sets_of_texts(card):
    assert [name for name, _, _ in fine_tuning.data_sets(card)] == ["made_up_names", "names"]
    assert list(fine_tuning.likelihoods(card)) == [card.config.likelihood]
