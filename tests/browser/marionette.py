"""A client of Marionette, Firefox's own remote protocol: JSON behind its length, over TCP."""

from __future__ import annotations

import json
import socket
from typing import Any

from polling import wait_until

ANSWER_SECONDS = 60


class Marionette:
    """A session with a Firefox that listens, or will soon, on a port of this machine."""

    def __init__(self, port: int, seconds: float) -> None:
        self.sent = 0
        self.socket = wait_until(lambda: _connect(port), seconds)
        self.stream = self.socket.makefile("rwb")
        self._receive()
        self.call("WebDriver:NewSession")

    def call(self, command: str, **parameters: Any) -> Any:
        """A command of the protocol and its answer. Raises RuntimeError with what Firefox says against it."""
        self.sent += 1
        message = json.dumps([0, self.sent, command, parameters]).encode()
        self.stream.write(b"%d:%s" % (len(message), message))
        self.stream.flush()
        _, _, error, result = self._receive()
        if error:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return result["value"] if set(result or ()) == {"value"} else result

    def script(self, source: str, *arguments: Any, chrome: bool = False) -> Any:
        """What a function body returns, run in the page, or with `chrome` in the browser around it."""
        self.call("Marionette:SetContext", value="chrome" if chrome else "content")
        # A sandbox would hide from it what a page's own scripts have put on its elements.
        return self.call("WebDriver:ExecuteScript", script=source, args=arguments, sandbox="default" if chrome else None)

    def close(self) -> None:
        self.stream.close()
        self.socket.close()

    def _receive(self) -> Any:
        length = b""
        while (digit := self.stream.read(1)) != b":":
            if not digit:
                raise ConnectionError("Firefox has gone.")
            length += digit
        return json.loads(self.stream.read(int(length)))


def _connect(port: int) -> socket.socket | None:
    """A connection to what listens on the port; None where nothing does yet."""
    try:
        return socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS)
    except OSError:
        return None
