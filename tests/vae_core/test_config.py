"""Configurations come back from JSON as they were, and a wrong one is one ConfigError that names the field."""

from __future__ import annotations

import dataclasses
import json
import typing

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_core import config
from vae_core.config import (
    ConfigError,
    LikelihoodConfig,
    ModelConfig,
    NetConfig,
    ObjectiveConfig,
    PosteriorConfig,
    PriorConfig,
    ScheduleConfig,
    TrainConfig,
)


def kinds(literal):
    return st.sampled_from(typing.get_args(literal))


nets = st.builds(
    NetConfig,
    kind=kinds(config.NetKind),
    channels=st.lists(st.integers(1, 1024), min_size=1, max_size=2).map(tuple),
    hidden=st.lists(st.integers(1, 8192), min_size=1, max_size=16).map(tuple),
    conv_blocks=st.integers(0, 16),
    dense_blocks=st.integers(0, 16),
)
likelihoods = st.builds(LikelihoodConfig, kind=kinds(config.LikelihoodKind), sigma=st.floats(1e-3, 10)) | st.builds(
    LikelihoodConfig, kind=st.just("bernoulli"), binarize=st.booleans()
)
schedules = st.builds(
    ScheduleConfig,
    kind=kinds(config.ScheduleKind),
    share=st.floats(0, 1, exclude_min=True),
    cycles=st.integers(1, 1000),
)
objectives = st.builds(ObjectiveConfig, beta=st.floats(0, 1e4), schedule=schedules, free_bits=st.floats(0, 100))
models = st.builds(
    ModelConfig,
    image=st.tuples(st.sampled_from([1, 3]), st.integers(8, 128), st.integers(8, 128)),
    latent=st.integers(1, 1024),
    net=nets,
    posterior=st.builds(PosteriorConfig, kind=kinds(config.PosteriorKind)),
    prior=st.builds(PriorConfig, kind=kinds(config.PriorKind)),
    likelihood=likelihoods,
    objective=objectives,
)
positive = st.floats(0, 1e9, exclude_min=True)
lengths = (
    st.fixed_dictionaries({"epochs": st.floats(0, 1e6, exclude_min=True)})
    | st.fixed_dictionaries({"steps": st.integers(1, 10**9)})
    | st.fixed_dictionaries({"seconds": st.floats(0, 1e7, exclude_min=True)})
)
rest = {
    "trained": kinds(config.Trained),
    "batch_size": st.integers(2, 65536),
    "lr": st.floats(0, 1, exclude_min=True),
    "lr_schedule": kinds(config.LearningRateKind),
    "warmup": st.floats(0, 1, exclude_max=True),
    "clip": positive,
    "ema": st.floats(0, 1, exclude_max=True),
    "flip": st.booleans(),
    "shift": st.integers(0, 8),
    "precision": kinds(config.Precision),
    "engine": kinds(config.Engine),
    "seed": st.integers(0, 2**30 - 1),
}
trainings = st.tuples(lengths, st.fixed_dictionaries({}, optional=rest)).map(lambda parts: TrainConfig(**parts[0], **parts[1]))


@settings(max_examples=60, deadline=None)
@given(models | trainings)
def test_json_gives_back_an_equal_configuration(original):
    text = json.dumps(original.to_json(), allow_nan=False)
    back = type(original).from_json(json.loads(text))
    assert back == original and hash(back) == hash(original)
    assert json.dumps(back.to_json()) == text


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([NetConfig, LikelihoodConfig, ScheduleConfig, ObjectiveConfig, ModelConfig, TrainConfig]),
    st.dictionaries(
        st.sampled_from(["kind", "sigma", "image", "latent", "net", "beta", "schedule", "steps", "hidden", "flip", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
            max_leaves=5,
        ),
    ),
)
def test_any_json_is_a_configuration_or_a_config_error(kind, data):
    try:
        made = kind.from_json(data)
    except ConfigError:
        return
    assert kind.from_json(made.to_json()) == made


MODEL = {"image": [1, 28, 28], "latent": 2}


@pytest.mark.parametrize(
    ("kind", "data", "named"),
    [
        (ModelConfig, MODEL | {"latents": 2}, "latents"),
        (ModelConfig, MODEL | {"net": {"kind": "mlp", "depth": 2}}, "depth"),
        (TrainConfig, {"epochs": 1, "learning_rate": 1}, "learning_rate"),
    ],
)
def test_an_unknown_key_is_named_with_those_that_exist(kind, data, named):
    with pytest.raises(ConfigError, match=f"has no field '{named}'; its fields are"):
        kind.from_json(data)


@pytest.mark.parametrize(
    ("kind", "data", "field"),
    [
        (NetConfig, {"kind": "transformer"}, "NetConfig.kind"),
        (NetConfig, {"kind": ["mlp"]}, "NetConfig.kind"),
        (NetConfig, {"channels": 32}, "NetConfig.channels"),
        (NetConfig, {"channels": [32.0]}, "NetConfig.channels"),
        (NetConfig, {"channels": [True]}, "NetConfig.channels"),
        (NetConfig, {"channels": [0]}, "NetConfig.channels"),
        (NetConfig, {"channels": [8] * 7}, "NetConfig.channels"),
        (NetConfig, {"kind": "conv", "channels": []}, "NetConfig.channels"),
        (NetConfig, {"hidden": []}, "NetConfig.hidden"),
        (NetConfig, {"hidden": [8193]}, "NetConfig.hidden"),
        (NetConfig, {"conv_blocks": True}, "NetConfig.conv_blocks"),
        (NetConfig, {"dense_blocks": -1}, "NetConfig.dense_blocks"),
        (PosteriorConfig, {"kind": "normal"}, "PosteriorConfig.kind"),
        (PriorConfig, {"kind": None}, "PriorConfig.kind"),
        (LikelihoodConfig, {"kind": 1}, "LikelihoodConfig.kind"),
        (LikelihoodConfig, {"sigma": "0.1"}, "LikelihoodConfig.sigma"),
        (LikelihoodConfig, {"sigma": True}, "LikelihoodConfig.sigma"),
        (LikelihoodConfig, {"sigma": float("nan")}, "LikelihoodConfig.sigma"),
        (LikelihoodConfig, {"sigma": float("inf")}, "LikelihoodConfig.sigma"),
        (LikelihoodConfig, {"sigma": 10**400}, "LikelihoodConfig.sigma"),
        (LikelihoodConfig, {"sigma": 0}, "LikelihoodConfig.sigma"),
        (LikelihoodConfig, {"binarize": 1}, "LikelihoodConfig.binarize"),
        (LikelihoodConfig, {"kind": "gaussian", "binarize": True}, "LikelihoodConfig.binarize"),
        (ScheduleConfig, {"share": 0}, "ScheduleConfig.share"),
        (ScheduleConfig, {"cycles": 0}, "ScheduleConfig.cycles"),
        (ScheduleConfig, {"cycles": 2.0}, "ScheduleConfig.cycles"),
        (ObjectiveConfig, {"beta": -1}, "ObjectiveConfig.beta"),
        (ObjectiveConfig, {"beta": None}, "ObjectiveConfig.beta"),
        (ObjectiveConfig, {"free_bits": 101}, "ObjectiveConfig.free_bits"),
        (ObjectiveConfig, {"schedule": {"share": 2}}, "ScheduleConfig.share"),
        (ObjectiveConfig, {"schedule": "linear"}, "ScheduleConfig"),
        (ModelConfig, {"latent": 2}, "image"),
        (ModelConfig, {"image": [1, 28], "latent": 2}, "ModelConfig.image"),
        (ModelConfig, {"image": [2, 28, 28], "latent": 2}, "ModelConfig.image"),
        (ModelConfig, {"image": [1, 7, 28], "latent": 2}, "ModelConfig.image"),
        (ModelConfig, {"image": [1, 28, 129], "latent": 2}, "ModelConfig.image"),
        (ModelConfig, MODEL | {"latent": 0}, "ModelConfig.latent"),
        (ModelConfig, MODEL | {"latent": 2.0}, "ModelConfig.latent"),
        (ModelConfig, MODEL | {"latent": True}, "ModelConfig.latent"),
        (ModelConfig, MODEL | {"net": {"channels": [8, 8, 8, 8]}}, "NetConfig.channels"),
        (ModelConfig, MODEL | {"net": None}, "NetConfig"),
        (ModelConfig, [], "ModelConfig"),
        (TrainConfig, {}, "length"),
        (TrainConfig, {"epochs": 1, "seconds": 1}, "length"),
        (TrainConfig, {"epochs": 0}, "TrainConfig.epochs"),
        (TrainConfig, {"steps": 1.5}, "TrainConfig.steps"),
        (TrainConfig, {"steps": 1, "trained": "norms"}, "TrainConfig.trained"),
        (TrainConfig, {"steps": 1, "batch_size": 1}, "TrainConfig.batch_size"),
        (TrainConfig, {"steps": 1, "lr": 0}, "TrainConfig.lr"),
        (TrainConfig, {"steps": 1, "lr_schedule": "step"}, "TrainConfig.lr_schedule"),
        (TrainConfig, {"steps": 1, "warmup": 1}, "TrainConfig.warmup"),
        (TrainConfig, {"steps": 1, "weight_decay": -0.1}, "TrainConfig.weight_decay"),
        (TrainConfig, {"steps": 1, "clip": 0}, "TrainConfig.clip"),
        (TrainConfig, {"steps": 1, "ema": 1}, "TrainConfig.ema"),
        (TrainConfig, {"steps": 1, "flip": 0}, "TrainConfig.flip"),
        (TrainConfig, {"steps": 1, "shift": 9}, "TrainConfig.shift"),
        (TrainConfig, {"steps": 1, "precision": "float16"}, "TrainConfig.precision"),
        (TrainConfig, {"steps": 1, "engine": "jit"}, "TrainConfig.engine"),
        (TrainConfig, {"steps": 1, "validate_every": 0}, "TrainConfig.validate_every"),
        (TrainConfig, {"steps": 1, "patience": -1}, "TrainConfig.patience"),
        (TrainConfig, {"steps": 1, "save_every": -1}, "TrainConfig.save_every"),
        (TrainConfig, {"steps": 1, "seed": 2**30}, "TrainConfig.seed"),
        (TrainConfig, {"steps": 1, "threads": -1}, "TrainConfig.threads"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_its_field(kind, data, field):
    with pytest.raises(ConfigError) as error:
        kind.from_json(data)
    assert field in str(error.value)


def test_lists_objects_and_whole_numbers_become_what_the_field_is():
    model = ModelConfig.from_json(MODEL | {"net": {"kind": "mlp", "hidden": [8, 4]}, "objective": {"beta": 4}})
    assert model.image == (1, 28, 28) and model.net == NetConfig("mlp", hidden=(8, 4))
    assert type(model.objective.beta) is float


def test_a_configuration_is_checked_again_when_it_is_changed_and_is_frozen():
    model = ModelConfig((1, 28, 28), 2)
    assert model.replace(latent=3).latent == 3 and model.latent == 2
    with pytest.raises(ConfigError, match=r"ModelConfig\.latent"):
        model.replace(latent=-1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.latent = 3


def test_an_mlp_has_no_limit_of_halvings():
    channels = (8,) * 6
    assert ModelConfig((1, 8, 8), 2, NetConfig("mlp", channels)).net.channels == channels


def test_figures_in_nats_are_told_apart_by_what_they_are_of():
    scales = [
        LikelihoodConfig().scale,
        LikelihoodConfig(binarize=True).scale,
        LikelihoodConfig("gaussian").scale,
        LikelihoodConfig("gaussian-learned").scale,
    ]
    assert len(set(scales)) == 3 and scales[2] == scales[3]


@pytest.mark.parametrize("likelihood", [LikelihoodConfig(), LikelihoodConfig("gaussian"), LikelihoodConfig("gaussian-learned")])
@pytest.mark.parametrize("posterior", ["deterministic", "gaussian"])
@pytest.mark.parametrize("kind", ["mlp", "conv", "residual"])
def test_fields_that_are_said_to_be_unused_change_nothing_in_the_loss_and_others_do(kind, posterior, likelihood):
    from vae_core.batch import Batch
    from vae_core.models.flat import Autoencoder

    plain = ModelConfig(
        (1, 8, 8), 2, NetConfig(kind, (2,), (4,)), PosteriorConfig(posterior), likelihood=likelihood,
        objective=ObjectiveConfig(2.0, ScheduleConfig("linear", 1.0), 0.01),
    )  # fmt: skip

    def loss(model: ModelConfig) -> float:
        torch.manual_seed(0)
        built = Autoencoder(model)
        noise = built.draw_noise(4, torch.Generator().manual_seed(1))
        terms = built.terms(Batch({"image": torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(2))}), noise)
        return built.objective(terms, built.objective.weights(0.5)).item()

    net, objective = plain.net, plain.objective
    changes = {
        "channels": plain.replace(net=net.replace(channels=(3,))),
        "norm": plain.replace(net=net.replace(norm="none")),
        "conv_blocks": plain.replace(net=net.replace(conv_blocks=2)),
        "dense_blocks": plain.replace(net=net.replace(dense_blocks=2)),
        "hidden": plain.replace(net=net.replace(hidden=(5,))),
        "sigma": plain.replace(likelihood=likelihood.replace(sigma=0.3)),
        "beta": plain.replace(objective=objective.replace(beta=3.0)),
        "schedule": plain.replace(objective=objective.replace(schedule=ScheduleConfig())),
        "free_bits": plain.replace(objective=objective.replace(free_bits=90.0)),
    }
    without_effect = {name for name, changed in changes.items() if loss(changed) == loss(plain)}
    assert without_effect == set(plain.unused()) - {"norm_statistics"}
    assert ("norm_statistics" in plain.unused()) == (kind == "mlp")


def test_a_wrong_value_says_which_field_it_is_of():
    with pytest.raises(ConfigError) as caught:
        TrainConfig(steps=1, lr=-1)
    assert caught.value.field == "TrainConfig.lr" and str(caught.value).startswith("TrainConfig.lr is")
