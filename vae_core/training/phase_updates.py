"""Updates of the phases of a run: the parameters that each phase moves, and their optimiser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from vae_core.config import TrainConfig
from vae_core.models.base import LatentVariableModel


class PhaseUpdate:
    """Updates of one phase: the parameters that it moves, out of those that train, with their AdamW."""

    def __init__(self, model: LatentVariableModel, index: int, config: TrainConfig):
        self.index, self.phase = index, model.objective.phases[index]
        moved = {id(tensor) for tensor in self.phase.moved(model)}
        trained = [p for p in model.parameters() if p.requires_grad]
        self.parameters = [p for p in trained if id(p) in moved]
        """Parameters that the phase moves; none where all of them are frozen."""
        self._constant = [p for p in trained if id(p) not in moved]
        self.other_buffers = [buffer for buffer in model.buffers() if id(buffer) not in moved]
        """Buffers that the phase leaves as they are."""
        decay = config.weight_decay if self.phase.weight_decay is None else self.phase.weight_decay
        groups = _parameter_groups(self.parameters, decay)
        self.optimizer = torch.optim.AdamW(groups, lr=config.lr, betas=self.phase.betas, fused=True)

    @contextmanager
    def gradients(self) -> Iterator[None]:
        """Inside, only the parameters that the phase moves take a gradient, and there is no graph where it moves none."""
        for p in self._constant:
            p.requires_grad = False
        try:
            with torch.set_grad_enabled(bool(self.parameters)):
                yield
        finally:
            for p in self._constant:
                p.requires_grad = True

    def backward(self, loss: Tensor, clip: float) -> bool:
        """Computes the gradient of a loss, clipped to that norm, and says whether it is finite."""
        if not self.parameters:
            return bool(torch.isfinite(loss))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        return bool(torch.isfinite(nn.utils.clip_grad_norm_(self.parameters, clip)))

    def step(self, lr: float) -> None:
        """Moves the parameters along the gradient, under a learning rate of the run."""
        for group in self.optimizer.param_groups:
            group["lr"] = lr * self.phase.lr
        self.optimizer.step()


def _parameter_groups(parameters: list[nn.Parameter], weight_decay: float) -> list[dict]:
    """Parameters with and without weight decay.

    It is for matrices and kernels: biases, norms and sigma have no reason to be near 0.
    """
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
