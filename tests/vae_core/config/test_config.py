"""Configurations come back from JSON as they were, and a wrong one is one ConfigError that names the field."""

from __future__ import annotations

import dataclasses
import json
import typing

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_core.config import (
    BernoulliConfig,
    ConfigError,
    ConstantSchedule,
    ConvConfig,
    CyclicalSchedule,
    DeterministicConfig,
    ELBOConfig,
    FlatConfig,
    GaussianConfig,
    LearnedGaussianConfig,
    LikelihoodConfig,
    LinearSchedule,
    MLPConfig,
    MMDConfig,
    ModelConfig,
    NetConfig,
    ObjectiveConfig,
    PosteriorConfig,
    PriorConfig,
    RealNVPConfig,
    ReconstructionConfig,
    ResidualConfig,
    ScheduleConfig,
    StandardNormalConfig,
    TrainConfig,
    image_observation,
    training,
    unused,
)
from vae_core.config.descriptions import described


def kinds(literal):
    return st.sampled_from(typing.get_args(literal))


maps = st.lists(st.integers(1, 1024), min_size=1, max_size=2).map(tuple)
widths = st.lists(st.integers(1, 8192), min_size=1, max_size=16).map(tuple)
norms = st.sampled_from(["batch", "none"])
blocks = st.integers(0, 16)
shares = st.floats(0, 1, exclude_min=True)
sigmas = st.floats(1e-3, 10)
nets = (
    st.builds(MLPConfig, hidden=widths)
    | st.builds(ConvConfig, channels=maps, hidden=widths, norm=norms)
    | st.builds(ResidualConfig, channels=maps, hidden=widths, conv_blocks=blocks, dense_blocks=blocks, norm=norms)
)
likelihoods = (
    st.builds(BernoulliConfig, binarize=st.booleans())
    | st.builds(GaussianConfig, sigma=sigmas)
    | st.builds(LearnedGaussianConfig, sigma=sigmas)
)
schedules = (
    st.just(ConstantSchedule())
    | st.builds(LinearSchedule, share=shares)
    | st.builds(CyclicalSchedule, share=shares, cycles=st.integers(1, 1000))
)
objectives = st.builds(ELBOConfig, beta=st.floats(0, 1e4), schedule=schedules, free_bits=st.floats(0, 100))
models = st.builds(
    ModelConfig.for_images,
    image=st.tuples(st.sampled_from([1, 3]), st.integers(8, 128), st.integers(8, 128)),
    latent=st.integers(1, 1024),
    net=nets,
    likelihood=likelihoods,
    objective=objectives,
) | st.builds(
    ModelConfig.for_images,
    image=st.just((3, 64, 64)),
    latent=st.integers(1, 1024),
    net=nets,
    posterior=st.just(DeterministicConfig()),
    likelihood=likelihoods,
)
positive = st.floats(0, 1e9, exclude_min=True)
lengths = (
    st.fixed_dictionaries({"epochs": st.floats(0, 1e6, exclude_min=True)})
    | st.fixed_dictionaries({"steps": st.integers(1, 10**9)})
    | st.fixed_dictionaries({"seconds": st.floats(0, 1e7, exclude_min=True)})
)
rest = {
    "trained": kinds(training.Trained),
    "batch_size": st.integers(2, 65536),
    "lr": st.floats(0, 1, exclude_min=True),
    "lr_schedule": kinds(training.LearningRateKind),
    "warmup": st.floats(0, 1, exclude_max=True),
    "clip": positive,
    "ema": st.floats(0, 1, exclude_max=True),
    "flip": st.booleans(),
    "shift": st.integers(0, 8),
    "precision": kinds(training.Precision),
    "engine": kinds(training.EngineName),
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
        st.sampled_from(
            ["kind", "sigma", "observation", "structure", "net", "beta", "schedule", "steps", "hidden", "flip", "x"]
        ),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text(max_size=5)
            | st.just(10**400)
            | st.sampled_from(["mlp", "gaussian", "linear", "elbo"]),
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


IMAGE = {"kind": "image", "name": "image", "channels": 1, "height": 28, "width": 28}
MODEL = {"observation": {"fields": [IMAGE]}, "structure": {"kind": "flat", "latent": 2}}


def of_image(**changes):
    return MODEL | {"observation": {"fields": [IMAGE | changes]}}


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
        (NetConfig, {}, "NetConfig.kind"),
        (MLPConfig, {"kind": "conv"}, "MLPConfig.kind"),
        (NetConfig, {"kind": "mlp", "channels": [8]}, "channels"),
        (ConvConfig, {"kind": "conv", "channels": 32}, "ConvConfig.channels"),
        (ConvConfig, {"kind": "conv", "channels": [32.0]}, "ConvConfig.channels"),
        (ConvConfig, {"kind": "conv", "channels": [True]}, "ConvConfig.channels"),
        (ConvConfig, {"kind": "conv", "channels": [0]}, "ConvConfig.channels"),
        (NetConfig, {"kind": "residual", "channels": [8] * 7}, "ResidualConfig.channels"),
        (NetConfig, {"kind": "conv", "channels": []}, "ConvConfig.channels"),
        (NetConfig, {"kind": "mlp", "hidden": []}, "MLPConfig.hidden"),
        (NetConfig, {"kind": "mlp", "hidden": [8193]}, "MLPConfig.hidden"),
        (NetConfig, {"kind": "residual", "conv_blocks": True}, "ResidualConfig.conv_blocks"),
        (NetConfig, {"kind": "residual", "dense_blocks": -1}, "ResidualConfig.dense_blocks"),
        (PosteriorConfig, {"kind": "normal"}, "PosteriorConfig.kind"),
        (PriorConfig, {"kind": None}, "PriorConfig.kind"),
        (LikelihoodConfig, {"kind": 1}, "LikelihoodConfig.kind"),
        *(
            (LikelihoodConfig, {"kind": "gaussian", "sigma": sigma}, "GaussianConfig.sigma")
            for sigma in ("0.1", True, float("nan"), float("inf"), 10**400, 0)
        ),
        (LikelihoodConfig, {"kind": "bernoulli", "binarize": 1}, "BernoulliConfig.binarize"),
        (LikelihoodConfig, {"kind": "gaussian", "binarize": True}, "binarize"),
        (ScheduleConfig, {"kind": "linear", "share": 0}, "LinearSchedule.share"),
        (ScheduleConfig, {"kind": "cyclical", "cycles": 0}, "CyclicalSchedule.cycles"),
        (ScheduleConfig, {"kind": "cyclical", "cycles": 2.0}, "CyclicalSchedule.cycles"),
        (ObjectiveConfig, {"kind": "elbo", "beta": -1}, "ELBOConfig.beta"),
        (ObjectiveConfig, {"kind": "elbo", "beta": None}, "ELBOConfig.beta"),
        (ObjectiveConfig, {"kind": "elbo", "free_bits": 101}, "ELBOConfig.free_bits"),
        (ObjectiveConfig, {"kind": "elbo", "schedule": {"kind": "linear", "share": 2}}, "LinearSchedule.share"),
        (ObjectiveConfig, {"kind": "elbo", "schedule": "linear"}, "ScheduleConfig"),
        (ObjectiveConfig, {"kind": "reconstruction", "beta": 1}, "beta"),
        (ModelConfig, {"structure": {"kind": "flat", "latent": 2}}, "observation"),
        (ModelConfig, MODEL | {"observation": {"fields": []}}, "fields"),
        (ModelConfig, MODEL | {"observation": {"fields": [IMAGE, IMAGE]}}, "fields"),
        (ModelConfig, of_image(name="two words"), "fields"),
        (ModelConfig, of_image(kind="sound"), "FieldSpec.kind"),
        (ModelConfig, of_image(channels=2), "ImageField.channels"),
        (ModelConfig, of_image(height=7), "ImageField.height"),
        (ModelConfig, of_image(width=129), "ImageField.width"),
        *(
            (ModelConfig, MODEL | {"structure": {"kind": "flat", "latent": latent}}, "FlatConfig.latent")
            for latent in (0, 2.0, True, 1025)
        ),
        (ModelConfig, MODEL | {"net": {"kind": "conv", "channels": [8, 8, 8, 8]}}, "ConvConfig.channels"),
        (ModelConfig, MODEL | {"net": None}, "NetConfig"),
        (ModelConfig, MODEL | {"posterior": {"kind": "deterministic"}}, "weighs a rate"),
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
    net, objective = {"kind": "mlp", "hidden": [8, 4]}, {"kind": "elbo", "beta": 4}
    model = ModelConfig.from_json(MODEL | {"net": net, "objective": objective})
    assert model.image == (1, 28, 28) and model.net == MLPConfig(hidden=(8, 4))
    assert type(model.objective.beta) is float


def test_a_configuration_is_checked_again_when_it_is_changed_and_is_frozen():
    model = ModelConfig.for_images((1, 28, 28), 2)
    assert model.replace(structure=FlatConfig(3)).latent == 3 and model.latent == 2
    with pytest.raises(ConfigError, match=r"FlatConfig\.latent"):
        model.structure.replace(latent=-1)
    with pytest.raises(ConfigError, match=r"ResidualConfig\.channels"):
        model.replace(observation=image_observation((1, 8, 8)), net=ResidualConfig((8,) * 6))
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.net = MLPConfig()


def test_a_choice_between_kinds_has_no_instances():
    for axis in (NetConfig, PosteriorConfig, LikelihoodConfig, ObjectiveConfig):
        with pytest.raises(TypeError, match="choice between kinds"):
            axis()


def test_a_kind_that_the_package_does_not_know_is_read_and_written():
    try:

        class Wide(NetConfig, kind="wide"):
            width: int = 3
            """Width of each layer.

            It has a second paragraph.
            """

        model = ModelConfig.for_images((1, 8, 8), 2, Wide(5))
        assert ModelConfig.from_json(model.to_json()) == model and NetConfig.of("wide", width=4) == Wide(4)
        assert [(field.name, field.type, field.text) for field in described(Wide)] == [
            ("width", int, "Width of each layer. It has a second paragraph.")
        ]
    finally:
        NetConfig.kinds.pop("wide", None)


def test_figures_in_nats_are_told_apart_by_what_they_are_of():
    scales = [
        BernoulliConfig().scale,
        BernoulliConfig(binarize=True).scale,
        GaussianConfig().scale,
        LearnedGaussianConfig().scale,
    ]
    assert len(set(scales)) == 3 and scales[2] == scales[3]


OBJECTIVES = [
    ReconstructionConfig(),
    ELBOConfig(0.0, LinearSchedule(1.0), 0.01),
    ELBOConfig(2.0),
    MMDConfig(0.0, LinearSchedule(1.0)),
    MMDConfig(),
]


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("net", [MLPConfig((4,)), ConvConfig((2,), (4,)), ResidualConfig((2,), (4,))])
def test_every_field_of_a_kind_changes_the_loss_unless_it_is_said_to_be_unused(net, objective):
    from vae_core.batch import Batch
    from vae_core.models.build import build_model

    plain = ModelConfig.for_images((1, 8, 8), 2, net, likelihood=GaussianConfig(), objective=objective)

    def loss(model: ModelConfig) -> float:
        torch.manual_seed(0)
        built = build_model(model)
        noise = built.draw_noise(4, torch.Generator().manual_seed(1))
        terms = built.terms(Batch({"image": torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(2))}), noise)
        return built.objective(terms, built.objective.weights(0.5)).item()

    values = {"channels": (3,), "norm": "none", "conv_blocks": 2, "dense_blocks": 2, "hidden": (5,)}
    weights = {"beta": 3.0, "schedule": LinearSchedule(0.8), "free_bits": 90.0, "mmd_weight": 7.0}
    changes = {name: plain.replace(net=net.replace(**{name: values[name]})) for name in net.field_names()}
    changes |= {name: plain.replace(objective=objective.replace(**{name: weights[name]})) for name in objective.field_names()}
    changes["sigma"] = plain.replace(likelihood=GaussianConfig(0.3))
    without_effect = {name for name, changed in changes.items() if loss(changed) == loss(plain)}
    told = set(unused(plain, TrainConfig(steps=1)))
    assert without_effect == told - {"norm_statistics"}
    assert ("norm_statistics" in told) == isinstance(net, MLPConfig)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"lr_schedule": "constant"}, "warmup"),
        ({"patience": 3}, "keep"),
        ({"trained": "decoder"}, "beta"),
        ({"trained": "decoder"}, "free_bits"),
    ],
)
def test_settings_of_training_without_effect_are_named(settings, name):
    model = ModelConfig.for_images((1, 8, 8), 2)
    assert name in unused(model, TrainConfig(steps=1, **settings)) and name not in unused(model, TrainConfig(steps=1))


def test_a_learned_prior_has_a_part_in_the_rate_that_trains_with_the_decoder():
    train = TrainConfig(steps=1, trained="decoder")
    fixed, learned = (ModelConfig.for_images((1, 8, 8), 2, prior=prior) for prior in (StandardNormalConfig(), RealNVPConfig()))
    assert "beta" in unused(fixed, train) and "beta" not in unused(learned, train)


def test_a_wrong_value_says_which_field_it_is_of():
    with pytest.raises(ConfigError) as caught:
        TrainConfig(steps=1, lr=-1)
    assert caught.value.field == "TrainConfig.lr" and str(caught.value).startswith("TrainConfig.lr is")
