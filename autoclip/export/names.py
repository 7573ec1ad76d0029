"""Names of exported files: from a template, safe on Linux, macOS and Windows, and never replacing another file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

from autoclip.clips import Clip
from autoclip.errors import ExportError, ParameterError, from_system, system_reason
from autoclip.file_names import safe_name
from autoclip.output_files import require_replaceable
from autoclip.settings import check_name_template
from autoclip.system.files import replace
from autoclip.timeline import Interval


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
