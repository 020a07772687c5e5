"""What a worker can do: one file a task, each a function of its Context. No Streamlit here: workers start fast."""

from collections.abc import Callable

from explorer.services.tasks.context import Context, Stopped
from explorer.services.tasks.draw_map import draw_map
from explorer.services.tasks.fetch_data import fetch_data
from explorer.services.tasks.fine_tune import fine_tune

TASKS: dict[str, Callable[[Context], None]] = {"map": draw_map, "fetch": fetch_data, "fine-tune": fine_tune}

__all__ = ["TASKS", "Context", "Stopped"]
