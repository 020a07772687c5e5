"""What a log says of the terms of any objective."""

from __future__ import annotations

import io

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from vae_core.training import events


class Terminal(io.StringIO):
    """A stream that takes itself for a terminal."""

    def isatty(self) -> bool:
        return True


TERMS = {
    "distortion 110.20, mmd 0.00312": {"distortion": 110.2, "mmd": 0.00312},
    "distortion 110.20, fooling 0.693, discrimination 1.386": {
        "distortion": 110.2,
        "fooling": 0.6931,
        "discrimination": 1.3863,
    },
    "distortion 110.20, total_correlation 0.00312": {"distortion": 110.2, "total_correlation": 0.00312},
}
"""Terms of an MMD run, of an adversarial one and of an objective that the package does not know, by what is printed."""


@pytest.mark.parametrize(("text", "terms"), TERMS.items())
def test_a_line_shows_every_term_with_its_digits(text, terms):
    stream, terminal = io.StringIO(), Terminal()
    events.ProgressLine(stream)(events.Validated(5, 120.3, terms, True))
    assert stream.getvalue() == f"step 5: validation loss 120.30, {text} (best)\n"
    events.ProgressLine(terminal)(events.Progress(5, 9, 120.3, terms, {}, 1e-3, 2000, 60, 0))
    assert f"5/9  {text}  2,000 images/s" in terminal.getvalue()


def test_tensorboard_has_every_term_and_its_weight(tmp_path):
    board = events.TensorBoard(tmp_path)
    board(events.Progress(5, 9, 120.3, {"rate": 7.0, "mmd": 0.003}, {"rate": 4.0, "mmd": 30.0}, 1e-3, 2000, 60, 0))
    board(events.Validated(5, 120.3, {"mmd": 0.003}, True))
    board(events.Finished(5, "done", 1.0))
    found = EventAccumulator(str(tmp_path))
    found.Reload()
    names = {"train/rate", "train/mmd", "train/beta", "train/mmd_weight", "validation/mmd", "validation/loss"}
    assert names <= set(found.Tags()["scalars"])
