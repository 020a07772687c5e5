"""Presenters show single observations: images as files, error maps and thumbnails, texts as cells."""
