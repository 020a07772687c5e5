"""How fast the pad or the map follows a drag, in a real Chromium with software GL: prints one JSON line.

    python tests/benchmarks/drag.py --script explorer/app.py --seconds 5
    python tests/benchmarks/drag.py --url "http://127.0.0.1:8501/?models=mnist-vae-16"
    python tests/benchmarks/drag.py --script explorer/app.py --page "map?models=mnist-vae-2" --part map

The pointer goes round the part at 60 moves a second, sent whether or not the page keeps up. `handler_to_pixels` is from the
entry of the pointer handler to the drawn image, `event_to_pixels` from the event's own time stamp; `python_calls` are
websocket frames sent during the drag. `screen_frames_per_second` is how often the browser offered to draw meanwhile: where two
moves fall between two offers one of them has nothing to draw. The pad then carries on as the last two moves went: such frames
count as frames, and `between_per_second` tells how many they are.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Page, async_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from conftest import CHROMIUM_ARGS, start_server

HZ = 60
FIND = "[...document.querySelectorAll('.stBidiComponent [data-testid]')].find((e) => e.{0}).{0}"

TO_PYTHON = "/_stcore/stream"
COUNT_OFFERS = "window.offers = 0; requestAnimationFrame(function next() { window.offers++; requestAnimationFrame(next); })"


@dataclass(frozen=True)
class Part:
    """What is dragged: how it is known to be ready, where it is, and the figures it keeps of itself."""

    ready: str
    surface: str
    host: str


PARTS = {
    "pad": Part(".pad[data-ready=true]", ".plane", FIND.format("latentPad")),
    "bare": Part("#plane", "#plane", "window.bare"),
    "map": Part(".map[data-ready=true]", ".field", FIND.format("pointMap")),
}


async def drag(page: Page, part: Part, seconds: float) -> dict:
    """One drag round the part; figures in milliseconds, frames per second and counts."""
    sent: list[float] = []
    page.on("websocket", lambda socket: TO_PYTHON in socket.url and socket.on("framesent", lambda _: sent.append(time.time())))
    await page.reload()
    await page.wait_for_selector(part.ready, timeout=90_000)
    await page.wait_for_function(f"!({part.host}.stats().tilesLeft > 0)", timeout=90_000)
    box = await page.locator(part.surface).bounding_box()

    def at(turn: float) -> tuple[float, float]:
        radius = 0.4 * math.sin(1.7 * turn)
        across, down = 0.5 + radius * math.cos(turn), 0.5 + radius * math.sin(turn)
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    await page.mouse.move(*at(0))
    await page.mouse.down()
    await page.wait_for_timeout(200)
    before, sent_before = await page.evaluate(f"{part.host}.stats()"), len(sent)
    started = time.perf_counter()
    await page.evaluate(COUNT_OFFERS)
    moves = []
    for move in range(round(seconds * HZ)):
        moves.append(asyncio.create_task(page.mouse.move(*at(2 * math.pi * move / (2.5 * HZ)))))
        await asyncio.sleep(max(0, started + (move + 1) / HZ - time.perf_counter()))
    await asyncio.gather(*moves)
    took = time.perf_counter() - started
    stats = await page.evaluate(f"{part.host}.stats()")
    calls, offers = len(sent) - sent_before, await page.evaluate("window.offers")
    await page.mouse.up()
    return {
        "moves_per_second": round(len(moves) / took, 1),
        "frames_per_second": round((stats["frames"] - before["frames"]) / took, 1),
        "between_per_second": round((stats.get("between", 0) - before.get("between", 0)) / took, 1),
        "screen_frames_per_second": round(offers / took, 1),
        **{f"{name}_ms": {q: round(ms, 2) for q, ms in stats[key].items()} for name, key in FIGURES.items()},
        "python_calls": calls,
        **{name: stats[name] for name in ("macs", "where", "points", "renderer") if name in stats},
    }


FIGURES = {"handler_to_pixels": "handlerToPixels", "event_to_pixels": "eventToPixels", "decode": "decode"}


async def measure(url: str, options: argparse.Namespace) -> dict:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
        page = await browser.new_page(viewport={"width": options.width, "height": options.height})
        await page.goto(url)
        figures = await drag(page, PARTS[options.part], options.seconds)
        await browser.close()
        return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--url")
    where.add_argument("--script", type=Path)
    parser.add_argument("--page", default="", help="of the script's server: a path, with its query")
    parser.add_argument("--part", choices=list(PARTS), default="pad")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="for the script's server")
    parser.add_argument("--decode", default="auto", help="where the script's pad decodes: auto, page, worker or server")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--height", type=int, default=900)
    options = parser.parse_args()
    if options.url:
        print(json.dumps(asyncio.run(measure(options.url, options))))
        return
    env = dict(pair.split("=", 1) for pair in options.env)
    server, url = start_server(options.script, env, Path(tempfile.mkdtemp()) / "log", ("--decode", options.decode))
    try:
        print(json.dumps(asyncio.run(measure(f"{url}/{options.page}", options))))
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()
