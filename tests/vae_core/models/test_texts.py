"""A model of texts: strings and tokens alike go in, tokens come out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from vae_core.batch import Batch
from vae_core.config import (
    CategoricalConfig,
    CategoryField,
    ConfigError,
    GRUConfig,
    MLPConfig,
    ModelConfig,
    ObservationSpec,
    TokensField,
)
from vae_core.data import load_dataset
from vae_core.data.dataset import DataError, Split
from vae_core.export import decoder_program, encoder_program
from vae_core.metrics import evaluate
from vae_core.models.build import build_model
from vae_core.zoo import ZOO, model_config, zoo_name

TEXT = TokensField("text", 6, tuple("abc"))
NET = GRUConfig(embedding=5, units=8)


def build(**axes):
    torch.manual_seed(0)
    return build_model(ModelConfig.for_field(TEXT, 2, NET, **axes)).eval()


def test_strings_tokens_and_splits_are_encoded_alike():
    model, texts = build(), ["abc", "", "cabba"]
    tokens = torch.tensor(TEXT.numbers(texts))
    wanted = model.encode(texts).mean
    strings = np.array(texts)
    for same in (tokens, tokens.to(torch.uint8), tokens.numpy(), tokens.tolist(), strings, Batch({"text": tokens})):
        torch.testing.assert_close(model.encode(same).mean, wanted)
    found = model.reconstruct(texts)
    assert found.shape == (3, 6) and found.dtype == torch.int64
    assert all(set(text) <= set("abc") for text in TEXT.texts(found.tolist()))


def test_the_distortion_is_that_of_teacher_forcing():
    model, tokens = build(), torch.tensor(TEXT.numbers(["abca"]))
    z = torch.tensor([[0.3, -1.0]])
    with model.inference():
        found = model.log_likelihood({"z": z}, Batch({"text": tokens}))
        state = torch.tanh(model.decoder.start(z))
        before, total = torch.zeros(1, 5), 0.0
        for token in [1, 2, 3, 1, 0]:
            state = model.decoder.cell(torch.cat([before, z], 1), state)
            total += float(model.decoder.out(state).double().log_softmax(1)[0, token])
            before = model.decoder.embedding(torch.tensor([token]))
    assert float(found) == pytest.approx(total, rel=1e-5)


def test_figures_of_texts_are_of_their_tokens():
    model = build()
    texts = ["abc", "cab", "", "ccccc"]
    found, made = evaluate(model, texts, samples=2), TEXT.texts(model.reconstruct(texts).tolist())
    assert found["exact_match"] == np.mean([a == b for a, b in zip(texts, made, strict=True)])
    padded = [(f"{a}.", f"{b}......") for a, b in zip(texts, made, strict=True)]
    shares = [np.mean([x == y for x, y in zip(a, b, strict=False)]) for a, b in padded]
    assert found["token_accuracy"] == pytest.approx(np.mean(shares), abs=1e-6)
    assert "mse" not in found and "ssim" not in found
    assert found["negative_elbo"] == found["distortion"] + found["rate"] and math.isfinite(found["rate"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["abd"], "'d'"),
        (["abcabc"], "6 characters; at most 5"),
        (np.zeros((2, 5), np.int64), r"takes uint8 or int64 \(N, 6\)"),
        (np.zeros((2, 6), np.float32), "takes uint8 or int64"),
        (np.full((1, 6), 4), "knows 0 to 3"),
        (np.full((1, 6), -1), "knows 0 to 3"),
        ([], "no texts"),
        ("abc", "give a list of texts"),
        ([None], "strings, or whole numbers"),
        ([[1, 2], [3]], "strings, or whole numbers"),
        ([[1, 0, 2, 0, 0, 0]], "goes on behind its end"),
        (Split(torch.zeros(1, 6, dtype=torch.uint8), tokens=TokensField("text", 6, tuple("cba"))), "other characters"),
        (load_dataset("digits").test, "reads the text"),
    ],
)
def test_wrong_texts_are_one_clear_error(given, said):
    with pytest.raises(ValueError, match=said):
        build().encode(given)


def test_a_split_has_no_text_that_goes_on_behind_its_end():
    with pytest.raises(DataError, match="0 behind the end of a text"):
        Split(torch.tensor([[1, 0, 2, 0, 0, 0]], dtype=torch.uint8), tokens=TEXT)


@pytest.mark.parametrize(
    "changes",
    [
        {"length": 1}, {"length": 65}, {"length": 6.0}, {"vocabulary": []}, {"vocabulary": ["ab"]}, {"vocabulary": ["a", "a"]},
        {"vocabulary": ["\n"]}, {"vocabulary": [""]}, {"vocabulary": "abc"}, {"vocabulary": [chr(200 + i) for i in range(251)]},
        {"characters": []},
    ],
)  # fmt: skip
def test_a_field_of_tokens_that_cannot_be_is_refused(changes):
    with pytest.raises(ConfigError):
        TokensField.from_json(TEXT.to_json() | changes)


def test_nets_and_likelihoods_of_images_are_refused_for_texts():
    with pytest.raises(ConfigError, match=r"A net of kind 'mlp' is for fields of kind 'image'.* such as 'gru'"):
        ModelConfig.for_field(TEXT, 2, MLPConfig())
    with pytest.raises(ConfigError, match=r"A net of kind 'gru' is for fields of kind 'tokens'.* such as 'residual'"):
        model_config("gru-vae", (1, 28, 28), 2)
    with pytest.raises(ConfigError, match="A VQ-VAE is a model of images, and 'text' is a text"):
        model_config("vq-vae", TEXT, 2)
    with pytest.raises(ConfigError, match="A structure of kind 'grid' is for fields of kind 'image'"):
        model_config("vq-vae", (1, 8, 8), 2).replace(
            observation=ObservationSpec((TEXT,)), net=NET, likelihood=CategoricalConfig()
        )
    with pytest.raises(ConfigError, match="A GRU-VAE has a net of kind 'gru'"):
        model_config("gru-vae", (1, 28, 28), 2, MLPConfig())
    with pytest.raises(ConfigError, match="models have one image or one text"):
        ModelConfig.for_field(CategoryField("label", 3), 2)


@pytest.mark.parametrize("name", [name for name in ZOO if name != "vq-vae"])
def test_every_model_of_the_zoo_with_vectors_can_be_of_texts(name):
    config = model_config(name, TEXT, 2, NET, classes=3)
    assert ModelConfig.from_json(config.to_json()) == config
    assert zoo_name(config) == ("gru-vae" if name == "vae" else name)
    model = build_model(config)
    drawn = model.sample(3, condition=1 if model.conditions else None)
    assert drawn.shape == (3, 6)


def test_encoder_and_decoder_run_on_a_page():
    model = build()
    assert decoder_program(model).header["outputs"].keys() == {"mean"} and encoder_program(model).macs > 0
