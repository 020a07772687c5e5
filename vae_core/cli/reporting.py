"""Output of commands: figures for people and progress of downloads."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from vae_core.metrics.table import METRICS, shown, title

WIDTH = 34


def print_figures(metrics: dict[str, Any], scale: str) -> None:
    """Prints one line a figure, under a likelihood of that `LikelihoodConfig.scale`."""
    for name, metric in METRICS.items():
        if name not in metrics or name.endswith("_se"):
            continue
        unit = "" if metrics[name] is None else metric.shown_unit
        error = metrics.get(f"{name}_se")
        print(f"{title(name, scale):<{WIDTH}}{shown(name, metrics):>12} {unit}{f' ± {error:.1g}' if error else ''}".rstrip())
    for factor, value in metrics.get("mig_by_factor", {}).items():
        print(f"{f'MIG of {factor}':<{WIDTH}}{shown('mig', {'mig': value}):>12}")


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
