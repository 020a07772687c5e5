"""Gated recurrent units over the tokens of a text (Bowman et al. 2016, with the units of Cho et al. 2014)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vae_core.config import GRUConfig, TokensField


class Encoder(nn.Module):
    """Reads a text in both directions; the last states of the two give the raw parameters."""

    def __init__(self, field: TokensField, out: int, config: GRUConfig, condition: int = 0):
        super().__init__()
        self.embedding = nn.Embedding(field.count, config.embedding)
        self.onwards, self.backwards = (nn.GRUCell(config.embedding, config.units) for _ in range(2))
        self.out = nn.Linear(2 * config.units + condition, out)

    def forward(self, tokens: Tensor, condition: Tensor | None = None) -> Tensor:
        """Tokens (B, length) and a condition (B, K), where there is one, to raw parameters (B, out)."""
        read = self.embedding(tokens).unbind(1)
        features = [_last_state(self.onwards, read), _last_state(self.backwards, read[::-1])]
        return self.out(torch.cat(features if condition is None else [*features, condition], 1))


def _last_state(cell: nn.GRUCell, read: Sequence[Tensor]) -> Tensor:
    state = cell(read[0])
    for one in read[1:]:
        state = cell(one, state)
    return state


class Decoder(nn.Module):
    """Writes one token after another. Each step is given the code and the token before."""

    def __init__(self, latent: int, field: TokensField, raw: int, config: GRUConfig, condition: int = 0):
        super().__init__()
        self.length = field.length
        self.start = nn.Linear(latent + condition, config.units)
        self.embedding = nn.Embedding(field.count, config.embedding)
        self.cell = nn.GRUCell(config.embedding + latent + condition, config.units)
        self.out = nn.Linear(config.units, raw)

    def forward(self, z: Tensor, condition: Tensor | None = None, x: Tensor | None = None) -> Tensor:
        """Codes (B, d) and a condition (B, K), where there is one, to raw parameters (B, length, raw).

        x: tokens (B, length) of which each is given to the step after it. Without them each step is given the likeliest token
        of the step before.
        """
        given = z if condition is None else torch.cat([z, condition], 1)
        state, raw = torch.tanh(self.start(given)), []
        # Before the first token there is none.
        before = given.new_zeros(given.shape[0], self.embedding.embedding_dim)
        for place in range(self.length):
            state = self.cell(torch.cat([before, given], 1), state)
            raw.append(self.out(state))
            if place + 1 < self.length:
                before = self.embedding(raw[-1].argmax(1) if x is None else x[:, place])
        return torch.stack(raw, 1)
