"""Latent Explorer: the browser app on top of `vae_core`."""
