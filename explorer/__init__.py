"""Latent Explorer: the browser app over `vae_core`."""
