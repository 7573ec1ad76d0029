"""Names of exported files: from a template, safe on Linux, macOS and Windows, and never replacing another file."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

from autoclip.clips import Clip
from autoclip.errors import ExportError, ParameterError, from_system, system_reason
from autoclip.output_files import require_replaceable
from autoclip.settings import check_name_template
from autoclip.system.files import replace
from autoclip.timeline import Interval

MAX_NAME_BYTES = 255
"""Longest name of ext4, APFS, NTFS and most others: 255 bytes of UTF-8 (NTFS: 255 UTF-16 units, which are fewer)."""

_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"/\\|?*', "-"))
"""What Windows refuses in a name (Microsoft, "Naming Files, Paths, and Namespaces"), separators included."""
_INVISIBLE = frozenset("\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Characters that make a name look like another one. Joiners are kept, because scripts and emoji need them."""
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"]
)
_COUNTER_ROOM = 20
"""Bytes reserved for `` (12345)`` and a suffix."""


@dataclass(frozen=True, slots=True)
class NameFields:
    """The values of a name template's fields.

    Attributes
    ----------
    project, name, id : str
        The project's name, the clip's name and its id.
    index : int
        The clip's number in the batch, from 1.
    interval : Interval
        The clip's span: ``{start}``, ``{end}`` and ``{duration}``.
    quality : float
        The clip's score.
    day : date
        ``{date}``.
    """

    project: str
    name: str
    index: int
    interval: Interval
    id: str
    quality: float
    day: date

    @classmethod
    def of_clip(cls, project: str, clip: Clip, index: int, day: date) -> NameFields:
        """Return the fields of a clip."""
        return cls(project, clip.name, index, clip.interval, clip.id, clip.quality_score, day)

    def values(self) -> Mapping[str, object]:
        """Return ``{field: value}`` for the template."""
        return {
            "project": self.project,
            "name": self.name,
            "index": self.index,
            "id": self.id,
            "start": _clock(self.interval.start),
            "end": _clock(self.interval.end),
            "duration": f"{self.interval.duration:.1f}s",
            "quality": self.quality,
            "date": self.day.isoformat(),
        }


def file_name(template: str, fields: NameFields, suffix: str = ".mp4") -> str:
    """Return the name of an export: the filled-in template, made safe.

    Raises
    ------
    ParameterError
        If the template can't make one; the settings also refuse such a template.
    """
    try:
        check_name_template(template)
    except ValueError as error:
        raise ParameterError(f"name_template = {template[:200]!r} is not allowed: {error}") from error
    return safe_name(template.format(**fields.values())) + suffix


def safe_name(text: str, max_bytes: int = MAX_NAME_BYTES - _COUNTER_ROOM) -> str:
    """Return `text` as a file name that Linux, macOS and Windows accept, with letters of every script kept.

    Parameters
    ----------
    text : str
        Any text.
    max_bytes : int
        Maximum length in bytes of UTF-8; longer names are cut between characters.

    Returns
    -------
    str
        Never empty, never ``.`` or ``..``, without separators, control characters, trailing dots or blanks, and not a
        device name of Windows. A safe name is returned unchanged.
    """
    # Limits the work on a hostile megabyte: the rest could not stay anyway, and every step takes time in proportion to
    # its length.
    composed = unicodedata.normalize("NFC", text[: 16 * MAX_NAME_BYTES]).translate(_FORBIDDEN)
    shown = "".join(c for c in composed if unicodedata.category(c) not in {"Cc", "Cs"} and c not in _INVISIBLE)
    plain = _cut(" ".join(shown.split()), max_bytes).strip(" .")
    if plain.split(".")[0].rstrip().lower() in _DEVICES:
        plain = _cut(f"_{plain}", max_bytes).rstrip(" .")
    return plain or "clip"


def confined(folder: Path, name: str) -> Path:
    """Return the path of `name` in `folder`.

    Raises
    ------
    ParameterError
        If the name leads out of the folder.
    ExportError
        If the folder's path can't be followed.
    """
    path = folder / name
    try:
        inside = path.name == name and path.resolve().parent == folder.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: Python before 3.13 on a link to itself
        raise ExportError(f"{folder}: can't be used ({system_reason(error)}); choose another folder") from error
    if not inside:
        raise ParameterError(f"{name!r} leads out of {folder}; give a plain file name")
    return path


def publish(rendered: Path, target: Path, *, overwrite: bool) -> Path:
    """Give a rendered file its name, so that a half-written file never has that name.

    Parameters
    ----------
    rendered : Path
        The finished file, in the folder of `target`.
    target : Path
        The name it should have.
    overwrite : bool
        Replace a file of that name. Otherwise the first free name of ``name (2)``, ``name (3)`` ... is used, also if
        several processes look for one at the same time.

    Returns
    -------
    Path
        The name it got.

    Raises
    ------
    ParameterError
        If the name to replace belongs to a folder, a device or a pipe.
    ExportError
        If the file can't be given its name.
    """
    if overwrite:
        require_replaceable(target)
        replace(rendered, target)
        return target
    for number in count(1):
        candidate = target if number == 1 else target.with_name(f"{target.stem} ({number}){target.suffix}")
        try:
            # The name is claimed before the file is moved: exclusive creation is atomic across processes.
            os.close(os.open(candidate, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            continue
        except OSError as error:
            raise ExportError(str(from_system(error, candidate))) from error
        replace(rendered, candidate)
        return candidate
    raise AssertionError("unreachable: counting has no end")


def _clock(seconds: float) -> str:
    """Format a time without colons, which Windows refuses: ``00.12.34.567``, hours first."""
    milliseconds = round(seconds * 1000)
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole // 3600:02}.{whole // 60 % 60:02}.{whole % 60:02}.{rest:03}"


def _cut(text: str, max_bytes: int) -> str:
    """Return the longest prefix of `text` that fits, without separating a character from its combining marks."""
    if len(text.encode()) <= max_bytes:
        return text
    kept = text.encode()[:max_bytes].decode("utf-8", "ignore")
    while kept and len(kept) < len(text) and (unicodedata.combining(text[len(kept)]) or kept[-1] == "\u200d"):
        kept = kept[:-1]
    return kept
