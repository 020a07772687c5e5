"""The curves of a loss chart, for any objective."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from explorer.payloads.loss_chart import traces
from explorer.services.runs import LossPoint


def page() -> None:
    from explorer.panels.run_progress import run_terms
    from explorer.services import runs

    run_terms(runs.find("fine-tune-x"))


CHARTS = {
    "VAE": ({"loss": 3.0, "distortion": 2.0, "rate": 1.0}, {"Loss": "nats", "Distortion": "nats", "Rate": "nats"}),
    "AE": ({"loss": 2.0, "distortion": 2.0}, {"Distortion": "nats"}),
    "MMD": ({"loss": 2.1, "distortion": 2.0, "mmd": 0.003}, {"Loss": "nats", "Distortion": "nats", "MMD": ""}),
    "adversarial": (
        {"loss": 2.0, "distortion": 2.0, "fooling": 0.7, "discrimination": 1.4},
        {"Distortion": "nats", "Adversarial loss": "nats", "Discriminator loss": "nats"},
    ),
    "toy": (
        {"loss": 5.0, "distortion": 2.0, "rate": 1.0, "total <b>": -0.5},
        {"Loss": "nats", "Distortion": "nats", "Rate": "nats", "total <b>": ""},
    ),
}
"""Values of the loss and its terms, and the title and unit of each panel."""


@pytest.mark.parametrize("name", CHARTS)
def test_a_run_shows_a_panel_for_each_of_its_terms(home, name) -> None:
    values, titles = CHARTS[name]
    terms = {term: value for term, value in values.items() if term != "loss"}
    point = {"step": 5, "loss": values["loss"], "terms": terms}
    progress = {"event": "progress", "steps": 20, "seconds_left": 1, "images_per_second": 1} | point
    folder = home / "jobs" / "fine-tune-x"
    folder.mkdir(parents=True)
    (folder / "request.json").write_text('{"kind": "fine-tune", "arguments": {"model": "m"}, "submitted": 1}')
    told = [{"event": "begin"}, progress, {"event": "validated"} | point]
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in told))
    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    for log in (False, True):
        app = app.toggle[0].set_value(log).run()
        figures = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
        shown = {figure["layout"]["title"]["text"]: figure for figure in figures}
        assert list(shown) == [title.replace("<", "&lt;").replace(">", "&gt;") for title in titles]
        for (title, unit), (text, figure) in zip(titles.items(), shown.items(), strict=True):
            axis = figure["layout"]["yaxis"]
            assert axis["title"]["text"] == (f"{unit} per image" if unit else text)
            assert axis["type"] == ("log" if log and title != "total <b>" else "linear")


def test_gaps_and_steps_of_a_term() -> None:
    training = [LossPoint(1, {"loss": 2.0, "distortion": 1.0}), LossPoint(2, {"loss": 2.0, "distortion": 1.0, "mmd": 0.1})]
    mmd = traces(training, [LossPoint(2, {"mmd": None})])[-1]
    assert (mmd.term.name, mmd.steps, mmd.values) == ("mmd", [1, 2], [None, 0.1])
    assert (mmd.validation_steps, mmd.validation) == ([2], [None])
    assert traces([], []) == []
