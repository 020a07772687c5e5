"""Fine-tuning with the app's defaults: what a run of so many seconds does to images that the model was not trained on.

Each case is a job as the page Fine-tune starts it, in a worker process of its own. Prints one JSON line a case: the loss of the
validation images at the start and at the weights that were kept, and distortion and MSE of the test images before and after.

    python tests/benchmarks/fine_tune_defaults.py [--seconds 20] [--only polygons]

The cases: `polygons` (400 grey polygons on mnist-vae-2), `colour` (200 polygons in colour, 64x64, on faces-vae-64), `few` (20
grey polygons on mnist-vae-2) and `fashion` (Fashion-MNIST on mnist-vae-2, which needs VAE_DATA).
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
import time
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

CASES = {"polygons": "mnist-vae-2", "colour": "faces-vae-64", "few": "mnist-vae-2", "fashion": "mnist-vae-2"}


def polygon(seed: int, side: int, colour: bool) -> bytes:
    """A PNG of one filled polygon of 3 to 6 corners, bright on a dark ground."""
    rng = np.random.default_rng(1000 + seed)
    corners = int(rng.integers(3, 7))
    angles = rng.random() * 6.28 + np.arange(corners) * 6.2832 / corners
    centre, radius = side / 2 + rng.normal(0, side / 14, 2), rng.uniform(6, 11) * side / 28
    points = [tuple(point) for point in (centre + radius * np.stack([np.cos(angles), np.sin(angles)], 1)).tolist()]
    fill = tuple(int(value) for value in rng.integers(60, 256, 3)) if colour else int(rng.integers(150, 255))
    image = Image.new("RGB" if colour else "L", (side, side), (20, 30, 60) if colour else 0)
    ImageDraw.Draw(image).polygon(points, fill=fill)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def files(case: str) -> list[tuple[str, bytes]]:
    """The person's own images (name, bytes) of a case; none where it trains on a data set."""
    count, side = {"polygons": (400, 28), "colour": (200, 64), "few": (20, 28), "fashion": (0, 0)}[case]
    return [(f"{i:03d}.png", polygon(i, side, case == "colour")) for i in range(count)]


def measure(case: str, seconds: int) -> dict[str, Any]:
    """Runs a case to its end."""
    from explorer.services import fine_tuning, jobs, models, runs

    card = models.registry().card(CASES[case])
    data = "fashion_mnist" if case == "fashion" else None
    beta = card.config.objective.beta
    lr = fine_tuning.learning_rate(card, data, beta, card.config.likelihood)
    request = fine_tuning.RunRequest(card.name, data, "seconds", seconds, lr, fine_tuning.BATCH_SIZE, 0, beta)
    begin = time.perf_counter()
    run, first = fine_tuning.start(request, card, files(case)), None
    while run.state in jobs.UNDER_WAY:
        time.sleep(0.2)
        run = runs.find(run.job.name)
        if first is None and run.step:
            first = time.perf_counter() - begin
    after = runs.result(run)
    if after is None:
        raise SystemExit(f"The run of {case} {run.state}: {run.message}")
    curve = after.training["curve"]
    kept = min(point["validation_loss"] for point in curve)
    start = curve[0]["validation_loss"]
    distortion = run.before["distortion"], after.metrics["distortion"]
    return {
        "case": case,
        "model": card.name,
        "seconds": seconds,
        "steps": after.training["steps"],
        "kept_step": after.training["kept_step"],
        "seconds_to_first_step_seen": None if first is None else round(first, 1),
        "validation_loss": [round(start, 2), round(kept, 2)],
        "never_worse": kept <= start,
        "test_distortion": [round(value, 2) for value in distortion],
        "test_distortion_change": round((distortion[1] - distortion[0]) / abs(distortion[0]), 3),
        "test_mse": [round(run.before["mse"], 5), round(after.metrics["mse"], 5)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--only", nargs="+", choices=list(CASES), default=list(CASES))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["LATENT_EXPLORER_HOME"] = home
        for case in options.only:
            print(json.dumps(measure(case, options.seconds)), flush=True)


if __name__ == "__main__":
    sys.exit(main())
