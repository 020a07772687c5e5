"""A page with nothing but the pad, for test_pad.py: one or two untrained models, whose kind is in the address."""

import dataclasses
import json

import numpy as np
import streamlit as st
from pad_models import MODELS, model

from explorer.components.latent_pad import PadData, PadModel, PadState, latent_pad
from vae_core.export import decoder_program
from vae_core.projection import principal


def codes(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Ten groups of codes (3000, d) around the origin, and which group each is of."""
    d = MODELS[kind].latent
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 3000)
    centres = 1.6 * np.stack([np.cos(np.arange(10) * 0.628), np.sin(np.arange(10) * 0.628)], 1)
    found = rng.normal(0, 0.1, (3000, d))
    found[:, :2] = centres[labels] + rng.normal(0, 0.4, (3000, 2))
    return found.astype(np.float32), labels


def pad_model(kind: str, name: str, seed: int, among: np.ndarray, **style) -> PadModel:
    d = MODELS[kind].latent
    mean, directions, explained = principal(among)
    return PadModel(
        name=name,
        title=name.upper(),
        program=decoder_program(model(kind, seed)).to_bytes(),
        latent=d,
        # So that a pixel can be read as soon as it is asked for, however busy the machine is.
        where="page",
        codes=among,
        order=range(d),
        dimensions=[f"z{i + 1} (rate {3.2 - i / 100:.1f} nats)" for i in range(d)],
        scales=np.full(among.shape, 0.1) * np.where(np.arange(d) % 2, 0.5, 1.0),
        principal=np.vstack([mean, directions]),
        explained=explained,
        **style,
    )


def other_codes(among: np.ndarray) -> np.ndarray:
    """Where a second model has the same images: turned by a quarter, mirrored and bent."""
    return np.stack([among[:, 1] * 1.5, among[:, 0] + 0.2 * among[:, 1] ** 2], 1).astype(np.float32)


def pad_data(kind: str, seed: int = 0, start: tuple[float, ...] | None = None, models: int = 1) -> PadData:
    among, labels = codes(kind)
    shown = [pad_model(kind, "vae", seed, among)]
    if models > 1:
        style = {"colour": "#d55e00", "marker": "diamond"}
        shown.append(pad_model(kind, "beta-vae", seed + 2, other_codes(among), **style))
    return PadData(
        models=shown,
        image=MODELS[kind].image,
        labels=labels,
        classes=[str(i) for i in range(10)],
        start=PadState("vae", "0-1", start) if start else None,
        smooth=kind == "faces",
    )


def page() -> None:
    st.set_page_config(layout="wide")
    seed = int(st.button("Other model"))
    start = (0.75, -0.5) if st.button("Other start") else (0.0, 0.0)
    st.button("Run again")
    kind, models = st.query_params.get("kind", "digits"), int(st.query_params.get("models", "1"))
    data = pad_data(kind, seed, start if kind == "digits" else None, models)
    if st.button("Broken program"):
        broken = dataclasses.replace(data.models[0], program=data.models[0].program[:1000])
        data = dataclasses.replace(data, models=[broken])
    state = latent_pad(data, key="pad")
    st.session_state.runs = st.session_state.get("runs", 0) + 1
    # In one element, so that a page never shows one of an earlier run than the other.
    known = json.dumps(state and dataclasses.asdict(state))
    st.markdown(f"Python knows: `{known}`\n\nRuns: `{st.session_state.runs}`")


if __name__ == "__main__":
    page()
