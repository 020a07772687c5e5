"""What a worker can do: one file a task, each a function of its Context. No Streamlit here: workers start fast."""

from collections.abc import Callable

from explorer.services.tasks.context import Context, Stopped
from explorer.services.tasks.draw_map import draw_map

TASKS: dict[str, Callable[[Context], None]] = {"map": draw_map}

__all__ = ["TASKS", "Context", "Stopped"]
