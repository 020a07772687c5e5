"""Messages to a component: what Python writes is what the page reads."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from explorer.components.message import byte_tensor, message

READ = """(() => {
  const sent = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const buffer = new Uint8Array(sent.length + before);
  buffer.set(sent, before);
  const read = it.readMessage(buffer.subarray(before));
  const kinds = read.names.map((name) => [name, [read.tensor(name).constructor.name, [...read.tensor(name)]]]);
  return [read.about, Object.fromEntries(kinds), read.tensor("missing").length, read.tensor("toString").length];
})()"""


def read(evaluate: Callable[..., Any], sent: bytes, before: int = 0) -> Any:
    return evaluate("base/message.js", READ, text=base64.b64encode(sent).decode(), before=before)


@pytest.mark.parametrize("before", [0, 1, 3])
def test_the_page_reads_what_was_written_wherever_it_lies(before: int, evaluate: Callable[..., Any]) -> None:
    about = {"text": '\u00e9 \u4e00 </script> \\ "', "list": [1, None, {"__proto__": "x"}]}
    tensors = {
        "floats": np.float32([[1.5, -2], [0, 3e38]]),
        "turned": np.arange(6, dtype=np.float32).reshape(2, 3).T,
        "halves": np.float16([0.5, -6e-8, 65504]),
        "shorts": np.uint16([65535, 0]),
        "integers": np.int32([-7, 2**31 - 1]),
        "bytes": byte_tensor(b"abc"),
        "none": np.zeros((0, 3), np.float32),
    }
    found, kinds, missing, inherited = read(evaluate, message(about, tensors), before)
    assert found == about and missing == inherited == 0
    expected = {"halves": "Float32Array", "shorts": "Uint16Array", "integers": "Int32Array", "bytes": "Uint8Array"}
    for name, values in tensors.items():
        assert kinds[name] == [expected.get(name, "Float32Array"), values.astype(np.float64).ravel().tolist()], name


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda sent: sent[:5], "cut short"),
        (lambda sent: sent[:30], "cut short"),
        (lambda sent: sent[:-1], "cut short"),
        (lambda sent: b"\xff" * 8 + sent[8:], "cut short"),
        (lambda sent: b"\x89PNG\r\n\x1a\n" + bytes(40), "are not a message"),
        (lambda sent: sent.replace(b"about", b"other"), "are not a message"),
    ],
)
def test_other_bytes_are_refused_in_words(spoil: Callable[[bytes], bytes], said: str, evaluate: Callable[..., Any]) -> None:
    with pytest.raises(AssertionError, match=said):
        read(evaluate, spoil(message({}, {"a": np.float32([1])})))
