"""Models: their parts, how these are wired, and the public face of the whole."""
