"""The forward pass of a phase: the loss that it descends and the means that are reported."""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor, nn

from vae_core.batch import Batch, Noise
from vae_core.models.base import LatentVariableModel
from vae_core.training.gemm_convolution import AsProducts, may_pay


class Losses(nn.Module):
    """The loss of a phase and the means that it reports, as the forward pass of a module."""

    def __init__(self, model: LatentVariableModel, dtype: torch.dtype):
        super().__init__()
        self.model, self.dtype = model, dtype
        on_cpu = model.device.type == "cpu"
        self.convolutions = AsProducts() if on_cpu and dtype == torch.float32 and may_pay(model) else nullcontext()

    def forward(self, batch: Batch, noise: Noise, weights: Tensor, index: int = 0) -> tuple[Tensor, Tensor]:
        """The loss that the phase of that index descends, a scalar, and the means that it reports, (number of `reported`,)."""
        objective = self.model.objective
        phase = objective.phases[index]
        device = weights.device.type
        with torch.autocast(device, self.dtype, enabled=self.dtype != torch.float32), self.convolutions:
            terms = self.model.terms(batch, noise, phase.terms)
        loss = objective(terms, weights, phase.terms)
        means = {name: terms[name].mean() for name in phase.terms}
        if index == 0:
            means["loss"] = loss if phase.terms == objective.criterion else objective(terms, weights)
        return loss, torch.stack([means[name] for name in objective.reported(index)]).detach()
