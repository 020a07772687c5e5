"""A page with nothing but the pad, for test_pad.py: an untrained model whose kind is given by PAD_MODEL."""

import dataclasses
import os

import numpy as np
import streamlit as st
import torch

from explorer.components.latent_pad import PadData, latent_pad
from vae_core.autoencoder import Autoencoder
from vae_core.config import ModelConfig, NetConfig
from vae_core.export import decoder_program

MODELS = {
    "digits": ModelConfig(image=(1, 28, 28), latent=2),
    "faces": ModelConfig(image=(3, 64, 64), latent=32, net=NetConfig("conv", channels=(32, 64, 128, 256))),
}


def model(kind: str, seed: int = 0) -> Autoencoder:
    """Large weights, so that an untrained model draws something."""
    torch.manual_seed(seed)
    built = Autoencoder(MODELS[kind])
    with torch.no_grad():
        for layer in built.decoder.modules():
            if isinstance(layer, torch.nn.Linear | torch.nn.ConvTranspose2d):
                layer.weight.mul_(2)
    return built.eval()


def pad_data(kind: str, seed: int = 0, start: tuple[float, float] = (0.0, 0.0)) -> PadData:
    built = model(kind, seed)
    d = built.config.latent
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 3000)
    centres = 1.6 * np.stack([np.cos(np.arange(10) * 0.628), np.sin(np.arange(10) * 0.628)], 1)
    basis = np.linalg.qr(rng.normal(size=(d, d)))[0] if d > 2 else np.eye(d)
    return PadData(
        program=decoder_program(built).to_bytes(),
        latent=d,
        image=built.config.image,
        origin=np.zeros(d) if d == 2 else rng.normal(0, 0.1, d),
        u=basis[0],
        v=basis[1],
        extent=(-3, 3, -3, 3),
        axes=("z1 (KL 3.2 nats)", "z2 (KL 2.9 nats)"),
        points=(centres[labels] + rng.normal(0, 0.4, (3000, 2))).astype(np.float32),
        labels=labels,
        classes=[str(i) for i in range(10)],
        start=start,
        title="VAE",
        smooth=kind == "faces",
    )


def page() -> None:
    st.set_page_config(layout="wide")
    seed = int(st.button("Other model"))
    start = (1.5, -1.5) if st.button("Other start") else (0.0, 0.0)
    st.button("Run again")
    data = pad_data(os.environ.get("PAD_MODEL", "digits"), seed, start)
    if st.button("Broken program"):
        data = dataclasses.replace(data, program=data.program[:1000])
    point = latent_pad(data, key="pad")
    st.markdown(f"Python knows: `{point}`")
    st.session_state.runs = st.session_state.get("runs", 0) + 1
    st.markdown(f"Runs: `{st.session_state.runs}`")


if __name__ == "__main__":
    page()
