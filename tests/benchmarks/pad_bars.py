"""Every bar of the latent pad, in a real Chromium with software GL: prints a JSON line for each, with what is wanted of it.

    python tests/benchmarks/pad_bars.py [--seconds 10] [--minutes 5] [--only drag server decode opening]

`drag`: one hand round the pad at 60 moves a second (see drag.py), after the same on a bare page. `server`: both again, with a
model that the server is made to decode, in one session and in four at once. `decode`: against onnxruntime-web (see decode.py,
which has needs of its own). `opening`: how soon a pad is usable, and whether a long drag keeps the tab's memory (see
opening.py). Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import tempfile
from pathlib import Path

import decode
import drag
import opening
import torch
from conftest import CHROMIUM_ARGS, ROOT, start_server
from playwright.async_api import async_playwright
from playwright.sync_api import sync_playwright

from vae_core import checkpoint
from vae_core.checkpoint import Checkpoint, HeldOut
from vae_core.config import ConvConfig, ModelConfig
from vae_core.models.build import build_model

APP = ROOT / "explorer" / "app.py"
BARE = Path(__file__).with_name("bare.html").as_uri()
SMALL = {
    "frames_per_second": ">= 58",
    "handler_to_pixels_p95_ms": "<= 8",
    "event_to_pixels_p95_ms": "<= 24",
    "python_calls": "<= 0",
}
DRAGS = {
    "mnist-vae-2": SMALL,
    "mnist-vae-16": SMALL,
    "conv-32": SMALL,
    "faces-vae-64": {"frames_per_second": ">= 45", "handler_to_pixels_p95_ms": "<= 22", "python_calls": "<= 0"},
    "mnist-vae-2,mnist-beta-vae-2,mnist-ae-2": {"frames_per_second": ">= 55", "python_calls": "<= 0"},
}
SERVED = {
    1: {"frames_per_second": ">= 55", "handler_to_pixels_p95_ms": "<= 20"},
    4: {"frames_per_second": ">= 25"},
}
DECODES = {
    "mlp-28": {"ours_ms": "<= 0.4", "ratio": "<= 1"},
    "conv-32": {"ours_ms": "<= 0.6", "ratio": "<= 1"},
    "faces-vae-64": {"ours_ms": "<= 6", "ratio": "<= 1"},
}
COMPARE = {"<=": lambda figure, bar: figure <= bar, ">=": lambda figure, bar: figure >= bar}


def tell(what: str, figures: dict, wanted: dict[str, str]) -> None:
    met = {}
    for name, text in wanted.items():
        sign, bar = text.split()
        met[name] = COMPARE[sign](figures[name], float(bar))
    shown = {name: float(f"{figures[name]:.3g}") for name in (*wanted, *(figures.keys() & {"between_per_second"}))}
    print(json.dumps({"what": what, "figures": shown, "wanted": wanted, "met": all(met.values())}), flush=True)


def flat(figures: dict) -> dict:
    p95 = {f"{name}_p95_ms": figures[f"{name}_ms"]["p95"] for name in ("handler_to_pixels", "event_to_pixels")}
    return p95 | {name: figures[name] for name in ("frames_per_second", "between_per_second", "python_calls")}


async def drags(url: str, seconds: float, sessions: int = 1, part: str = "pad") -> list[dict]:
    """The figures of so many sessions, each dragged by a hand of its own at the same time."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
        contexts = [await browser.new_context(viewport={"width": 1440, "height": 900}) for _ in range(sessions)]
        pages = [await context.new_page() for context in contexts]
        for page in pages:
            await page.goto(url)
        found = await asyncio.gather(*(drag.drag(page, drag.PARTS[part], seconds) for page in pages))
        await browser.close()
        return [flat(figures) for figures in found]


def worst(found: list[dict]) -> dict:
    return {name: (min if name == "frames_per_second" else max)(figures[name] for figures in found) for name in found[0]}


def served(folder: Path, *arguments: str):
    env = {"LATENT_EXPLORER_HOME": str(folder / "home")}
    return start_server(APP, env, folder / "log", ("--checkpoints", str(folder), *arguments))


def put_conv(folder: Path) -> None:
    """An untrained model of 32x32 images, since none ships."""
    torch.manual_seed(0)
    model = build_model(ModelConfig.for_images((1, 32, 32), 16, ConvConfig(channels=(32, 64, 128), hidden=(256,))))
    about = {"name": "own", "title": "Own", "fingerprint": "0" * 64}
    held_out = HeldOut(torch.randn(2000, 16), scale=torch.full((2000, 16), 0.1))
    checkpoint.save(Checkpoint(model, about, {}, {}, held_out, title="conv-32"), folder / "conv-32.safetensors")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--visits", type=int, default=5)
    parts = ("drag", "server", "decode", "opening")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    put_conv(folder)
    if "drag" in options.only or "opening" in options.only:
        server, url = served(folder)
        try:
            for query, wanted in DRAGS.items() if "drag" in options.only else ():
                # What the machine's browser can do at that moment, whatever is drawn.
                (bare,) = asyncio.run(drags(BARE, options.seconds, part="bare"))
                print(json.dumps({"what": "a bare page with a handle and an image", "figures": bare}), flush=True)
                tell(f"drag {query}", *asyncio.run(drags(f"{url}/?models={query}", options.seconds)), wanted)
            if "opening" in options.only:
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
                    found = opening.measure(browser, f"{url}/?models=mnist-vae-2", options.visits, options.minutes, folder)
                    browser.close()
                tell("opening, warm server", {"usable_s": found["usable_s"]["median"]}, {"usable_s": "<= 1.5"})
                beside = {name: found[name] for name in ("bare_s", "over_bare_s")}
                print(json.dumps({"what": "the same, beside a Streamlit page of one line", "figures": beside}), flush=True)
                ratio = {"ratio": found["memory_mb"]["ratio"]}
                tell(f"memory after {options.minutes:g} min of dragging, over that before", ratio, {"ratio": "<= 1.1"})
        finally:
            server.terminate()
            server.wait(20)
    if "server" in options.only:
        server, url = served(folder, "--decode", "server")
        try:
            for sessions, wanted in SERVED.items():
                bare = worst(asyncio.run(drags(BARE, options.seconds, sessions, "bare")))
                print(json.dumps({"what": f"a bare page, {sessions} at once, the slowest", "figures": bare}), flush=True)
                found = worst(asyncio.run(drags(f"{url}/?models=mnist-vae-2", options.seconds, sessions)))
                tell(f"decoded on the server, {sessions} at once, the slowest", found, wanted)
        finally:
            server.terminate()
            server.wait(20)
    if "decode" in options.only:
        for name, figures in decode.compare(300).items():
            if name in DECODES:
                tell(f"decode {name}, against onnxruntime-web", figures, DECODES[name])
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
