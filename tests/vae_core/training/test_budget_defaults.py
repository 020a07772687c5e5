"""Net and learning rate of a run without a choice follow from its budget and from how fast this machine takes steps."""

from __future__ import annotations

import pytest
import torch

from vae_core.config import ModelConfig, NetConfig, ResidualConfig, TrainConfig
from vae_core.training import budget_defaults
from vae_core.training.budget_defaults import CANDIDATES, SHORT_LR, defaults_for, step_seconds
from vae_core.zoo import model_config

NETS = [net for net, _ in CANDIDATES]
CPU = torch.device("cpu")


def model_of(net: NetConfig, image=(1, 28, 28)) -> ModelConfig:
    return model_config("vae", image, 2, net)


def budget(seconds: float) -> TrainConfig:
    return TrainConfig(seconds=seconds, batch_size=8, threads=1)


def images(n=16, image=(1, 28, 28)) -> torch.Tensor:
    return torch.zeros((n, *image), dtype=torch.uint8)


@pytest.mark.parametrize(("seconds", "expected"), [(60.0, 0), (30.0, 0), (20.0, 1), (1.6, 1), (1.4, 2), (0.01, 2)])
def test_the_largest_net_with_enough_steps_is_taken(monkeypatch, seconds, expected):
    # Steps of 0.1 and 0.01 s: 30 s are 300 steps of the largest net, 1.5 s are 150 of the second.
    taken = {NETS[0]: 0.1, NETS[1]: 0.01, NETS[2]: 0.01}
    monkeypatch.setattr(budget_defaults, "step_seconds", lambda config, x, enough, device: taken[config.net])
    assert defaults_for(budget(seconds), images(), model_of, CPU)[0] == NETS[expected]


@pytest.mark.parametrize(("seconds", "short"), [(1.0, True), (99.0, True), (101.0, False)])
def test_a_run_of_few_steps_has_a_larger_learning_rate(monkeypatch, seconds, short):
    monkeypatch.setattr(budget_defaults, "step_seconds", lambda *given: 0.1)
    asked = budget(seconds)
    _, train = defaults_for(asked, images(), model_of, CPU)
    assert train == (asked.replace(lr=SHORT_LR) if short else asked) and asked.lr < SHORT_LR


def test_a_net_that_does_not_fit_the_image_is_passed_over(monkeypatch):
    tried = []
    monkeypatch.setattr(budget_defaults, "step_seconds", lambda config, *rest: tried.append(config.net) or 1e-9)
    monkeypatch.setattr(
        budget_defaults, "CANDIDATES", ((ResidualConfig(channels=(8, 8, 8, 8)), 10), *CANDIDATES)
    )  # fmt: skip
    assert defaults_for(budget(60.0), images(), model_of, CPU)[0] == NETS[0] and tried == [NETS[0]]


def test_steps_are_timed_and_leave_torch_as_it_was(monkeypatch):
    torch.manual_seed(3)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    clock = iter(range(10**6))
    monkeypatch.setattr(budget_defaults.time, "perf_counter", lambda: float(next(clock)))
    assert defaults_for(budget(1e6), images(), model_of, CPU)[0] == NETS[0]
    assert torch.equal(torch.get_rng_state(), state) and torch.get_num_threads() == threads
    # Each reading of the clock is a second later; the first step alone is looked at where it is far too slow.
    assert step_seconds(model_of(NETS[2]), images(), 10.0, CPU) == 1.0
    before = next(clock)
    step_seconds(model_of(NETS[2]), images(), 0.01, CPU)
    assert next(clock) - before == 3
