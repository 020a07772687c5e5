"""Files that were not used, told in a few lines: one line for each kind of reason."""

from __future__ import annotations

import re
from collections.abc import Sequence

SAME_PICTURE = "it is the same picture as"
SAME_PREPARED = "once prepared, it is the same image as another:"
OTHER_PART = "another part of the split has the same picture:"
LINES = 10
_LONGEST_NAME = 60
_NOT_AN_IMAGE = re.compile(r"it is not an? .* image")
_NUMBER = re.compile(r"\d[\d,.]*")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}$")


def folded(refused: Sequence[tuple[str, str]], *, names: int = 3, lines: int = LINES) -> list[str]:
    """At most `lines` lines without a full stop on (file name, reason) pairs, the largest groups first.

    A single file is told as "name: reason". Files whose reasons differ only in a number, a detail or another file's name
    share a line with their count and the first `names` names. With `names=0` no line holds the name of any file.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for i, (name, reason) in enumerate(refused):
        groups.setdefault(_kind(name, reason), []).append(i)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    kept = ordered if len(ordered) <= lines else ordered[: lines - 1]
    told = [_line(kind, [refused[i] for i in members], names) for kind, members in kept]
    if len(kept) < len(ordered):
        rest = sum(len(members) for _, members in ordered[len(kept) :])
        told.append(f"{rest:,} more files for other reasons")
    return told


def unused(refused: Sequence[tuple[str, str]]) -> str:
    """One clause on how many files were not used, and the two commonest reasons, without any file's name."""
    if not refused:
        return ""
    count = "1 file was" if len(refused) == 1 else f"{len(refused):,} files were"
    return f"{count} not used ({'; '.join(folded(refused, names=0, lines=3))})"


def _kind(name: str, reason: str) -> tuple[str, str]:
    """A key that files of one line share: the reason without numbers and details, or the suffix of a file that is no image."""
    if reason.startswith(SAME_PICTURE):
        return SAME_PICTURE, ""
    ending = _ENDING.search(name) if _NOT_AN_IMAGE.fullmatch(reason) else None
    return _NUMBER.sub("#", reason.partition(":")[0]), ending[0].lower() if ending else ""


def _line(kind: tuple[str, str], members: Sequence[tuple[str, str]], names: int) -> str:
    (name, reason), count = members[0], len(members)
    if count == 1 and names:
        return f"{name}: {reason}"
    what, ending = kind
    files = "1 file" if count == 1 else f"{count:,} files"
    listed = f" ({_listed([name for name, _ in members[:names]], count)})" if names else ""
    if ending and count > 1:
        return f"{count:,} {ending} files are not images{listed}"
    if what == SAME_PICTURE:
        return f"{files} are copies of others{listed}" if count > 1 else f"{files} is a copy of another"
    if not names:
        return f"{files}: {reason.partition(':')[0]}"
    first = "" if all(other == reason for _, other in members) else ", the first of them"
    return f"{files}{listed}{first}: {reason}"


def _listed(names: Sequence[str], count: int) -> str:
    half = _LONGEST_NAME // 2
    shown = [name if len(name) <= _LONGEST_NAME else f"{name[:half]}...{name[-half:]}" for name in names]
    return ", ".join([*shown, "..."] if count > len(shown) else shown)
