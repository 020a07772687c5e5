"""Recognises files that were taken for checkpoints and are something else."""

from __future__ import annotations

HEAD_BYTES = 1024
"""Number of bytes at the start of a file that are enough to recognise it."""
_MAGIC = (
    ((b"PK\x03\x04", b"\x80"), "is a pickle or a zip archive; only .safetensors files are opened, nothing is unpickled"),
    ((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF"), "is a picture, not a checkpoint"),
    ((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf"), "is a compressed archive; unpack it, and open the file in it"),
    ((b"\x89HDF",), "is an HDF5 file; only .safetensors files are opened"),
    ((b"%PDF",), "is a PDF document, not a checkpoint"),
)
_PAGE = ("<!doctype html", "<html", "<head", "<body", "<?xml", "<!--", "<script", "<title")


def described(head: bytes) -> str | None:
    """A description of a file that begins with these bytes, as the end of a sentence; None where it is not known."""
    if not head:
        return "is empty: its download or copy did not finish; get it again"
    for starts, what in _MAGIC:
        if head.startswith(starts):
            return what
    text = _text(head)
    if text is None:
        return None
    start = text.lstrip().lower()
    if start.startswith("version https://") and "oid sha256:" in start:
        return (
            "is a pointer of Git LFS and not the file itself; run `git lfs pull` in the repository that it comes from, "
            "or download the file itself"
        )
    if start.startswith(_PAGE):
        return "is a web page and not the file itself; download the file again by its own link, and not the page that shows it"
    if start.startswith(("{", "[")):
        return "is a JSON file and not a checkpoint; download the .safetensors file itself"
    return "is a text file and not a checkpoint; download the .safetensors file itself"


def _text(head: bytes) -> str | None:
    """The bytes as text, or None where they are none."""
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    # A character may be cut in two at the end.
    text = head.decode(encoding, errors="ignore")
    cut = len(head) - len(text.encode(encoding, errors="ignore"))
    readable = all(c.isprintable() or c in "\t\r\n\f" for c in text)
    return text if text and readable and abs(cut) <= 3 else None
