"""Downloads of the path that is pinned on the pad."""

import streamlit as st

from explorer.components.latent_pad import PadPath
from explorer.presenters.image_files import gif, path_strip
from explorer.services import latent_paths, models, user_models
from explorer.services.models import ModelCard
from explorer.services.text import counted, escaped


def path_panel(path: PadPath, card: ModelCard, condition: int | None) -> None:
    """Draws one button for each format. A file is made when its button is clicked.

    condition: the class that the model is given, or None.
    """
    try:
        codes = latent_paths.checked_codes(card, path.codes)
    except ValueError as error:
        st.error(escaped(str(error)))
        return
    noun = card.config.modelled.noun
    decoded = f"the {noun}s decoded from them{' with mean details' if models.has_details(card) else ''}"
    st.caption(escaped(f"Download the path: {counted(len(codes), 'code')} of {card.title}, and {decoded}."))
    name = f"{user_models.cleaned(card.name, '-') or 'latent'}-path"
    images = lambda: latent_paths.images(card, codes, condition)  # noqa: E731
    pictures = [
        ("GIF", lambda: gif(images()), f"{name}.gif", "image/gif"),
        ("PNG strip", lambda: path_strip(images()), f"{name}.png", "image/png"),
    ]
    texts = [("TXT", lambda: latent_paths.text_lines(card, images()), f"{name}.txt", "text/plain")]
    kinds = [
        *(pictures if card.shows_images else texts),
        ("NPZ", lambda: latent_paths.npz(codes, images()), f"{name}.npz", "application/octet-stream"),
        ("CSV", lambda: latent_paths.csv_table(codes), f"{name}.csv", "text/csv"),
    ]
    for column, (title, make, file, mime) in zip(st.columns([1] * len(kinds) + [4]), kinds, strict=False):
        column.download_button(title, make, file, mime, key=f"path-{title}", on_click="ignore", width="stretch")
