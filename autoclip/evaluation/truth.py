"""Truth: the highlights of a video according to people or a game engine, read from JSON or CSV.

Events have a time and a weight; intervals have a start, an end and a score. Example files::

    time,weight            start,end,score            {"duration": 600, "events": [{"time": 12.5, "weight": 1}]}
    12.5,1                 10,18,0.9                  {"intervals": [{"start": 10, "end": 18, "score": 0.9}]}

A recorded match (``{"fps", "frames", "events": [{"t", "type"}]}``) is read as well: kills and deaths weigh 1, damage
weighs 0.25, and other events are no highlights. ``"weights": {"goal": 1}`` in the file overrides these.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from autoclip.errors import ParameterError, system_reason
from autoclip.text_files import read_text
from autoclip.timeline import Interval

MATCH_WEIGHTS: Mapping[str, float] = {"kill": 1.0, "death": 1.0, "hurt": 0.25}
"""Weights of a recorded match's events, by type."""

_TIME_NAMES = ("time", "time_sec", "t")
_START_NAMES = ("start", "start_sec")
_END_NAMES = ("end", "end_sec")
_SCORE_NAMES = ("score", "weight")


@dataclass(frozen=True, slots=True)
class TruthEvent:
    """A highlight at an instant: seconds from the first frame, and its weight (above 0)."""

    time_sec: float
    weight: float


@dataclass(frozen=True, slots=True)
class TruthInterval:
    """A highlight with a duration: its span in seconds, and its score (above 0)."""

    span: Interval
    score: float


@dataclass(frozen=True, slots=True)
class HighlightTruth:
    """The highlights of one video.

    Attributes
    ----------
    events : tuple of TruthEvent
        Ordered by time; empty if the truth is given as intervals.
    intervals : tuple of TruthInterval
        Ordered by start; empty if the truth is given as events.
    duration_sec : float or None
        Length of the video, if the file states it.
    """

    events: tuple[TruthEvent, ...] = ()
    intervals: tuple[TruthInterval, ...] = ()
    duration_sec: float | None = None


def read_truth(path: Path) -> HighlightTruth:
    """Read highlights from a ``.json`` or ``.csv`` file.

    Raises
    ------
    ParameterError
        If the file can't be read, is neither, or holds no highlight; the message describes the supported formats.
    """
    try:
        text = read_text(path, "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"the truth {path} can't be read: {system_reason(error)}") from error
    try:
        truth = _from_csv(text) if path.suffix.lower() == ".csv" else _from_json(json.loads(text))
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, csv.Error) as error:
        raise ParameterError(f"the truth {path} can't be understood: {error}; {_FORMS}") from error
    if not truth.events and not truth.intervals:
        raise ParameterError(f"the truth {path} holds no highlight of a weight above 0; {_FORMS}")
    return truth


_FORMS = (
    "it must be a CSV file with the columns time,weight or start,end,score, or a JSON file with a list of events "
    '({"time", "weight"}) or intervals ({"start", "end", "score"})'
)


def _from_csv(text: str) -> HighlightTruth:
    rows = list(csv.DictReader(text.splitlines()))
    return _truth([{key.strip().lower(): value for key, value in row.items() if key} for row in rows], {}, None)


def _from_json(document: Any) -> HighlightTruth:  # noqa: ANN401
    if isinstance(document, list):
        return _truth(document, {}, None)
    if not isinstance(document, dict):
        raise TypeError(f"a {type(document).__name__} is neither a list nor an object")
    rows = [*document.get("events", ()), *document.get("intervals", ())]
    return _truth(rows, {**MATCH_WEIGHTS, **document.get("weights", {})}, _duration(document))


def _duration(document: Mapping[str, Any]) -> float | None:
    for name in ("duration", "duration_sec"):
        if name in document:
            return float(document[name])
    if "frames" in document and "fps" in document:
        return float(document["frames"] / Fraction(str(document["fps"])))
    return None


def _truth(
    rows: Sequence[Mapping[str, Any]], weights: Mapping[str, float], duration_sec: float | None
) -> HighlightTruth:
    events, intervals = [], []
    for row in rows:
        if not isinstance(row, Mapping):
            raise TypeError(f"a row must name its values, got {row!r}")
        if any(name in row for name in _START_NAMES):
            span = Interval(_number(row, _START_NAMES), _number(row, _END_NAMES))
            intervals.append(TruthInterval(span, _weight(row, weights)))
        else:
            events.append(TruthEvent(_number(row, _TIME_NAMES), _weight(row, weights)))
    if events and intervals:
        raise ValueError("events and intervals are mixed")
    return HighlightTruth(
        tuple(sorted((e for e in events if e.weight > 0), key=lambda event: event.time_sec)),
        tuple(sorted((i for i in intervals if i.score > 0), key=lambda interval: interval.span)),
        duration_sec,
    )


def _number(row: Mapping[str, Any], names: Sequence[str]) -> float:
    name = next((name for name in names if name in row), None)
    if name is None:
        raise ValueError(f"a row lacks {names[0]!r}: {dict(row)}")
    value = float(row[name])
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{name} = {row[name]!r} is not a time in a video")
    return value


def _weight(row: Mapping[str, Any], weights: Mapping[str, float]) -> float:
    """Return the weight or score of a row. A row with only a type gets that type's weight; any other row gets 1."""
    named = next((row[name] for name in _SCORE_NAMES if row.get(name) not in (None, "")), None)
    if named is None:
        return float(weights.get(str(row["type"]), 0.0)) if "type" in row else 1.0
    value = float(named)
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"a weight must be a number of at least 0, got {named!r}")
    return value
