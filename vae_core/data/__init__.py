"""Data sets: one small file per source, all as uint8 images in three fixed, disjoint splits."""

from .dataset import DataError, Dataset, Progress, Split
from .download import FETCHABLE, fetch
from .shapes import render
from .sources import NAMES, available, load_dataset

__all__ = ["FETCHABLE", "NAMES", "DataError", "Dataset", "Progress", "Split", "available", "fetch", "load_dataset", "render"]
