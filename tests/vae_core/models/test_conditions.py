"""Models that are given the class of each observation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vae_core import build_model, fit, model_config
from vae_core.batch import Batch
from vae_core.config import CategoryField, ConvConfig, MLPConfig, ModelConfig, NetConfig, ResidualConfig, TrainConfig
from vae_core.data import Split
from vae_core.metrics import evaluate, iwae_nll, per_image
from vae_core.models.autoencoder import Autoencoder
from vae_core.training import TrainingError
from vae_core.training.budget_defaults import step_seconds
from vae_core.zoo import zoo_name

CLASSES, LATENT = 3, 2
NETS = [MLPConfig(hidden=(12,)), ConvConfig((4,), (8,)), ResidualConfig((4,), (8,), conv_blocks=1, dense_blocks=1)]
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def config(net: NetConfig = NETS[0]) -> ModelConfig:
    return model_config("cvae", (1, 8, 8), LATENT, net, classes=CLASSES)


@pytest.fixture(params=NETS, ids=lambda net: net.kind)
def model(request) -> Autoencoder:
    torch.manual_seed(0)
    return build_model(config(request.param))


@pytest.fixture
def split() -> Split:
    """Images with a bright band at a place that depends on the class."""
    generator = torch.Generator().manual_seed(1)
    y = torch.arange(90) % CLASSES
    x = torch.randint(0, 60, (90, 1, 8, 8), dtype=torch.uint8, generator=generator)
    for row, k in enumerate(y.tolist()):
        x[row, :, :, 2 * k : 2 * k + 2] = 240
    return Split(x, y)


def test_codes_and_images_depend_on_the_class_and_on_no_other_observation(model, split):
    x, y = split.x[:7], split.y[:7]
    codes = model.encode(x, y)
    torch.testing.assert_close(model.encode(x, y.numpy(), batch_size=2).mean, codes.mean, **CLOSE)
    torch.testing.assert_close(model.encode(split.first(7)).mean, codes.mean)
    for row in range(3):
        alone = model.encode(x[row : row + 1], int(y[row])).mean
        torch.testing.assert_close(alone, codes.mean[row : row + 1], **CLOSE)
    assert (model.encode(x, 0).mean - model.encode(x, 1).mean).abs().max() > 1e-3
    images = model.decode(codes.mean, y)
    torch.testing.assert_close(model.decode(codes.mean, y, batch_size=3), images, **CLOSE)
    torch.testing.assert_close(model.reconstruct(split.first(7)), images, **CLOSE)
    assert (model.decode(codes.mean, 0) - model.decode(codes.mean, 2)).abs().max() > 1e-3


def test_samples_paths_and_traversals_are_of_the_class(model):
    z = torch.tensor([[0.3, -0.8]])
    wanted = model.decode(z, 1)[0]
    assert model.sample(4, condition=1).shape == (4, 1, 8, 8)
    assert not torch.allclose(model.sample(4, condition=1), model.sample(4, condition=2))
    torch.testing.assert_close(model.traverse(z, 0, [0.3, 1.0], condition=1)[0], wanted, **CLOSE)
    torch.testing.assert_close(model.interpolate(z, -z, 3, condition=1)[0], wanted, **CLOSE)


@pytest.mark.parametrize(
    "condition, said",
    [
        (None, "is given the label of each image"),
        (CLASSES, "There is no class 3; this model knows classes 0 to 2"),
        (-1, "There is no class -1"),
        ([0, 1], r"Classes have shape \(2,\)"),
        (np.zeros((4, 1), np.int64), r"Classes have shape \(4, 1\)"),
        (1.0, "give whole numbers from 0 to 2"),
        (torch.tensor([True, False, True, True]), "give whole numbers from 0 to 2"),
    ],
)
def test_wrong_classes_are_refused_in_one_sentence(split, condition, said):
    model = build_model(config())
    z = torch.zeros(4, LATENT)
    calls = [
        lambda: model.encode(split.x[:4], condition),
        lambda: model.reconstruct(split.x[:4], condition),
        lambda: model.decode(z, condition),
        lambda: model.sample(4, condition=condition),
        lambda: model.traverse(z[:1], 0, [0, 1, 2, 3], condition=condition),
        lambda: model.interpolate(z[0], z[1], 4, condition=condition),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=said) as error:
            call()
        assert "\n" not in str(error.value)


def test_a_model_without_conditions_takes_no_class(split):
    model = build_model(model_config("vae", (1, 8, 8), LATENT, NETS[0]))
    with pytest.raises(ValueError, match="is given no classes"):
        model.decode(torch.zeros(1, LATENT), 1)
    torch.testing.assert_close(model.encode(split).mean, model.encode(split.x).mean)
    assert model.capabilities.conditions == {}


def test_what_is_measured_uses_the_classes(model, split):
    assert model.capabilities.conditions == {"label": CLASSES}
    few = split.first(6)
    known = per_image(model, few, samples=2)
    alike = per_image(model, Batch(few.fields), samples=2, batch_size=4)
    torch.testing.assert_close(known.distortion, alike.distortion)
    torch.testing.assert_close(known.mean, model.encode(few.x, few.y).mean, **CLOSE)
    other = per_image(model, Split(few.x, (few.y + 1) % CLASSES), samples=2)
    assert (known.distortion - other.distortion).abs().max() > 1e-3
    bound = iwae_nll(model, few, 3)
    torch.testing.assert_close(bound, iwae_nll(model, few, 3, batch_size=2, max_decodes=4))
    assert evaluate(model, few, samples=1, iwae_samples=3)["iwae_nll"] == pytest.approx(float(bound.mean()))
    with pytest.raises(ValueError, match="is given the label"):
        evaluate(model, few.x, samples=1)


def test_after_training_a_code_is_drawn_in_each_class(split):
    torch.manual_seed(0)
    model = build_model(config(MLPConfig(hidden=(32,))))
    fit(model, split, TrainConfig(steps=150, batch_size=45, lr=2e-2))
    for k in range(CLASSES):
        image = model.decode([[0.0, 0.0]], k)[0, 0]
        band = image[:, 2 * k : 2 * k + 2]
        assert band.mean() > 0.8 and (image.sum() - band.sum()) / 48 < 0.3


def test_training_needs_the_classes(split):
    unknown = Split(split.x, split.y - 1)
    with pytest.raises(TrainingError, match="There is no class -1"):
        fit(build_model(config()), unknown, TrainConfig(steps=2))
    with pytest.raises(TrainingError, match="reads the label of each observation, which the training data do not have"):
        fit(build_model(config()), Split(split.x), TrainConfig(steps=2))


def test_a_step_can_be_timed(split):
    assert step_seconds(config(), split.x[:4], 10, torch.device("cpu")) > 0


def test_the_zoo_knows_the_row():
    assert zoo_name(config()) == "cvae" and zoo_name(model_config("vae", (1, 8, 8), LATENT)) == "vae"
    assert config().condition == CategoryField("label", CLASSES) and ModelConfig.from_json(config().to_json()) == config()
    with pytest.raises(ValueError, match="needs images with classes"):
        model_config("cvae", (1, 8, 8), LATENT)
    with pytest.raises(ValueError, match=r"CategoryField\.count is 5000; it must be from 2 to 1000 classes"):
        model_config("cvae", (1, 8, 8), LATENT, classes=5000)


def test_a_model_is_given_what_its_observations_have():
    for given, said in [(["size"], "is given 'size'"), (["image", "label"], "is given all fields"), ([], "are modelled")]:
        with pytest.raises(ValueError, match=said):
            ModelConfig.from_json(config().to_json() | {"given": given})


def test_the_json_of_earlier_models_has_no_conditions():
    earlier = model_config("vae", (1, 8, 8), LATENT)
    without = earlier.to_json()
    assert without.pop("given") == [] and ModelConfig.from_json(without) == earlier
