"""Find a file that was appended to another of its format, where FFmpeg ends reading or skips it without a word."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from autoclip.confinement import location_of

_BEGINNINGS = {
    "flv": re.compile(rb"FLV\x01[\x01\x04\x05]\x00\x00\x00\x09\x00\x00\x00\x00", re.DOTALL),
    "asf": re.compile(re.escape(bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"))),
}
"""How a file begins, by FFmpeg's name of its format (Adobe Flash Video File Format 10.1, E.2; Advanced Systems Format,
10.1)."""

_SEARCHED_BYTES = 1 << 20
"""Behind the last picture, the last sound and an index may follow."""


def appended_file_warnings(path: Path, container: str, last_byte: int) -> tuple[str, ...]:
    """Return a warning if another file begins soon behind the last packet of the video, which ends at `last_byte`."""
    if container not in _BEGINNINGS:
        return ()
    with location_of(path).open("rb") as file:
        file.seek(last_byte)
        found = _BEGINNINGS[container].search(file.read(_SEARCHED_BYTES))
    if found is None:
        return ()
    begin = last_byte + found.start()
    copy = f"tail -c +{begin + 1} {shlex.quote(path.name)} > SECOND{path.suffix}"
    return (f"another file was appended at byte {begin} and is left out; make it a video of its own with `{copy}`",)
