"""Benchmarks of training beside other code that trains the same model: `python -m vae_core bench`."""
