"""The pad as one file, for the tests that open it from disk."""

from __future__ import annotations

from explorer.payloads import latent_pad
from explorer.services import models
from explorer.services.view import View

HOST = "document.querySelector('main').latentPad"


def exported(*names: str, **view) -> bytes:
    registry = models.registry()
    cards = [registry.card(name) for name in names]
    return latent_pad.html_page(cards, View(cards[0].data, names, names[0], **view))
