"""What the tests of the pad read off its page, pad_app.py."""

from __future__ import annotations

import json

import numpy as np

HOST = "[...document.querySelectorAll('.stBidiComponent [data-testid]')].find((e) => e.latentPad)?.latentPad"
TOLERANCE = 1e-4


def read(page) -> dict:
    """The state of the pad: point, extent, plane, nearest; name, z, details and pixels of the lead and of all `models`."""
    return page.evaluate(
        f"""(() => {{
          const r = {HOST}.read();
          const list = (values) => values && [...values];
          const plain = ({{ name, z, details, pixels }}) => {{
            return {{ name, z: list(z), details: list(details), pixels: list(pixels) }};
          }};
          return {{ ...r, ...plain(r), models: r.models.map(plain) }};
        }})()"""
    )


def known(page) -> dict:
    """What Python was told last."""
    return json.loads(page.locator("text=Python knows").inner_text().split(": ", 1)[1])


def wait_until_known(page, z: list[float], atol: float = 1e-6) -> None:
    """Until Python was told of this code, within `atol`.

    Keys pressed slowly are several rests, so their runs cannot be counted.
    """
    page.wait_for_function(
        """([z, atol]) => {
          const paragraphs = [...document.querySelectorAll('p')];
          const text = paragraphs.find((p) => p.innerText.startsWith('Python knows: ')).innerText;
          const told = JSON.parse(text.slice('Python knows: '.length));
          return told !== null && told.z.every((value, i) => Math.abs(value - z[i]) < atol + 1e-5 * Math.abs(z[i]));
        }""",
        arg=[[float(value) for value in z], atol],
    )


def at(page, across: float, down: float) -> list[float]:
    """The coordinates at a share of the plane's width and height."""
    a0, a1, b0, b1 = read(page)["extent"]
    return [a0 + across * (a1 - a0), b1 - down * (b1 - b0)]


def frames(page) -> int:
    return page.evaluate(f"{HOST}.stats().frames")


def wait_until_done(page) -> None:
    """Until images and figures of the last gesture are there, and Python has been told of it."""
    page.wait_for_function(f"!{HOST}.stats().pending")


def settle(page, before: int) -> None:
    """Until a frame has been drawn since `before`, and the next one has nothing left to do."""
    page.wait_for_function(f"{HOST}.stats().frames > {before} && !{HOST}.stats().drawing")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def wanted(app, kind: str, z: list[float], seed: int = 0) -> np.ndarray:
    return app.model(kind, seed).decode(np.float32(z)).flatten().numpy()


def place(page, across: float, down: float) -> tuple[float, float]:
    page.locator(".plane").scroll_into_view_if_needed()
    box = page.locator(".plane").bounding_box()
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def drag(page, *places: tuple[float, float]) -> None:
    """From the middle of the plane over these places, and what they draw; the button stays down."""
    box = page.locator(".plane").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for across, down in places:
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=5)
    page.wait_for_function(f"!{HOST}.stats().drawing")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
