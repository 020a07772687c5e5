"""Phases of a training step: which terms move which parameters, with which optimiser, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class Phase:
    """A part of a training step that descends some terms of the loss by moving some parameters, with an AdamW of its own.

    The phases of a step follow one another. Each computes its own terms, and no others, from the batch and the noise of the
    step and from the weights as the phases before it have left them; all parameters that it does not move are constants in it,
    and buffers outside the modules that it moves stay as they are. A parameter may be moved by several phases.
    """

    name: str
    terms: tuple[str, ...]
    """Names of the terms whose weighted sum is descended."""
    moves: tuple[str, ...] | None = None
    """Names of the submodules of the model whose parameters are moved, as in `encoder` or `objective.discriminator`. None
    stands for the whole model without its objective."""
    lr: float = 1.0
    """Factor of the learning rate of the run."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Decay per step of AdamW's first and second moments."""
    weight_decay: float | None = None
    """Weight decay of matrices and kernels; None stands for the run's."""
    every: int = 1
    """Steps from one update to the next. All phases take part in the first step of a run."""

    def is_due(self, step: int) -> bool:
        """True if the phase takes part in the step of that number, counted from 0."""
        return step % self.every == 0

    def moved(self, model: nn.Module) -> Iterator[Tensor]:
        """Parameters and buffers of the modules that the phase moves, in the order of the model.

        Raises AttributeError where the model has no submodule of a name in `moves`.
        """
        if self.moves is None:
            left_out = {id(tensor) for tensor in _tensors(model.get_submodule("objective"))}
            yield from (tensor for tensor in _tensors(model) if id(tensor) not in left_out)
        else:
            chosen = {id(tensor) for name in self.moves for tensor in _tensors(model.get_submodule(name))}
            yield from (tensor for tensor in _tensors(model) if id(tensor) in chosen)


def _tensors(module: nn.Module) -> Iterator[Tensor]:
    yield from module.parameters()
    yield from module.buffers()
