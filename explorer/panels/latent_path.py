"""The path that is pinned on the pad, to take along."""

import streamlit as st

from explorer.components.latent_pad import PadPath
from explorer.services import latent_paths, own_models
from explorer.services.models import Card
from explorer.services.text import counted, plain


def path_panel(path: PadPath, card: Card) -> None:
    """Draws it: downloads that are made when they are asked for."""
    try:
        codes = latent_paths.checked(card, path.codes)
    except ValueError as error:
        st.error(plain(str(error)))
        return
    st.caption(plain(f"Take the path along: {counted(len(codes), 'code')} of {card.title}, and what it decodes of them."))
    name = f"{own_models.cleaned(card.name, '-') or 'latent'}-path"
    kinds = [
        ("GIF", lambda: latent_paths.gif(latent_paths.frames(card, codes)), f"{name}.gif", "image/gif"),
        ("PNG strip", lambda: latent_paths.strip(latent_paths.frames(card, codes)), f"{name}.png", "image/png"),
        ("NPZ", lambda: latent_paths.npz(codes, latent_paths.frames(card, codes)), f"{name}.npz", "application/octet-stream"),
        ("CSV", lambda: latent_paths.table(codes), f"{name}.csv", "text/csv"),
    ]
    for column, (title, make, file, mime) in zip(st.columns([1] * len(kinds) + [4]), kinds, strict=False):
        column.download_button(title, make, file, mime, key=f"path-{title}", on_click="ignore", width="stretch")
