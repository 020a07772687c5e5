"""What commands print: figures for people, progress of downloads."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

LABELS = {
    "n": ("images", ""),
    "distortion": ("distortion", "nats"),
    "rate": ("rate", "nats"),
    "negative_elbo": ("negative ELBO", "nats"),
    "iwae_nll": ("IWAE NLL", "nats"),
    "mse": ("MSE", ""),
    "ssim": ("SSIM", ""),
    "active_units": ("active units", ""),
    "mig": ("MIG", ""),
    "dci_disentanglement": ("DCI disentanglement", ""),
    "dci_completeness": ("DCI completeness", ""),
    "dci_informativeness": ("DCI informativeness", ""),
    "sap": ("SAP", ""),
}
"""Figure to its name and unit."""


def figure(name: str, value: Any) -> str:
    """A figure in words: three or four significant places; a dash where it is not defined."""
    if value is None:
        return "—"
    if isinstance(value, int):
        return str(value)
    if name in ("mse", "ssim") or LABELS.get(name, ("", ""))[1] == "":
        return f"{value:.4f}" if name == "mse" else f"{value:.3f}"
    return f"{value:.2f}"


def print_figures(metrics: dict[str, Any]) -> None:
    for name, (label, unit) in LABELS.items():
        if name in metrics:
            print(f"{label:<22}{figure(name, metrics[name]):>10} {unit}".rstrip())


def download_line() -> Callable[[str, int, int], None]:
    """A progress callback that writes over one line of the terminal; silent elsewhere."""
    live = sys.stderr.isatty()

    def tell(what: str, done: int, total: int) -> None:
        if live:
            share = f"{100 * done / total:.0f}%" if total else f"{done / 1e6:.1f} MB"
            end = "\n" if total and done >= total else ""
            sys.stderr.write(f"\r{what}: {share}\x1b[K{end}")
            sys.stderr.flush()

    return tell
