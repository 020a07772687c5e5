"""Options of the command line that are derived from configurations."""

from __future__ import annotations

import argparse

import pytest

from vae_core.cli.axis_options import AXES, LIKELIHOOD, NET, OBJECTIVE, add_axis, given_fields
from vae_core.config import BernoulliConfig, ConvConfig, CyclicalSchedule, ELBOConfig, LinearSchedule, ResidualConfig


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    group = parser.add_argument_group("model")
    for axis in AXES:
        add_axis(group, axis)
    return parser.parse_args(arguments)


def test_every_field_of_every_kind_has_an_option_and_none_is_set_by_itself():
    options = vars(parsed())
    assert {"net", "likelihood", "channels", "hidden", "norm", "conv_blocks", "sigma", "binarize", "beta"} <= set(options)
    assert set(options.values()) == {None}


def test_options_become_fields():
    options = parsed(
        "--net", "residual", "--channels", "4,8", "--dense-blocks", "3", "--binarize",
        "--beta", "2", "--beta-schedule", "linear", "--free-bits", "0.5",
    )  # fmt: skip
    assert ResidualConfig(**given_fields(options, NET, options.net)) == ResidualConfig((4, 8), dense_blocks=3)
    assert BernoulliConfig(**given_fields(options, LIKELIHOOD, "bernoulli")) == BernoulliConfig(binarize=True)
    assert ELBOConfig(**given_fields(options, OBJECTIVE, "elbo")) == ELBOConfig(2.0, LinearSchedule(), 0.5)


def test_a_field_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="--conv-blocks has no effect with a net of kind conv; leave it out"):
        given_fields(parsed("--conv-blocks", "1"), NET, ConvConfig.kind)
    with pytest.raises(ValueError, match="--beta-schedule has no effect with an objective of kind reconstruction"):
        given_fields(parsed("--beta-schedule", "cyclical"), OBJECTIVE, "reconstruction")


def test_a_schedule_is_given_by_its_kind():
    assert parsed("--beta-schedule", "cyclical").schedule == CyclicalSchedule()
    with pytest.raises(argparse.ArgumentError, match="beta-schedule"):
        parsed("--beta-schedule", "sudden")


def test_help_says_what_a_field_is_and_of_which_kinds(capsys):
    with pytest.raises(SystemExit):
        parsed("--help")
    said = " ".join(capsys.readouterr().out.split())
    assert "residual blocks after each halving (residual); 1 if not given" in said and "feature maps of each halving" in said
    assert "weight of the rate; the model's own if not given" in said
