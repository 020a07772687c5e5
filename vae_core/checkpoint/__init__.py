"""Trained models on disk: one file a model, the registry that finds files by name, and the writing of a measured model."""

from vae_core.checkpoint.file import (
    MAX_FILE_BYTES,
    MAX_HEADER_BYTES,
    MAX_HELD_OUT,
    SUFFIX,
    VERSION,
    Checkpoint,
    CheckpointError,
    HeldOut,
    about,
    check_storable,
    is_half,
    load,
    read_header,
    save,
    stored,
)

__all__ = [
    "MAX_FILE_BYTES",
    "MAX_HEADER_BYTES",
    "MAX_HELD_OUT",
    "SUFFIX",
    "VERSION",
    "Checkpoint",
    "CheckpointError",
    "HeldOut",
    "about",
    "check_storable",
    "is_half",
    "load",
    "read_header",
    "save",
    "stored",
]
