"""What `vae_core.fit` is compared with: other loops that train the same model on the same images with the same batch.

Each peer is built once and then called with a number of steps; it gives the seconds that they took, its own set-up left out.
`loss` gives the nats an image of a batch under given noise, by which a test knows that all train the same thing.
"""

from __future__ import annotations

import logging
import tempfile
import time
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from training.subprocesses import wait_for
from vae_core.batch import scale
from vae_core.config import MLPConfig, ModelConfig
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model
from vae_core.models.nets import Net
from vae_core.torchvision_shim import import_torchvision

IMAGE, BATCH, LR = (1, 28, 28), 128, 1e-3
HIDDEN, MLP_LATENT, CONV_LATENT = 400, 20, 16
REQUIREMENTS = "tests/benchmarks/training/requirements.txt"


class MissingPeer(RuntimeError):
    """A package to compare with is not installed; the message names the file that lists it."""


def our_mlp() -> Autoencoder:
    """784-400-20 and back."""
    return build_model(ModelConfig.for_images(IMAGE, MLP_LATENT, MLPConfig(hidden=(HIDDEN,))))


def our_conv() -> Autoencoder:
    """The layers of pythae's benchmark nets for MNIST, in our model: they are none of our kinds of net."""
    model = build_model(ModelConfig.for_images(IMAGE, CONV_LATENT, MLPConfig(hidden=(1,))))
    encoder: list[nn.Module] = []
    for a, b in ((1, 128), (128, 256), (256, 512), (512, 1024)):
        encoder += [nn.Conv2d(a, b, 4, 2, 1), nn.BatchNorm2d(b), nn.ReLU()]
    model.encoder = Net(nn.Sequential(*encoder, nn.Flatten(), nn.Linear(1024, 2 * CONV_LATENT)))
    model.decoder = Net(
        nn.Sequential(
            nn.Linear(CONV_LATENT, 1024 * 4 * 4), nn.Unflatten(1, (1024, 4, 4)),
            nn.ConvTranspose2d(1024, 512, 3, 2, 1), nn.BatchNorm2d(512), nn.ReLU(),
            nn.ConvTranspose2d(512, 256, 3, 2, 1, output_padding=1), nn.BatchNorm2d(256), nn.ReLU(),
            nn.ConvTranspose2d(256, 1, 3, 2, 1, output_padding=1),
        )
    )  # fmt: skip
    return model


class TwoHeads(nn.Module):
    """784-400-20 and back with separate layers for mean and log variance, as the peers have it."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(784, HIDDEN)
        self.mean = nn.Linear(HIDDEN, MLP_LATENT)
        self.logvar = nn.Linear(HIDDEN, MLP_LATENT)
        self.wide = nn.Linear(MLP_LATENT, HIDDEN)
        self.out = nn.Linear(HIDDEN, 784)

    def forward(self, x: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Logits, mean and log variance for flat images (B, 784)."""
        features = F.relu(self.hidden(x))
        mean, logvar = self.mean(features), self.logvar(features)
        deviation = torch.exp(0.5 * logvar)
        z = mean + deviation * (torch.randn_like(deviation) if noise is None else noise)
        return self.out(F.relu(self.wide(z))), mean, logvar


def _kl(mean: Tensor, logvar: Tensor) -> Tensor:
    return 0.5 * torch.sum(mean**2 + logvar.exp() - 1 - logvar)


class _Pictures(Dataset):
    """As torchvision's MNIST: each image is made a PIL image, and ToTensor makes that a tensor."""

    def __init__(self, images: Tensor):
        self.images = images
        self.transform = import_torchvision().transforms.ToTensor()

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.images[i, 0].numpy())), 0


class Example:
    """The VAE example of PyTorch's repository: one image at a time through a DataLoader, on a CPU in the main process."""

    def __init__(self, images: Tensor, device: torch.device):
        self.pictures, self.device = _Pictures(images), device
        self.model = TwoHeads().to(device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=LR)

    def loss(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        logits, mean, logvar = self.model(x.view(-1, 784), noise)
        total = F.binary_cross_entropy(torch.sigmoid(logits), x.view(-1, 784), reduction="sum") + _kl(mean, logvar)
        return total / len(x)

    def __call__(self, steps: int) -> float:
        loader = DataLoader(self.pictures, BATCH, shuffle=True)
        self.model.train()
        done, total = 0, 0.0
        begin = time.perf_counter()
        while True:
            for x, _ in loader:
                x = x.to(self.device)
                self.optimizer.zero_grad()
                loss = self.loss(x) * len(x)
                loss.backward()
                total += loss.item()
                self.optimizer.step()
                done += 1
                if done == steps:
                    return time.perf_counter() - begin


class Plain:
    """What anyone writes first for images in memory: float32 images, an index, Adam as it comes."""

    def __init__(self, images: Tensor, device: torch.device):
        self.x, self.device = scale(images).flatten(1).to(device), device
        self.model = TwoHeads().to(device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=LR)

    def loss(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        logits, mean, logvar = self.model(x.flatten(1), noise)
        return (F.binary_cross_entropy_with_logits(logits, x.flatten(1), reduction="sum") + _kl(mean, logvar)) / len(x)

    def __call__(self, steps: int) -> float:
        wait_for(self.device)
        begin = time.perf_counter()
        done = 0
        while done < steps:
            order = torch.randperm(len(self.x), device=self.device)
            for index in order[: len(order) // BATCH * BATCH].split(BATCH)[: steps - done]:
                self.optimizer.zero_grad()
                self.loss(self.x[index]).backward()
                self.optimizer.step()
                done += 1
        wait_for(self.device)
        return time.perf_counter() - begin


def has_pythae() -> bool:
    try:
        _pythae()
    except MissingPeer:
        return False
    return True


def _pythae():
    try:
        # pythae imports torchvision plainly.
        import_torchvision()
        with _quiet():
            import pythae.models
            import pythae.models.nn.benchmarks.mnist
            import pythae.trainers
    except ImportError as error:
        raise MissingPeer(f"pythae is not installed ({error.name}); pip install --no-deps -r {REQUIREMENTS}.") from None
    return pythae


@contextmanager
def _quiet():
    """Keeps pythae from logging each step of its set-up."""
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(before)


class Pythae:
    """pythae's trainer as it comes: one epoch of `train_step` over its own dataset, without its progress bar.

    kind: `mlp`, for which an encoder and a decoder of the same widths are given; `conv`, its own benchmark nets for MNIST.
    """

    def __init__(self, images: Tensor, device: torch.device, kind: str = "mlp"):
        pythae = _pythae()
        self.images, self.device = images, device
        config = pythae.models.VAEConfig(
            input_dim=IMAGE, latent_dim=MLP_LATENT if kind == "mlp" else CONV_LATENT, reconstruction_loss="bce"
        )
        if kind == "mlp":
            encoder, decoder = _pythae_mlp(pythae)
        else:
            nets = pythae.models.nn.benchmarks.mnist
            encoder, decoder = nets.Encoder_Conv_VAE_MNIST(config), nets.Decoder_Conv_AE_MNIST(config)
        self.model = pythae.models.VAE(config, encoder=encoder, decoder=decoder)
        self.folder = tempfile.TemporaryDirectory()
        settings = pythae.trainers.BaseTrainerConfig(
            output_dir=self.folder.name, num_epochs=1, per_device_train_batch_size=BATCH, learning_rate=LR,
            no_cuda=device.type != "cuda",
        )  # fmt: skip
        with _quiet():
            self.trainer = pythae.trainers.BaseTrainer(self.model, self._dataset(2), training_config=settings)
            self.trainer.prepare_training()
        handler = self.trainer.callback_handler
        handler.callbacks = [c for c in handler.callbacks if "ProgressBar" not in type(c).__name__]

    def _dataset(self, batches: int):
        from pythae.data.datasets import BaseDataset

        index = torch.arange(batches * BATCH) % len(self.images)
        return BaseDataset(scale(self.images[index]), torch.zeros(len(index)))

    def loss(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        if noise is not None:
            self.model._sample_gauss = lambda mean, deviation: (mean + noise * deviation, noise)
        try:
            return self.model({"data": x}).loss
        finally:
            self.model.__dict__.pop("_sample_gauss", None)

    def __call__(self, steps: int) -> float:
        self.trainer.train_loader = self.trainer.get_train_dataloader(self._dataset(steps))
        wait_for(self.device)
        begin = time.perf_counter()
        self.trainer.train_step(1)
        wait_for(self.device)
        return time.perf_counter() - begin


def _pythae_mlp(pythae) -> tuple[nn.Module, nn.Module]:
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.hidden, self.mean = nn.Linear(784, HIDDEN), nn.Linear(HIDDEN, MLP_LATENT)
            self.logvar = nn.Linear(HIDDEN, MLP_LATENT)

        def forward(self, x: Tensor):
            features = F.relu(self.hidden(x.flatten(1)))
            return ModelOutput(embedding=self.mean(features), log_covariance=self.logvar(features))

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.wide, self.out = nn.Linear(MLP_LATENT, HIDDEN), nn.Linear(HIDDEN, 784)

        def forward(self, z: Tensor):
            return ModelOutput(reconstruction=torch.sigmoid(self.out(F.relu(self.wide(z)))).view(-1, *IMAGE))

    return Encoder(), Decoder()
