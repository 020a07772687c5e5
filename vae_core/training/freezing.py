"""The parts of a model that train. The others stay as they are to the last bit, with the statistics of their batch norm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import MethodType

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from vae_core.config.training import NormStatistics, Trained
from vae_core.models.autoencoder import Autoencoder
from vae_core.training.errors import TrainingError


def parts(model: Autoencoder, trained: Trained) -> tuple[nn.Module, ...]:
    """The modules whose parameters train."""
    if trained == "all":
        return (model,)
    if trained == "encoder":
        return model.inference_modules
    if trained == "decoder":
        return model.generative_modules
    return _layers(model.encoder)[-1], _layers(model.decoder)[0]


def _layers(net: nn.Module) -> list[nn.Module]:
    """The modules of a net that have parameters of their own, in the order in which they are run."""
    return [module for module in net.modules() if next(module.parameters(recurse=False), None) is not None]


@contextmanager
def only(model: Autoencoder, trained: Trained, norm_statistics: NormStatistics = "batch") -> Iterator[None]:
    """Inside, only the parts of that choice take a gradient.

    Batch norm outside of them stays in evaluation mode, and all batch norm does so where its statistics are the stored ones.

    The choice is of what inference needs: modules of the objective, such as a discriminator, train in any case. A parameter
    that takes no gradient beforehand takes none inside; flags and modes are restored at the end.
    Raises TrainingError where nothing is left that trains.
    """
    objective = {id(module) for module in model.objective.modules()} | {id(p) for p in model.objective.parameters()}
    chosen = {id(p) for part in parts(model, trained) for p in part.parameters()} | objective
    found = [(p, p.requires_grad) for p in model.parameters()]
    held: list[tuple[nn.Module, bool]] = []
    try:
        for p, wanted in found:
            p.requires_grad = wanted and id(p) in chosen
            if not p.requires_grad:
                # One left over from an earlier run would count when gradients are clipped.
                p.grad = None
        if not any(p.requires_grad for p, _ in found if id(p) not in objective):
            raise TrainingError(f"Nothing would train: no parameter of this choice ({trained}) takes a gradient.")
        for module in model.modules():
            if not isinstance(module, _BatchNorm) or id(module) in objective:
                continue
            if norm_statistics == "stored" or not any(id(p) in chosen for p in module.parameters()):
                # `model.train()` asks each module, whoever calls it. A method, and not a function: a copy of the model, as
                # for its average, then has one of its own.
                module.train = MethodType(_stay, module)
                held.append((module, module.training))
                module.eval()
        yield
    finally:
        for module, mode in held:
            del module.train
            module.training = mode
        for p, wanted in found:
            p.requires_grad = wanted


def _stay(module: nn.Module, mode: bool = True) -> nn.Module:
    module.training = False
    return module
