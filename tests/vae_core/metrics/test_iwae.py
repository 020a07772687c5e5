"""The importance-weighted bound against the exact log-likelihood of a linear-Gaussian model."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vae_core.config import BernoulliConfig
from vae_core.metrics import iwae_nll, per_image


@pytest.mark.parametrize("k", [1, 7])
def test_the_exact_posterior_gives_the_exact_likelihood_with_any_number_of_samples(linear_gaussian, k):
    nll = iwae_nll(linear_gaussian.model, linear_gaussian.x, k)
    assert nll.dtype == torch.float64
    np.testing.assert_allclose(-nll, linear_gaussian.log_p, atol=1e-3)


def test_it_converges_to_the_exact_likelihood_under_another_posterior(linear_gaussian):
    linear_gaussian.set_posterior(shift=0.7, stretch=1.4)
    exact = -linear_gaussian.log_p
    nll = {k: iwae_nll(linear_gaussian.model, linear_gaussian.x, k).numpy() for k in (1, 10, 5000)}
    # exp(log w) has a relative variance below 2 here, so 5,000 samples have a standard error below 0.02 an image.
    np.testing.assert_allclose(nll[5000], exact, atol=0.1)
    np.testing.assert_allclose(nll[5000].mean(), exact.mean(), atol=0.015)
    assert nll[1].mean() > nll[10].mean() + 0.1 > nll[5000].mean() + 0.1


def test_the_bound_is_never_below_in_the_mean(linear_gaussian):
    linear_gaussian.set_posterior(shift=0.7, stretch=1.4)
    gaps = [iwae_nll(linear_gaussian.model, linear_gaussian.x, 5, seed=s).numpy() + linear_gaussian.log_p for s in range(20)]
    assert np.mean(gaps) > 3 * np.std(gaps) / np.sqrt(np.size(gaps))


def test_pieces_change_nothing(linear_gaussian):
    linear_gaussian.set_posterior(shift=0.5, stretch=1.2)
    whole = iwae_nll(linear_gaussian.model, linear_gaussian.x, 30, max_decodes=10_000)
    for sizes in ({"max_decodes": 7}, {"max_decodes": 64, "batch_size": 3}, {"max_decodes": 30, "batch_size": 1}):
        torch.testing.assert_close(iwae_nll(linear_gaussian.model, linear_gaussian.x, 30, **sizes), whole, rtol=0, atol=1e-4)
    assert not torch.equal(iwae_nll(linear_gaussian.model, linear_gaussian.x, 30, seed=1), whole)


def test_each_image_is_encoded_once_and_few_codes_are_decoded_at_a_time(linear_gaussian):
    model, encoded, decoded = linear_gaussian.model, [], []
    model.encoder.register_forward_pre_hook(lambda _, inputs: encoded.append(len(inputs[0])))
    model.decoder.register_forward_pre_hook(lambda _, inputs: decoded.append(len(inputs[0])))
    told = []
    iwae_nll(model, linear_gaussian.x, 130, max_decodes=50, batch_size=16, progress=lambda *at: told.append(at))
    assert sum(encoded) == 40 and max(encoded) <= 16
    assert sum(decoded) == 40 * 130 and max(decoded) <= 50
    assert [a for a, _ in told] == sorted({a for a, _ in told}) and told[-1] == (40 * 130, 40 * 130)


def test_very_unlikely_images_neither_overflow_nor_vanish(linear_gaussian):
    """With sigma 0.002, log p(x|z) is some -100,000 nats: exp() of it is 0."""
    model = linear_gaussian.model
    with torch.no_grad():
        model.decoder.body[0].weight.zero_()
        model.likelihood.fixed = np.log(0.002)
        model.encoder.body[1].weight.zero_()
        model.encoder.body[1].bias.zero_()
    nll = iwae_nll(model, linear_gaussian.x, 20, max_decodes=7)
    away = (linear_gaussian.x.double() - 0.5).flatten(1)
    exact = (away**2).sum(1) / (2 * 0.002**2) + 64 * np.log(0.002 * np.sqrt(2 * np.pi))
    assert float(exact.min()) > 1e4
    torch.testing.assert_close(nll, exact, rtol=1e-5, atol=0)


def test_binary_pixels_are_those_of_held_out(tiny, images):
    """With q = p(z) and a decoder that ignores z, bound and distortion are one number if the target is one image."""
    model = tiny(likelihood=BernoulliConfig(binarize=True))
    with torch.no_grad():
        for parameter in model.encoder.body[-1].parameters():
            parameter.zero_()
        model.decoder.body[0].weight.zero_()
    seen = per_image(model, images, seed=3, samples=1)
    for k, batch_size in ((1, 500), (5, 4)):
        nll = iwae_nll(model, images, k, seed=3, batch_size=batch_size)
        torch.testing.assert_close(nll, seen.distortion, rtol=0, atol=1e-4)
    assert (iwae_nll(model, images, 1, seed=4) - seen.distortion).abs().max() > 0.1


def test_what_has_no_importance_weights_is_refused(tiny, images):
    with pytest.raises(ValueError, match="deterministic"):
        iwae_nll(tiny("deterministic"), images, 5)
    with pytest.raises(ValueError, match="at least 1"):
        iwae_nll(tiny(), images, 0)
