"""The one table of held-out figures and of terms of the loss: what each is called, its unit, its direction and its decimals.

It imports no torch. Logs, files, commands and pages read it, so that a figure is shown in the same way everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GREY_BERNOULLI = "Bernoulli cross-entropy, grey pixels"
"""`LikelihoodConfig.scale` of figures that bound a cross-entropy and not -log p(x)."""
MOST_NATS = 1e15
"""Figures beyond it come from a model whose training has diverged."""
ROUNDING = 1e-3
"""Distance by which rounding in float32 may put a figure outside the range of its formula."""
LONG = 1e7
"""Values from here on are shown with an exponent."""


@dataclass(frozen=True)
class Metric:
    """One held-out figure, or one term of the loss."""

    name: str
    title: str
    unit: str
    about: str
    """The formula, and what is compared with what; empty where that is not known."""
    better: int
    """-1: low is better; 1: high is better; 0: neither."""
    decimals: int
    """Decimals that are shown where the standard error allows it; 0 for whole numbers."""
    lowest: float = -MOST_NATS
    highest: float = MOST_NATS

    @property
    def shown_unit(self) -> str:
        """The unit as it is printed behind a value; empty for counts."""
        return "" if self.unit == "count" else self.unit

    @property
    def axis(self) -> str:
        """The title with its unit, for an axis or a scale."""
        return f"{self.title} ({self.shown_unit})" if self.shown_unit else self.title

    def allows(self, value: float) -> bool:
        """True if a value is in the range of the figure, and whole where the figure counts."""
        return self.lowest <= value <= self.highest and (self.unit != "count" or float(value).is_integer())


def _score(name: str, title: str, about: str) -> Metric:
    return Metric(name, title, "", about, 1, 3, -ROUNDING, 1 + ROUNDING)


def _error(name: str, title: str) -> Metric:
    about = "Standard error of the mean over the draws of each image."
    return Metric(name, title, "nats", about, 0, 3, 0, MOST_NATS)


_MSE = "Mean squared error over pixels in [0, 1]"
_SSIM = "Structural similarity (11 x 11 Gaussian window, all pixels, edges mirrored)"
_AT_MEAN = "between the image as given and its reconstruction at the mean code."
_BINARY = "between the binarised image and its reconstruction at the mean code."

METRICS = {
    metric.name: metric
    for metric in (
        Metric("n", "Images", "count", "Images that were measured.", 0, 0, 1, 1e9),
        Metric("samples", "Draws", "count", "Draws of z (and of binary pixels) for each image.", 0, 0, 1, 1e6),
        Metric("distortion", "Distortion", "nats", "−log p(x|z), summed over pixels or tokens, averaged over z drawn from "
               "q(z|x); a deterministic autoencoder has one z.", -1, 2),
        _error("distortion_se", "± distortion"),
        # The mean of estimates of a rate near 0 may fall below it.
        Metric("rate", "Rate", "nats", "KL(q(z|x) ‖ p(z)): what a code tells of its image or text beyond the prior.", 0, 2,
               -1, MOST_NATS),
        _error("rate_se", "± rate"),
        Metric("negative_elbo", "Negative ELBO", "nats", "Distortion + rate: an upper bound of −log p(x); for grey pixels "
               "under a Bernoulli, a bound of a cross-entropy.", -1, 2),
        _error("negative_elbo_se", "± negative ELBO"),
        Metric("iwae_nll", "IWAE NLL", "nats", "−log of the mean importance weight: an upper bound of −log p(x) that is "
               "tighter than the negative ELBO; for grey pixels under a Bernoulli, a bound of a cross-entropy.", -1, 2),
        Metric("iwae_samples", "IWAE draws", "count", "Importance samples of each image.", 0, 0, 0, 1e6),
        Metric("mse", "MSE", "", f"{_MSE}, {_AT_MEAN}", -1, 4, 0, 1 + ROUNDING),
        Metric("ssim", "SSIM", "", f"{_SSIM}, {_AT_MEAN}", 1, 3, -1 - ROUNDING, 1 + ROUNDING),
        Metric("mse_binarized", "MSE, binary pixels", "", f"{_MSE}, {_BINARY}", -1, 4, 0, 1 + ROUNDING),
        Metric("ssim_binarized", "SSIM, binary pixels", "", f"{_SSIM}, {_BINARY}", 1, 3, -1 - ROUNDING, 1 + ROUNDING),
        _score("token_accuracy", "Token accuracy", "Share of the tokens of a text, its end among them, that its likeliest "
               "reconstruction at the mean code has at the same place."),
        _score("exact_match", "Exact match", "Share of the texts whose likeliest reconstruction at the mean code is the text."),
        Metric("active_units", "Active units", "count", "Dimensions whose mean code varies by more than 0.01 over images.",
               0, 0, 0, 1e6),
        Metric("code_perplexity", "Codebook perplexity", "", "exp of the entropy of the codes in use: the number of codes of "
               "the codebook where all are used alike.", 0, 1, 1 - ROUNDING, 2**15),
        _score("mig", "MIG", "Mutual information gap of the mean codes, in histograms of `mig_bins` bins."),
        Metric("mig_bins", "MIG bins", "count", "Bins of each dimension's histogram.", 0, 0, 1, 1e6),
        _score("dci_disentanglement", "DCI disentanglement", "Of the mean codes, by random forests."),
        _score("dci_completeness", "DCI completeness", "Of the mean codes, by random forests."),
        _score("dci_informativeness", "DCI informativeness", "Accuracy of random forests on the mean codes."),
        _score("sap", "SAP", "Separated attribute predictability of the mean codes."),
    )
}  # fmt: skip
"""Figures by name, in the order in which they are printed."""
TERMS = {
    term.name: term
    for term in (
        Metric("loss", "Loss", "nats", "The weighted sum of the terms that choose the best weights of a run.", -1, 2),
        METRICS["distortion"],
        METRICS["rate"],
        Metric("mmd", "MMD", "", "Squared maximum mean discrepancy between the codes of a batch and draws of the prior: near "
               "0, on either side, where both have one distribution.", -1, 5),
        Metric("fooling", "Adversarial loss", "nats", "−log D(z) of codes: low where the discriminator D takes them for draws "
               "of the prior.", 0, 3),
        Metric("discrimination", "Discriminator loss", "nats", "−log D(z) of draws of the prior, and −log(1 − D(z)) of codes: "
               "1.386 where the discriminator D cannot tell them apart.", 0, 3),
        Metric("codebook", "Codebook", "nats", "Squared distance from the encoder's output to the vectors of its codes, as a "
               "term that moves the vectors.", -1, 2),
        Metric("commitment", "Commitment", "nats", "Squared distance from the encoder's output to the vectors of its codes, as "
               "a term that moves the encoder.", -1, 2),
    )
}  # fmt: skip
"""The loss and its terms by name, as means over observations or batches. A term has no weight in it."""
LISTS = {"rate_by_group": METRICS["rate"]}
"""Figures that are a list of numbers, and the metric that each of them is."""
BY_FACTOR = {"mig_by_factor": METRICS["mig"]}
"""Figures that are an object of a number for each factor, and the metric that each of them is."""


def metric_named(name: str) -> Metric:
    """The figure or the term of that name. One that no table has is shown under its own name, without a unit."""
    return METRICS.get(name) or TERMS.get(name) or Metric(name, name, "", "", 0, 5)


def weight_name(term: str) -> str:
    """The name of a term's weight: `beta` for the rate."""
    return "beta" if term == "rate" else f"{term}_weight"


def title(name: str, scale: str) -> str:
    """The title of a figure under a likelihood of that `LikelihoodConfig.scale`."""
    if name == "iwae_nll" and scale == GREY_BERNOULLI:
        return "IWAE bound of the cross-entropy"
    return METRICS[name].title


def decimals(name: str, metrics: Mapping[str, Any]) -> int:
    """The number of decimals of a figure that are known: those whose last place is above the standard error."""
    most, error = metric_named(name).decimals, metrics.get(f"{name}_se")
    return most if not error else max(0, min(most, math.ceil(-math.log10(error)) - 1))


def shown(name: str, metrics: Mapping[str, Any], places: int | None = None) -> str:
    """A figure as it is printed, with `places` decimals or those that are known; a dash where it is not defined."""
    value = metrics.get(name)
    if value is None:
        return "—"
    if abs(value) >= LONG:
        return f"{value:.3e}"
    return f"{value:.{decimals(name, metrics) if places is None else places}f}"


def labelled(name: str, metrics: Mapping[str, Any], places: int | None = None) -> str:
    """A figure with its title and unit, as it stands in a sentence: "negative ELBO 125.13 nats"."""
    metric = metric_named(name)
    # An initial of an acronym stays a capital.
    first = metric.title[:1] if metric.title[1:2].isupper() else metric.title[:1].lower()
    return f"{first}{metric.title[1:]} {shown(name, metrics, places)} {metric.shown_unit}".rstrip()
