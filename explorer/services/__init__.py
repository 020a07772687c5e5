"""The only callers of `vae_core`: no layout here, and no torch or file paths outside."""
