"""Configurations that the first version wrote are read as what they meant."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_core.config import (
    BernoulliConfig,
    ConfigError,
    CyclicalSchedule,
    DeterministicConfig,
    ELBOConfig,
    GaussianConfig,
    MLPConfig,
    ModelConfig,
    ReconstructionConfig,
    ResidualConfig,
)
from vae_core.config.version_1 import is_version_1, upgraded_model

NET = {"kind": "residual", "channels": [16, 32], "hidden": [256], "conv_blocks": 0, "dense_blocks": 2, "norm": "batch"}
MODEL = {
    "image": [1, 28, 28],
    "latent": 16,
    "net": NET,
    "posterior": {"kind": "gaussian"},
    "prior": {"kind": "normal"},
    "likelihood": {"kind": "bernoulli", "sigma": 0.1, "binarize": True},
    "objective": {"beta": 4.0, "schedule": {"kind": "cyclical", "share": 0.2, "cycles": 3}, "free_bits": 0.5},
}


def read(**changes) -> ModelConfig:
    return ModelConfig.from_json(upgraded_model(MODEL | changes))


def test_every_field_keeps_its_value():
    assert read() == ModelConfig.for_images(
        (1, 28, 28),
        16,
        ResidualConfig((16, 32), (256,), 0, 2),
        likelihood=BernoulliConfig(binarize=True),
        objective=ELBOConfig(4.0, CyclicalSchedule(0.2, 3), 0.5),
    )


def test_fields_that_a_kind_does_not_have_are_left_out():
    assert read(net=NET | {"kind": "mlp"}).net == MLPConfig((256,))
    assert read(likelihood={"kind": "gaussian", "sigma": 0.2, "binarize": False}).likelihood == GaussianConfig(0.2)


def test_widths_that_were_not_given_are_those_of_the_kind():
    assert read(net=NET | {"kind": "mlp", "hidden": None}).net == MLPConfig((400, 200))
    assert read(net=NET | {"hidden": None}).net.hidden == (256,)


def test_a_deterministic_code_has_no_rate_to_weigh():
    model = read(posterior={"kind": "deterministic"})
    assert model.posterior == DeterministicConfig() and model.objective == ReconstructionConfig()


def test_axes_that_were_left_out_have_their_defaults():
    assert ModelConfig.from_json(upgraded_model({"image": [3, 8, 8], "latent": 2})) == ModelConfig.for_images((3, 8, 8), 2)


def test_the_version_is_told_by_the_fields():
    assert is_version_1(MODEL) and not is_version_1(read().to_json()) and not is_version_1(None)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(MODEL)),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([1, 28, "mlp", "kind"]),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "hidden"]), inner, max_size=2),
            max_leaves=5,
        ),
    )
)
def test_anything_else_is_a_config_error(changes):
    with suppress(ConfigError):
        read(**changes)


def test_what_is_no_model_is_a_config_error():
    for data in ({}, {"image": 3, "latent": 2}, MODEL | {"net": 3}):
        with pytest.raises(ConfigError):
            upgraded_model(data)
