"""The table of figures: what is shown of a figure, and what it is called."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vae_core import build_model
from vae_core.config import BernoulliConfig, GaussianConfig
from vae_core.data.names import FIELD
from vae_core.metrics import evaluate, table
from vae_core.metrics.table import GREY_BERNOULLI, METRICS, TERMS, decimals, labelled, metric_named, shown, title, weight_name
from vae_core.zoo import ZOO, model_config


@pytest.mark.parametrize(
    ("error", "text"),
    [(None, "125.13"), (0.0, "125.13"), (0.0099, "125.13"), (0.01, "125.1"), (0.02, "125.1"), (0.4, "125"), (3.0, "125")],
)
def test_the_last_decimal_shown_is_above_the_standard_error(error, text):
    assert shown("distortion", {"distortion": 125.1312, "distortion_se": error}) == text


def test_decimals_of_each_figure():
    values = {"n": 10_000, "rate": 7.1752, "mse": 0.032202, "ssim": 0.71486, "active_units": 2, "mig": 0.42019}
    assert [shown(name, values) for name in values] == ["10000", "7.18", "0.0322", "0.715", "2", "0.420"]
    assert shown("negative_elbo", {"negative_elbo": None}) == shown("negative_elbo", {}) == "—"
    assert shown("distortion", {"distortion": 1.23456e14}) == "1.235e+14"
    assert decimals("mse", {}) == 4 and shown("mse", {"mse": 0.0322}, 2) == "0.03"


def test_what_is_evaluated_is_in_the_table_and_in_its_range(tiny, images):
    for likelihood in (BernoulliConfig(), BernoulliConfig(binarize=True), GaussianConfig()):
        figures = evaluate(tiny(likelihood=likelihood), images, iwae_samples=2)
        assert set(figures) <= set(METRICS)
        assert all(METRICS[name].allows(value) for name, value in figures.items())


def test_grey_pixels_have_no_likelihood_to_bound():
    assert BernoulliConfig().scale == GREY_BERNOULLI
    assert title("iwae_nll", BernoulliConfig().scale) == "IWAE bound of the cross-entropy"
    assert title("iwae_nll", BernoulliConfig(binarize=True).scale) == "IWAE NLL"
    assert title("rate", GREY_BERNOULLI) == "Rate"


def test_it_can_be_read_without_torch():
    script = f"import runpy, sys; runpy.run_path({table.__file__!r}); assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True).returncode == 0


@pytest.mark.parametrize("name", ZOO)
def test_every_term_of_every_objective_of_the_zoo_is_in_the_table(name):
    field = (1, 8, 8) if ZOO[name].net is None else FIELD
    objective = build_model(model_config(name, field, 3, classes=2)).objective
    assert {"loss", *objective.terms} <= set(TERMS) and set(objective.weighted) <= set(TERMS)
    for term in map(metric_named, objective.terms):
        assert term.title and term.about and term.better in (-1, 0, 1) and term.decimals > 0


def test_a_term_is_shown_with_its_digits_and_an_unknown_one_under_its_own_name():
    assert shown("mmd", {"mmd": 0.00312}) == "0.00312" and shown("fooling", {"fooling": 0.69315}) == "0.693"
    unknown = metric_named("total_correlation")
    assert (unknown.title, unknown.unit, unknown.axis) == ("total_correlation", "", "total_correlation")
    assert shown("total_correlation", {"total_correlation": 0.00312}) == "0.00312"
    assert metric_named("rate").axis == "Rate (nats)" and metric_named("active_units").axis == "Active units"
    assert [weight_name(term) for term in ("rate", "mmd")] == ["beta", "mmd_weight"]


def test_a_figure_in_a_sentence():
    figures = {"negative_elbo": 125.1312, "mse": 0.0322, "active_units": 2}
    assert [labelled(name, figures) for name in figures] == ["negative ELBO 125.13 nats", "MSE 0.0322", "active units 2"]
