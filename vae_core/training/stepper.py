"""One optimiser step: forward, backward, clipping, update, average; and the loss on validation images."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from vae_core.autoencoder import Autoencoder
from vae_core.batch import Batch, Noise, scale
from vae_core.config import TrainConfig

VALIDATION_BATCH = 500


def autocast_dtype(config: TrainConfig, device: torch.device) -> torch.dtype:
    """bfloat16 where it is asked for, or where `auto` finds a device that multiplies matrices in it; else float32."""
    if config.precision != "auto":
        return getattr(torch, config.precision)
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        # Without AMX, bfloat16 on a CPU is emulated and slower than float32.
        fast = device.type == "cpu" and torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if fast else torch.float32


def can_compile(device: torch.device) -> bool:
    """Whether torch.compile works here: on a CPU it needs a C++ compiler, which not every machine has."""
    try:
        torch.compile(lambda x: 2 * x + 1)(torch.ones(8, device=device))
    except Exception:
        # Whatever is missing (compiler, headers, Triton), the answer is the same.
        return False
    return True


def _parameter_groups(model: Autoencoder, weight_decay: float) -> list[dict]:
    """Weight decay is for matrices and kernels: biases, norms and sigma have no reason to be near 0."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


class Stepper:
    """The model in training, its optimiser and its running average."""

    def __init__(self, model: Autoencoder, config: TrainConfig):
        self.model, self.config = model, config
        self.dtype = autocast_dtype(config, model.device)
        self.optimizer = torch.optim.AdamW(_parameter_groups(model, config.weight_decay), lr=config.lr, fused=True)
        self.average = None
        if config.ema:
            # The statistics of batch norm belong to the averaged weights as much as the weights do.
            self.average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True)
        self.engine = "compile" if config.engine == "compile" and can_compile(model.device) else "eager"
        self._forward = torch.compile(self._losses) if self.engine == "compile" else self._losses
        model.to(memory_format=torch.channels_last)
        self._buffers = list(model.buffers())
        self._kept = [buffer.clone() for buffer in self._buffers]

    @property
    def evaluated(self) -> Autoencoder:
        """The model that the run is for: the running average where there is one."""
        return self.model if self.average is None else self.average.module

    def _losses(self, x: Tensor, latent: Tensor | None, pixels: Tensor | None, beta: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast(x.device.type, self.dtype, enabled=self.dtype != torch.float32):
            terms = self.model.terms(Batch(x), Noise(latent, pixels))
        loss = self.model.objective(terms, beta)
        rate = torch.full_like(loss, torch.nan) if terms.rate is None else terms.rate.mean()
        return loss, torch.stack([loss, terms.distortion.mean(), rate]).detach()

    def step(self, batch: Batch, noise: Noise, beta: float, lr: float) -> Tensor | None:
        """The means of the batch, (3,) as in `means`, or None where the gradient was not finite and the step was left out."""
        # Batch norm has taken in a batch before anyone can know that its gradient is not finite.
        torch._foreach_copy_(self._kept, self._buffers)
        x = batch.x.contiguous(memory_format=torch.channels_last)
        loss, means = self._forward(x, noise.latent, noise.pixels, torch.tensor(beta, device=x.device))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        if not torch.isfinite(norm):
            torch._foreach_copy_(self._buffers, self._kept)
            return None
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.step()
        if self.average is not None:
            self.average.update_parameters(self.model)
        return means

    def validate(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """The means over uint8 images with the objective's final beta: (3,), float64, on the CPU."""
        model = self.evaluated
        beta = model.objective.beta(1.0)
        total = torch.zeros(3, dtype=torch.float64)
        with model.inference():
            for piece in images.split(VALIDATION_BATCH):
                terms = model.terms(Batch(scale(piece)), model.draw_noise(len(piece), generator))
                rate = torch.nan if terms.rate is None else terms.rate.mean()
                means = [model.objective(terms, beta), terms.distortion.mean(), rate]
                total += len(piece) * torch.tensor(means, dtype=torch.float64)
        return total / len(images)
