"""A sheet to draw on: several models rebuild the drawing while the pen moves. It also takes pictures that are pasted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from explorer.components.assets import draw
from explorer.components.checks import check
from explorer.components.message import byte_tensor, message

HERE = Path(__file__).parent
MAX_MODELS = 4


@dataclass(frozen=True)
class SketchModel:
    """An encoder and a decoder."""

    name: str
    title: str
    encoder: bytes
    """`vae_core.export.encoder_program(model).to_bytes()`."""
    decoder: bytes
    colour: str
    marker: str


@dataclass(frozen=True)
class Framing:
    """How a drawing is brought to the models' shape: see `vae_core.data.preparation.Preparation`."""

    frame: str
    box: float
    middle: tuple[float, float]


@dataclass(frozen=True)
class Handed:
    """A picture that a person drew or pasted."""

    turn: str
    """Another for each picture."""
    name: str
    content: bytes
    """Of a file, and of unknown origin."""


@dataclass(frozen=True)
class SketchData:
    """What the sheet is given. Checked when built: ValueError names the field."""

    models: Sequence[SketchModel]
    image: tuple[int, int, int]
    """(C, H, W)."""
    how: Framing
    ground: tuple[int, int, int]
    """The paper's colour: red, green, blue, 0 to 255."""
    smooth: bool = False

    def __post_init__(self) -> None:
        check(0 < len(self.models) <= MAX_MODELS, "models", f"has 1 to {MAX_MODELS} models")
        check(all(0 <= value <= 255 for value in self.ground), "ground", "is red, green and blue, 0 to 255 each")
        check(self.how.frame in ("crop", "fit", "centre"), "how", "is framed by crop, fit or centre")

    def to_bytes(self) -> bytes:
        """What the page is sent."""
        about: dict[str, Any] = {
            "models": [{key: getattr(model, key) for key in ("name", "title", "colour", "marker")} for model in self.models],
            "image": list(self.image),
            "how": asdict(self.how),
            "ground": list(self.ground),
            "smooth": self.smooth,
        }
        tensors = {f"encoder{i}": byte_tensor(model.encoder) for i, model in enumerate(self.models)}
        tensors |= {f"decoder{i}": byte_tensor(model.decoder) for i, model in enumerate(self.models)}
        return message(about, tensors)


def sketch(data: SketchData | bytes, key: str) -> Handed | None:
    """Draws the sheet. Returns the picture that was handed over last, or None before that."""
    payload = data.to_bytes() if isinstance(data, SketchData) else bytes(data)
    state = draw(HERE, "sketch", payload, key)
    if state is None:
        return None
    try:
        content = base64.b64decode(str(state["content"]), validate=True)
    except binascii.Error:
        content = b""
    return Handed(str(state["turn"]), str(state["name"]), content)
