"""torchvision beside a CPU build of torch. Everything in this project imports torchvision through here.

PyPI's torchvision for Linux is built for CUDA. Beside a CPU torch its compiled part does not load, so the operators it
would have registered are unknown, and importing it fails. With their schemas declared, all that is Python in it works
(datasets, transforms.v2, utils, models); its image codecs do not.
"""

from __future__ import annotations

import importlib
import sys
import threading
from types import ModuleType

_OPERATORS = ("nms", "qnms")
_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

_lock = threading.Lock()
_declared: list[object] = []  # torch forgets the schemas when the Library that declared them is collected


def import_torchvision() -> ModuleType:
    """torchvision, imported plainly where that works. Raises ImportError where it is not installed.

    Its `datasets`, `transforms`, `models` and `utils` are loaded with it.
    """
    with _lock:
        try:
            return importlib.import_module("torchvision")
        except RuntimeError as error:
            if "operator torchvision::nms does not exist" not in str(error):
                raise
        # What the failed import left behind would be taken for whole by the next one.
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        if not _declared:
            import torch

            library = torch.library.Library("torchvision", "FRAGMENT")
            for operator in _OPERATORS:
                library.define(operator + _SCHEMA)
            _declared.append(library)
        return importlib.import_module("torchvision")
