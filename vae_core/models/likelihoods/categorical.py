"""Texts whose tokens are categorical variables."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vae_core.batch import Noise
from vae_core.config import TokensField
from vae_core.models.likelihoods.base import Likelihood, summed


class Categorical(Likelihood):
    """A token at each place up to the end of the text; raw output (B, length, number of tokens) is the logits.

    The end is scored as a token, and the places behind it hold nothing. A decoder that is given the tokens before a place makes
    this the product of the conditional probabilities of all tokens (Bowman et al. 2016, section 2.2).
    """

    noise = ()

    def __init__(self, field: TokensField):
        super().__init__()
        self.raw_channels = field.count

    def target(self, x: Tensor, noise: Noise) -> Tensor:
        """The tokens themselves."""
        return x

    def log_prob(self, raw: Tensor, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """The log probability of the tokens up to the end that were observed, (B,), nats."""
        scored = up_to_end(x) if observed is None else up_to_end(x) & observed
        return -summed(F.cross_entropy(raw.float().transpose(1, 2), x, reduction="none"), scored)

    def representative(self, raw: Tensor) -> Tensor:
        """The likeliest token at each place up to the first end: int64 (B, length)."""
        tokens = raw.argmax(2)
        return tokens * up_to_end(tokens)

    def sample(self, raw: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """One draw of each token of its own: (B, length). The tokens before a place are those that `raw` was made with."""
        drawn = torch.multinomial(raw.float().softmax(2).flatten(0, 1), 1, generator=generator).reshape(raw.shape[:2])
        return drawn * up_to_end(drawn)


def up_to_end(tokens: Tensor) -> Tensor:
    """True at the places of a text and of its end: bool, in the shape (B, length) of the tokens."""
    is_end = tokens == 0
    return is_end.cumsum(1) - is_end.long() == 0
