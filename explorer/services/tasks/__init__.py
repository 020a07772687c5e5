"""The tasks of workers: each file has one task, a function of its Context.

No task imports Streamlit, so that workers start fast.
"""

from collections.abc import Callable

from explorer.services.tasks.compute_projection import compute_projection
from explorer.services.tasks.context import Context, Stopped
from explorer.services.tasks.fetch_data import fetch_data
from explorer.services.tasks.fine_tune import fine_tune

TASKS: dict[str, Callable[[Context], None]] = {"map": compute_projection, "fetch": fetch_data, "fine-tune": fine_tune}

__all__ = ["TASKS", "Context", "Stopped"]
