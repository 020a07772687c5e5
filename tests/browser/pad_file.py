"""The pad as one file, for the tests that open it from disk."""

from __future__ import annotations

from explorer.services import models, pads
from explorer.services.view import View

HOST = "document.querySelector('main').latentPad"


def exported(*names: str, **view) -> bytes:
    shelf = models.shelf()
    cards = [shelf.card(name) for name in names]
    return pads.page(cards, View(cards[0].data, names, names[0], **view))
