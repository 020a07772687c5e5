"""A canvas to draw on: several models reconstruct the drawing while the pen moves. It also accepts pasted pictures."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from explorer.components.assets import render
from explorer.components.checks import check
from explorer.components.message import byte_tensor, message

FOLDER = Path(__file__).parent
MAX_MODELS = 4


@dataclass(frozen=True)
class SketchModel:
    """A model's encoder and decoder as network programs."""

    name: str
    title: str
    encoder: bytes
    """`vae_core.export.encoder_program(model).to_bytes()`."""
    decoder: bytes
    """`vae_core.export.decoder_program(model).to_bytes()`."""
    colour: str
    marker: str


@dataclass(frozen=True)
class Framing:
    """The parameters that fit a drawing into an image of the models' size, as in `vae_core.data.preparation.Preparation`."""

    frame: str
    box: float
    middle: tuple[float, float]


@dataclass(frozen=True)
class SubmittedImage:
    """A picture that the user drew or pasted."""

    submission: str
    """An identifier that differs for each picture."""
    name: str
    content: bytes
    """The content of the picture's file, which is untrusted."""


@dataclass(frozen=True)
class SketchData:
    """Everything that the sketch needs. Checked when built: ValueError names the field."""

    models: Sequence[SketchModel]
    image: tuple[int, int, int]
    """The shape of an image, (C, H, W)."""
    framing: Framing
    background: tuple[int, int, int]
    """The colour of the empty canvas: red, green, blue, 0 to 255."""
    smooth: bool = False
    """True if images are interpolated (faces) rather than drawn as crisp pixels."""
    condition: int = 0
    """The class that conditional models are given."""

    def __post_init__(self) -> None:
        check(0 < len(self.models) <= MAX_MODELS, "models", f"has 1 to {MAX_MODELS} models")
        check(all(0 <= value <= 255 for value in self.background), "background", "is red, green and blue, 0 to 255 each")
        check(self.framing.frame in ("crop", "fit", "centre"), "framing", "has the frame crop, fit or centre")

    def to_bytes(self) -> bytes:
        """The payload as bytes."""
        header: dict[str, Any] = {
            "models": [{key: getattr(model, key) for key in ("name", "title", "colour", "marker")} for model in self.models],
            "image": list(self.image),
            "framing": asdict(self.framing),
            "background": list(self.background),
            "smooth": self.smooth,
            "condition": self.condition,
        }
        tensors = {f"encoder{i}": byte_tensor(model.encoder) for i, model in enumerate(self.models)}
        tensors |= {f"decoder{i}": byte_tensor(model.decoder) for i, model in enumerate(self.models)}
        return message(header, tensors)


def sketch(data: SketchData | bytes, key: str) -> SubmittedImage | None:
    """Draws the sketch. Returns the picture that the user submitted last, or None before that."""
    payload = data.to_bytes() if isinstance(data, SketchData) else bytes(data)
    state = render(FOLDER, "sketch", payload, key)
    if state is None:
        return None
    try:
        content = base64.b64decode(str(state["content"]), validate=True)
    except binascii.Error:
        content = b""
    return SubmittedImage(str(state["submission"]), str(state["name"]), content)
