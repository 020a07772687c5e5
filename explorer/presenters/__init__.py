"""Presenters show single observations. All observations are images so far, shown as files, error maps and thumbnails."""
