"""Node, which runs the page's modules without a page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COMPONENTS = Path(__file__).parents[3] / "explorer" / "components"


@pytest.fixture(scope="session")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        message = "Node is not installed; the browser's runtime was not run."
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return found


@pytest.fixture
def evaluate(node: str) -> Callable[..., Any]:
    """evaluate(module, expression, **given): the expression's value, with the module's exports as `it` and `given` by name."""

    def evaluated(module: str, expression: str, **given: Any) -> Any:
        names = ", ".join(["it", *given])
        script = f"""
          const it = await import({json.dumps((COMPONENTS / module).as_uri())});
          const given = {json.dumps(given)};
          const found = await (async ({names}) => {expression})(it, ...Object.values(given));
          console.log(JSON.stringify(found));
        """
        done = subprocess.run([node, "--input-type=module", "-e", script], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return evaluated
