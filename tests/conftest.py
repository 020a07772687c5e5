"""For all tests: one thread, here and in the processes they start, so that they do not fight for cores; and full data sets
where the developers' shared folder lies beside the project."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

SHARED = Path(__file__).parents[2] / "shared" / "data"
if SHARED.is_dir():
    os.environ.setdefault("VAE_DATA", str(SHARED))

import pytest  # noqa: E402
import torch  # noqa: E402 (it reads the variables above)

torch.set_num_threads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that of several workers none is left with a long one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
