"""A headless Firefox without a network, for pages on disk."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from marionette import Marionette
from polling import wait_until

START_SECONDS = 60
PREFERENCES = {
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
SCHEMES = ("dark", "light")

# The window is no narrower than its tool bars allow, but the page in it may be.
PREPARE = """
const [width, height, scheme] = arguments;
const { style } = gBrowser.selectedBrowser;
for (const edge of ["", "min-", "max-"]) {
  style.setProperty(`${edge}width`, `${width}px`);
  style.setProperty(`${edge}height`, `${height}px`);
}
Services.prefs.setIntPref("layout.css.prefers-color-scheme.content-override", scheme);
Services.console.reset();
"""
ERRORS = """
return Services.console.getMessageArray()
  .filter((told) => told instanceof Ci.nsIScriptError && !(told.flags & Ci.nsIScriptError.warningFlag))
  .filter(({ sourceName }) => /^(file|blob):/.test(sourceName))
  .map(({ errorMessage, lineNumber }) => `${errorMessage} (line ${lineNumber})`);
"""


class Firefox:
    def __init__(self, executable: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        preferences = {**PREFERENCES, "marionette.port": port}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
        Path(self.profile.name, "user.js").write_text("\n".join(lines))
        options = ["--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--profile", self.profile.name]
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([executable, *options], env={**os.environ, "HOME": self.profile.name}, **silent)
        try:
            self.remote = Marionette(port, START_SECONDS)
            self.remote.script("Services.io.offline = true", chrome=True)
        except BaseException:
            self._end()
            raise

    def open(self, url: str, width: int = 1440, height: int = 900, scheme: str = "light") -> None:
        """A page of this size for a person who likes this colour scheme; `errors` are its own from then on."""
        self.remote.script(PREPARE, width, height, SCHEMES.index(scheme), chrome=True)
        self.remote.call("Marionette:SetContext", value="content")
        self.remote.call("WebDriver:Navigate", url=url)

    def evaluate(self, expression: str) -> Any:
        return self.remote.script(f"return {expression}")

    def errors(self) -> list[str]:
        """What went wrong in scripts of files on disk and in their workers."""
        return self.remote.script(ERRORS, chrome=True)

    def wait_for(self, condition: str, seconds: float = 30) -> None:
        """Until an expression is true on the page."""
        wait_until(
            lambda: self.evaluate(f"Boolean({condition})"), seconds, lambda: f"{condition} is false; errors: {self.errors()}"
        )

    def drag(self, *places: tuple[float, float], pointer: str = "mouse") -> None:
        """Down at the first of these places in the window, over the others, and up; `pointer` may be "touch"."""
        moves = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 150} for x, y in places]
        actions = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
        hand = {"type": "pointer", "id": pointer, "parameters": {"pointerType": pointer}, "actions": actions}
        self.remote.call("Marionette:SetContext", value="content")
        self.remote.call("WebDriver:PerformActions", actions=[hand])

    def screenshot(self) -> bytes:
        """What is seen of the page, as a PNG."""
        self.remote.call("Marionette:SetContext", value="content")
        return base64.b64decode(self.remote.call("WebDriver:TakeScreenshot", full=False))

    def close(self) -> None:
        self.remote.close()
        self._end()

    def _end(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.profile.cleanup()
