"""Measurements of a video, downsampled for plots: signals, events, waveform peaks."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from pydantic import Field, model_validator

from autoclip.signals.normalization import z_score
from autoclip.signals.table import ENVELOPE_STEP_SEC, SIGNAL_UNITS, EventKind, Features
from interfaces.api.downsampling import Buckets, downsample, nulls
from interfaces.api.problems import documented
from interfaces.api.schemas.requests import PathIdentity, QueryBody, Seconds, View
from interfaces.api.services import ServicesDep

router = APIRouter(prefix="/projects/{project_id}", tags=["signals"])

MAX_POINTS = 10_000


class SpanQuery(QueryBody):
    """Which part of the video."""

    start: Seconds | None = Field(None, description="Start of the range, in seconds; by default, the beginning.")
    end: Seconds | None = Field(None, description="End of the range, in seconds; by default, the end.")

    @model_validator(mode="after")
    def _end_follows_start(self) -> SpanQuery:
        if self.end is not None and self.end <= (self.start or 0.0):
            raise ValueError(f"end must follow start, got {self.start or 0.0:g} to {self.end:g}")
        return self


class SignalQuery(SpanQuery):
    """Which signals of which part, in how many points."""

    points: int = Field(1000, ge=1, le=MAX_POINTS, description="Maximum number of points for each signal.")
    names: list[str] | None = Field(
        None, max_length=20, description="Signals by name, such as audio_rms and motion_score; by default, all."
    )
    normalized: bool = Field(False, description="Return z-scores, as the selection of clips uses them.")  # noqa: FBT003


class PeakQuery(SpanQuery):
    """How many peaks of which part."""

    points: int = Field(1000, ge=1, le=MAX_POINTS, description="Maximum number of peaks.")


class EventQuery(SpanQuery):
    """Which events of which part."""

    kind: list[EventKind] | None = Field(None, max_length=10, description="Only events of these kinds.")
    limit: int = Field(
        1000, ge=1, le=10_000, description="Maximum number of events; those with the highest confidence are kept."
    )


class Signal(View):
    """One signal; null where nothing was measured. A bucket's extremes keep what its mean would hide."""

    unit: str
    mean: list[float | None]
    min: list[float | None]
    max: list[float | None]


class Signals(View):
    """Signals on a common line of time."""

    start: float
    end: float
    step_sec: float = Field(description="Time between points, in seconds.")
    times: list[float] = Field(description="Start of each point.")
    signals: dict[str, Signal]
    absent: dict[str, str] = Field(description="Signals that could not be measured, with the reason.")


class Peaks(View):
    """Peaks of the waveform: the loudest 20 ms (RMS of the mono mix, full scale = 1) in each point; none if silent."""

    start: float
    end: float
    step_sec: float
    peaks: list[float | None]
    audible: bool = Field(description="Whether the video has sound.")


class EventView(View):
    """Something that happened at a time."""

    kind: EventKind
    start_sec: float
    end_sec: float | None
    score: float


class Events(View):
    """Events by start time."""

    events: list[EventView]
    total: int = Field(description="Number of events in the range; those with the highest confidence are returned.")


@router.get("/signals", responses=documented(404))
def get_signals(project_id: PathIdentity, query: Annotated[SignalQuery, Query()], services: ServicesDep) -> Signals:
    """Get the signals of a project, downsampled."""
    features = services.folder(project_id).read_features()
    step = features.grid.step_sec
    span = _indexes(query, step, features.grid.count)
    names = query.names if query.names is not None else list(features.series)
    buckets = {name: _down_sampled(features, name, span, query) for name in names if name in features.series}
    count = -(-(span.stop - span.start) // _per_point(span, query.points))
    width = _per_point(span, query.points) * step
    times = [round(span.start * step + index * width, 6) for index in range(count)]
    return Signals(
        start=times[0] if times else 0.0,
        end=round(span.stop * step, 6),
        step_sec=width,
        times=times,
        signals={
            name: Signal(unit="" if query.normalized else SIGNAL_UNITS.get(name, ""), **_lists(found))
            for name, found in buckets.items()
        },
        absent={name: features.absent.get(name, "there is no such signal") for name in _missing(features, query)},
    )


@router.get("/peaks", responses=documented(404))
def get_peaks(project_id: PathIdentity, query: Annotated[PeakQuery, Query()], services: ServicesDep) -> Peaks:
    """Get the peaks of the waveform, downsampled."""
    features = services.folder(project_id).read_features()
    envelope = features.envelope_dbfs
    if envelope is None:
        return Peaks(start=0.0, end=0.0, step_sec=ENVELOPE_STEP_SEC, peaks=[], audible=False)
    span = _indexes(query, ENVELOPE_STEP_SEC, envelope.size)
    per_point = _per_point(span, query.points)
    linear = np.power(10.0, envelope[span.start : span.stop] / 20.0)
    return Peaks(
        start=round(span.start * ENVELOPE_STEP_SEC, 6),
        end=round(span.stop * ENVELOPE_STEP_SEC, 6),
        step_sec=per_point * ENVELOPE_STEP_SEC,
        peaks=nulls(downsample(linear, per_point).max, digits=4),
        audible=True,
    )


@router.get("/events", responses=documented(404))
def get_events(project_id: PathIdentity, query: Annotated[EventQuery, Query()], services: ServicesDep) -> Events:
    """Get the cuts, fades, black and frozen runs, and chapters of a project."""
    features = services.folder(project_id).read_features()
    start, end = query.start or 0.0, math.inf if query.end is None else query.end
    found = [
        event
        for event in features.events
        if (event.end_sec if event.end_sec is not None else event.start_sec) >= start
        and event.start_sec < end
        and (query.kind is None or event.kind in query.kind)
    ]
    surest = sorted(sorted(found, key=lambda event: -event.score)[: query.limit], key=lambda event: event.start_sec)
    return Events(events=[EventView.from_attributes(event) for event in surest], total=len(found))


def _indexes(query: SpanQuery, step_sec: float, count: int) -> range:
    """Return the steps of a part of the video."""
    first = min(count, int((query.start or 0.0) / step_sec))
    last = count if query.end is None else min(count, math.ceil(query.end / step_sec))
    return range(first, max(first, last))


def _per_point(span: range, points: int) -> int:
    """Return how many steps are combined into one point."""
    return max(1, -(-len(span) // points))


def _down_sampled(features: Features, name: str, span: range, query: SignalQuery) -> Buckets:
    series = features.series[name]
    values = z_score(series) if query.normalized else series
    return downsample(values[span.start : span.stop], _per_point(span, query.points))


def _missing(features: Features, query: SignalQuery) -> list[str]:
    if query.names is None:
        return list(features.absent)
    return [name[:100] for name in query.names if name not in features.series]


def _lists(buckets: Buckets) -> dict[str, list[float | None]]:
    return {"mean": nulls(buckets.mean), "min": nulls(buckets.min), "max": nulls(buckets.max)}
