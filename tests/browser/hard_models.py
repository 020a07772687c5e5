"""Tiny untrained checkpoints that are hard to show, each for one reason, and images that they were never trained on."""

from __future__ import annotations

from pathlib import Path

import torch

from vae_core import checkpoint, zoo
from vae_core.checkpoint import Checkpoint, HeldOut
from vae_core.checkpoint.header import MOST_CLASSES
from vae_core.config import ConvConfig, FieldSpec, GRUConfig, ImageField, MLPConfig, NetConfig
from vae_core.data.names import FIELD as TEXT
from vae_core.data.untrusted import shown
from vae_core.models.build import build_model
from vae_core.models.samplers import FittedGaussian

IMAGE = ImageField("image", 1, 8, 8)
DENSE = MLPConfig(hidden=(8,))
RECURRENT = GRUConfig(embedding=6, units=16)
CONVOLUTIONAL = ConvConfig(channels=(4,), hidden=(8,), norm="none")
"""The only net here with a layer that `hard_app.py` hides from the exporter."""
MANY_CLASSES = min(300, MOST_CLASSES)
HOSTILE = "a__b,c 'd' \"e\" [f](g) <b>h<b> **i** $j$ :smile: \u202ek\u202c \\l `m` #n %2C&o=p+q;r"
"""A file name that has all that Markdown, HTML, LaTeX, addresses and Streamlit's keys take for their own."""
HOSTILE_DATA = "__ <b>set<b> $x$ [f](g) \u05d0, :smile:"
"""A name of a data set, which a header holds only where it is printable."""
LONG = "x" * 186 + " 1"
"""With its suffix, a file name of 200 characters."""


def make(folder: Path) -> list[str]:
    """Writes the checkpoints to `folder` and returns their names."""
    codes = torch.randn(60, 2, generator=torch.Generator().manual_seed(1))
    few = list("abc")
    many = [f"class {i}" for i in range(MANY_CLASSES)]
    save = lambda name, **given: _save(folder, name, **given)  # noqa: E731
    save("no rate", kind="ae", codes=codes, classes=few)
    save("no rate and equal codes", kind="ae", codes=torch.ones(60, 2), classes=few, fitted=False)
    save("equal codes", codes=torch.ones(60, 2), classes=few)
    save("nearly equal codes", latent=3, codes=torch.cat([torch.ones(59, 3), torch.zeros(1, 3)]), classes=few)
    save("one dimension", latent=1, codes=codes[:, :1], classes=few)
    save("one dimension, equal codes", latent=1, codes=torch.ones(60, 1), classes=few)
    save("many classes", codes=codes.repeat(5, 1), classes=many)
    save("two images", codes=codes[:2], classes=few)
    save("one image", latent=4, codes=torch.ones(1, 4), classes=few)
    save("no held-out images", codes=None, classes=few)
    save("no labels", codes=codes, classes=[])
    directions = torch.nn.functional.normalize(torch.randn(60, 3, generator=torch.Generator().manual_seed(2)), dim=1)
    save("sphere", kind="s-vae", latent=3, codes=directions, classes=few)
    save("circle", kind="s-vae", codes=directions[:, :2] / directions[:, :2].norm(dim=1, keepdim=True), classes=few)
    save("no program", codes=codes, classes=few, net=CONVOLUTIONAL)
    save("no rate in its loss", kind="mmd-vae", codes=codes, classes=few)
    save("dependent dimensions", kind="full-vae", latent=3, codes=torch.cat([codes, codes[:, :1]], 1), classes=few)
    save("a learned prior", kind="realnvp-vae", codes=codes, classes=few)
    grid = torch.randint(128, (60, 2, 2), generator=torch.Generator().manual_seed(3))
    save("codebook", kind="vq-vae", codes=grid, classes=few)
    save("codebook without images", kind="vq-vae", codes=None, classes=few)
    save("codebook without a program", kind="vq-vae", codes=grid.repeat(1, 2, 2), classes=few, net=CONVOLUTIONAL)
    save("huge codes", codes=1e30 * codes, classes=few)
    save("conditional", kind="cvae", codes=codes, classes=few)
    save("conditional of many classes", kind="cvae", codes=codes.repeat(5, 1), classes=many)
    save("conditional without images", kind="cvae", codes=None, classes=few)
    save("conditional without a program", kind="cvae", codes=codes, classes=few, net=CONVOLUTIONAL)
    save("texts", kind="gru-vae", codes=codes, classes=[], field=TEXT, net=RECURRENT)
    save("texts without held-out ones", kind="ae", latent=3, codes=None, classes=[], field=TEXT, net=RECURRENT)
    save("conditional texts", kind="cvae", codes=codes, classes=few, field=TEXT, net=RECURRENT)
    save("two layers", kind="two-layer-vae", codes=codes, classes=few)
    save("two layers without a program", kind="two-layer-vae", codes=codes, classes=few, net=CONVOLUTIONAL)
    save(HOSTILE, codes=codes, classes=["<i>a</i>", "$b$ **b**", "__proto__"], data=HOSTILE_DATA)
    save(LONG, codes=codes, classes=few)
    return sorted(path.stem for path in folder.glob("*.safetensors"))


def made_up(field: FieldSpec) -> torch.Tensor:
    """Twenty observations at random."""
    return torch.randint(1, 27, (20, *field.shape)) if field.discrete else torch.rand(20, *field.shape)


def _save(
    folder: Path,
    name: str,
    *,
    codes: torch.Tensor | None,
    classes: list[str],
    kind: str = "vae",
    latent: int = 2,
    net: NetConfig = DENSE,
    data: str = "hard",
    field: FieldSpec = IMAGE,
    fitted: bool = True,
) -> None:
    torch.manual_seed(0)
    model = build_model(zoo.model_config(kind, field, latent, net, classes=len(classes)))
    given = 0 if model.capabilities.conditions else None
    encoded = model.encode(made_up(field), given)
    gaussian = FittedGaussian.fit(encoded.mean) if fitted and model.capabilities.plane else None
    held_out, metrics = None, {}
    if codes is not None:
        n = len(codes)
        rate = torch.ones(n) if model.capabilities.rate else None
        scale = None if encoded.scale is None else torch.ones_like(codes)
        labels = torch.arange(n) % len(classes) if classes else None
        held_out = HeldOut(
            codes, scale, torch.full((n,), 44.0), rate, None if field.discrete else torch.full((n,), 0.25), labels
        )
        alike = {"token_accuracy" if field.discrete else "mse": 0.25}
        metrics = {"n": n} | alike | {"distortion": 44.0, "rate": None if rate is None else 1.0}
    about = {"name": data, "title": data, "about": "Noise.", "classes": classes, "fingerprint": shown(name)}
    checkpoint.save(Checkpoint(model, about, {}, metrics, held_out, gaussian, "A title"), folder / f"{name}{checkpoint.SUFFIX}")
