"""Times training at two revisions of the repository, and says whether both come to the same weights. Prints one JSON object.

python tests/benchmarks/training/before_after.py [BEFORE] [AFTER] [--only NAME ...] [--engines NAME ...] [--rounds N]

Each revision is checked out into a temporary worktree. The two take turns: in each round every net and engine is trained at
both, each time in a new process of one thread, and the order changes from round to round. A speed is the median round, of which
the median step counts; a ratio is the median of the ratios within each round. On a machine that others use too, the ratio of
processor times says more: it compares the fastest tenth of the steps.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
BEFORE = "f8f9b9f"
STEPS = {"cpu-mlp": 400, "cpu-conv": 12}
"""Steps of a run, of which the first quarter is not timed."""
ENGINES = ("eager", "compile")
IMAGES = 4_000
PEERS = ("training.peers", "vae_core.bench.peers")
"""Modules that define the two nets: at this revision, and at earlier ones."""

Figures = dict[str, Any]


def main() -> None:
    """Times the revisions that the command line names."""
    if sys.argv[1:2] == ["worker"]:
        _, _, name, engine, steps = sys.argv
        print(json.dumps(train(name, engine, int(steps))))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", nargs="?", default=BEFORE, help=f"revision; {BEFORE} if not given")
    parser.add_argument("after", nargs="?", default="HEAD", help="revision; HEAD if not given")
    parser.add_argument("--only", nargs="+", choices=STEPS, default=list(STEPS), metavar="NAME", help=", ".join(STEPS))
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES), metavar="NAME", help=", ".join(ENGINES))
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the median counts; 5 if not given")
    parser.add_argument("--steps", type=int, help="steps of each run; " + ", ".join(f"{v} of {k}" for k, v in STEPS.items()))
    options = parser.parse_args()
    with checked_out(options.before) as before, checked_out(options.after) as after:
        trees = {"before": before, "after": after}
        runs = [(name, engine) for name in options.only for engine in options.engines]
        found: dict[tuple[str, str], list[dict[str, Figures]]] = {run: [] for run in runs}
        for k in range(options.rounds):
            for name, engine in runs:
                print(f"round {k + 1} of {options.rounds}: {name}, {engine}", file=sys.stderr)
                order = list(trees) if k % 2 == 0 else list(trees)[::-1]
                steps = str(options.steps or STEPS[name])
                found[name, engine].append({which: in_process(trees[which], name, engine, steps) for which in order})
        about = {which: revision(path) for which, path in trees.items()}
    print(json.dumps(about | {f"{name}, {engine}": compared(rounds) for (name, engine), rounds in found.items()}, indent=1))


def compared(rounds: list[dict[str, Figures]]) -> Figures:
    """The speeds of both revisions in images a second, the ratios of after to before, and whether all weights are the same."""

    def ratio(unit: str) -> float:
        return round(statistics.median(found["before"][unit] / found["after"][unit] for found in rounds), 3)

    speeds = {
        which: round(statistics.median(found[which]["batch"] / found[which]["seconds"] for found in rounds))
        for which in ("before", "after")
    }
    identical = len({found[which]["weights"] for found in rounds for which in found}) == 1
    return speeds | {"ratio": ratio("seconds"), "ratio_of_cpu_time": ratio("cpu_seconds"), "same_weights": identical}


@contextmanager
def checked_out(wanted: str) -> Iterator[Path]:
    """A temporary worktree of a revision."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tree"
        subprocess.run(["git", "-C", str(ROOT), "worktree", "add", "--detach", "--quiet", str(path), wanted], check=True)
        try:
            yield path
        finally:
            subprocess.run(["git", "-C", str(ROOT), "worktree", "remove", "--force", str(path)], check=True)


def revision(tree: Path) -> str:
    """The commit that a worktree has checked out."""
    done = subprocess.run(["git", "-C", str(tree), "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def in_process(tree: Path, name: str, engine: str, steps: str) -> Figures:
    """What `train` finds in a new process of one thread that imports the package from a worktree."""
    path = os.pathsep.join([str(tree), str(tree / "tests" / "benchmarks")])
    environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(Path(__file__).resolve()), "worker", name, engine, steps]
    done = subprocess.run(command, env=environment, cwd=tree, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def train(name: str, engine: str, steps: int) -> Figures:
    """Seconds of the median step, processor time of the fast steps, the batch size, and a digest of the final weights."""
    # The folder of this file holds modules that are not meant to be found by their bare names.
    sys.path.remove(str(Path(__file__).resolve().parent))
    import torch

    import vae_core

    torch.set_num_threads(1)
    torch.manual_seed(0)
    peers = _imported(PEERS)
    model = {"cpu-mlp": peers.our_mlp, "cpu-conv": peers.our_conv}[name]()
    images = torch.randint(0, 256, (IMAGES, *peers.IMAGE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    config = vae_core.TrainConfig(steps=steps, batch_size=peers.BATCH, lr=peers.LR, engine=engine, validate_every=1e6)
    times: list[tuple[float, float]] = []
    engines: list[str] = []

    def between() -> bool:
        times.append((time.perf_counter(), time.process_time()))
        return False

    def listen(event: Any) -> None:
        engines.extend([event.engine] if hasattr(event, "engine") else [])

    _fit(vae_core.fit, model, images, config, should_stop=between, subscribers=[listen])
    if set(engines) != {engine}:
        raise RuntimeError(f"The run was to be carried out by {engine} and had {', '.join(engines)}.")
    timed = list(itertools.pairwise(times[len(times) // 4 :]))
    seconds, cpu_seconds = ([later[k] - earlier[k] for earlier, later in timed] for k in (0, 1))
    digest = hashlib.sha256()
    for parameter in model.parameters():
        digest.update(parameter.detach().contiguous().numpy().tobytes())
    return {
        "seconds": statistics.median(seconds),
        "cpu_seconds": statistics.quantiles(cpu_seconds, n=10)[0],
        "batch": peers.BATCH,
        "weights": digest.hexdigest(),
    }


def _imported(names: tuple[str, ...]) -> Any:
    """The first of these modules that this revision has."""
    for name in names[:-1]:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if not name.startswith(str(error.name)):
                raise
    return importlib.import_module(names[-1])


def _fit(fit: Any, model: Any, images: Any, config: Any, **options: Any) -> None:
    """Calls `fit` with splits, or with bare images at revisions that have no splits."""
    try:
        from vae_core.data.dataset import Split, TrainingSplits
    except ImportError:
        fit(model, images, images[:200], config, **options)
    else:
        fit(model, TrainingSplits(Split(images), Split(images[:200])), config, **options)


if __name__ == "__main__":
    main()
