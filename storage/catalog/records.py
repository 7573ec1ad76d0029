"""The records of the catalog, as frozen models.

Every mutable record has a `revision`, which counts the changes. A change that is based on an older revision is refused
instead of overwriting someone else's. Times are in UTC.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, from_json

from autoclip.clips import Clip, Scores
from autoclip.errors import ParameterError
from autoclip.media.video import Chapter, Video
from autoclip.settings import Framing, SegmentationMode, checked_facecam, with_current_names
from autoclip.timeline import Interval
from storage.names import IDENTIFIER

SourceKind = Literal["url", "file", "upload"]
ProjectState = Literal["created", "ready", "analyzed", "failed"]
ExportState = Literal["pending", "running", "completed", "failed", "cancelled"]
Verdict = Literal["undecided", "kept", "rejected"]
Entity = Literal["clip", "compound", "analysis"]
OperationKind = Literal[
    "create", "trim", "rename", "verdict", "edit", "delete", "restore", "split", "merge", "duplicate", "bulk",
    "compound", "analyze", "retune",
]  # fmt: skip

NAME_LENGTH = 500


def new_id() -> str:
    """Return a unique id: 64 random bits as 16 hexadecimal digits."""
    return secrets.token_hex(8)


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def _in_utc(value: object) -> object:
    """Interpret a stored time, which has no zone, as UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def _decoded(value: object) -> object:
    """Decode a stored JSON text."""
    return from_json(value) if isinstance(value, str) else value


def _current_settings(value: object) -> object:
    """Return stored settings under the names of this version."""
    settings = _decoded(value)
    return with_current_names(settings) if isinstance(settings, dict) else settings


Identifier = Annotated[str, Field(pattern=f"^{IDENTIFIER}$")]
Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
UtcTime = Annotated[datetime, BeforeValidator(_in_utc)]

Kept = TypeVar("Kept")


class Record(BaseModel):
    """Base class of every record: frozen, without unknown fields, changed by copying."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def changed(self, **changes: Any) -> Self:  # noqa: ANN401 - as many types as there are fields
        """Return a copy with some fields changed, validated like a new record.

        Raises
        ------
        ParameterError
            If a name is unknown or a value is not allowed.
        """
        return changed(self, changes)


AnyModel = TypeVar("AnyModel", bound=BaseModel)


def changed(record: AnyModel, changes: dict[str, Any]) -> AnyModel:
    """Return a validated copy of any model with some fields changed."""
    fields = {name: getattr(record, name) for name in type(record).model_fields}
    try:
        return type(record).model_validate(fields | changes)
    except ValidationError as error:
        raise ParameterError(f"this change is not allowed: {'; '.join(map(_fault, error.errors()))}") from error


def _fault(fault: ErrorDetails) -> str:
    """Turn one pydantic error into words that name the field, unless it concerns several."""
    return ": ".join([*map(str, fault["loc"]), fault["msg"].removeprefix("Value error, ")])


class HeatmapSpan(Record):
    """How often a part of a video is replayed, according to a site; `value` is the share of the peak, in [0, 1]."""

    start_sec: FiniteFloat
    end_sec: FiniteFloat
    value: FiniteFloat


class Source(Record):
    """The source of a project's video, and its metadata there.

    `address` is the URL, the path of a file, or the name of an upload; `subtitles` maps a language to a file's name.
    """

    kind: SourceKind
    address: str
    title: str | None = None
    uploader: str | None = None
    thumbnail: str | None = None
    chapters: Annotated[tuple[Chapter, ...], BeforeValidator(_decoded)] = ()
    heatmap: Annotated[tuple[HeatmapSpan, ...], BeforeValidator(_decoded)] = ()
    subtitles: Annotated[dict[str, str], BeforeValidator(_decoded)] = {}


class ExportLayout(Record):
    """How exports fill a shape that differs from the source's: the settings `framing` and `facecam` of every clip."""

    framing: Framing = "center"
    facecam: Annotated[str, AfterValidator(checked_facecam)] = ""


class Project(Record):
    """One video and everything made of it.

    `state` is the last good state: ``created`` (no readable file yet), ``ready`` (downloaded and probed), ``analyzed``;
    or ``failed``, with the reason in `error`. Prefect knows about running work. `path` is the video's file;
    `output_folder` is the folder for exports if the user set one. `deleted_at` is when the project was deleted; it can
    be restored until it is removed. The facts of the video are None until it was probed. `media` is the full probe
    result; it is None, too, in projects that an earlier version probed, until their video is next opened for an
    analysis. `layout` is how its exports fill their shape if their own settings don't say; None if nobody chose one.
    """

    id: Identifier = Field(default_factory=new_id)
    name: Name
    source: Source
    path: Path | None = None
    fingerprint: str | None = None
    size_bytes: int | None = None
    duration_sec: float | None = None
    display_width: int | None = None
    display_height: int | None = None
    media: Annotated[Video | None, BeforeValidator(_decoded)] = None
    state: ProjectState = "created"
    error: str | None = None
    output_folder: Path | None = None
    layout: Annotated[ExportLayout | None, BeforeValidator(_decoded)] = None
    deleted_at: UtcTime | None = None
    revision: int = 1
    created_at: UtcTime = Field(default_factory=now)
    updated_at: UtcTime = Field(default_factory=now)

    @property
    def video(self) -> Video | None:
        """Return the probed video at its current path; None if it is unknown."""
        return self.media.model_copy(update={"path": self.path}) if self.media and self.path else None


class Analysis(Record):
    """The last analysis of a project in one mode: its settings and outcome, for reuse and display.

    `message` says why there is no clip; empty if there is one.
    """

    project_id: Identifier
    mode: SegmentationMode
    extraction_key: str
    selection_key: str
    settings: Annotated[dict[str, Any], BeforeValidator(_current_settings)] = {}
    message: str = ""
    analyzed_at: UtcTime = Field(default_factory=now)


class StoredClip(Clip):
    """A clip in the catalog.

    `verdict` is a person's decision. `renamed` and `trimmed` mean that a person changed it. An analysis does not touch
    a clip that a person changed, created or judged.
    """

    id: Identifier
    name: Name
    scores: Annotated[Scores, BeforeValidator(_decoded)] = Scores()
    project_id: Identifier
    renamed: bool = False
    trimmed: bool = False
    verdict: Verdict = "undecided"
    revision: int = 1
    created_at: UtcTime = Field(default_factory=now)
    updated_at: UtcTime = Field(default_factory=now)

    @classmethod
    def of(cls, clip: Clip, project_id: str) -> StoredClip:
        """Create the record of a clip."""
        fields = {name: getattr(clip, name) for name in Clip.model_fields}
        return cls.model_validate(fields | {"project_id": project_id})

    @property
    def touched(self) -> bool:
        """Whether a person created, changed or judged it."""
        return self.created_by == "manual" or self.renamed or self.trimmed or self.verdict != "undecided"

    def changed(self, **changes: Any) -> StoredClip:  # noqa: ANN401 - as many types as there are fields
        """Return a validated copy with some fields changed; see `Record.changed`."""
        return changed(self, changes)


class Change(Record):
    """The change of one record: all of its fields if it was created or removed, else the changed fields.

    A created record has no `before`, a removed one no `after`.
    """

    entity: Entity
    id: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


class Operation(Record):
    """One change of a project's clips as a person sees it: everything that one unit of work changed.

    `number` is its position in the project's log. `revision` counts operations, undos and redos of the project.
    """

    project_id: Identifier
    number: int
    kind: OperationKind
    undone: bool = False
    revision: int
    changes: Annotated[tuple[Change, ...], BeforeValidator(_decoded)]
    created_at: UtcTime = Field(default_factory=now)


class CompoundItem(Record):
    """One part of a compound clip: a clip, or another part of the video from `start` to `end` (seconds)."""

    clip_id: Identifier
    start: float | None = Field(None, ge=0)
    end: float | None = None

    @model_validator(mode="after")
    def _end_follows_start(self) -> CompoundItem:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError(f"an item must end after it starts, got {self.start} to {self.end}")
        return self

    def with_times_of(self, clip: Interval | None) -> CompoundItem:
        """Return the item with missing times filled in from its clip; without a clip they stay missing.

        If the clip has changed since, the item may end before it starts.
        """
        if clip is None:
            return self
        start = clip.start if self.start is None else self.start
        end = clip.end if self.end is None else self.end
        return self.model_copy(update={"start": start, "end": end})

    @property
    def duration(self) -> float:
        """Return the length in seconds; 0 if a time is missing, or the end does not follow the start."""
        return 0.0 if self.start is None or self.end is None else max(0.0, self.end - self.start)


class CompoundClip(Record):
    """Several clips of a project joined in order; `crossfade_sec` seconds overlap at each joint."""

    id: Identifier = Field(default_factory=new_id)
    project_id: Identifier
    name: Name
    items: tuple[CompoundItem, ...] = Field(min_length=1)
    crossfade_sec: float = Field(0.0, ge=0, le=10)
    revision: int = 1
    created_at: UtcTime = Field(default_factory=now)
    updated_at: UtcTime = Field(default_factory=now)

    def shown(self, clips: Mapping[str, Clip]) -> tuple[CompoundItem, ...]:
        """Return the items with the times of their clips, given by id, where they have none of their own."""
        found = (clips.get(item.clip_id) for item in self.items)
        return tuple(
            item.with_times_of(None if clip is None else clip.interval)
            for item, clip in zip(self.items, found, strict=True)
        )

    def length_sec(self, clips: Mapping[str, Clip]) -> float:
        """Return its length in seconds, as the clips are now."""
        lengths = [item.duration for item in self.shown(clips)]
        return max(0.0, sum(lengths) - self.crossfade_sec * (len(lengths) - 1))


class Export(Record):
    """One rendering of a clip or compound clip; like its file, it outlives both.

    `command` is the ffmpeg command that rendered it, `note` a note for readers (a fallback, the real start of a copy),
    `job_id` the flow run. `export_key` is a digest of all that the file was made from; exports of earlier versions have
    none.
    """

    id: Identifier = Field(default_factory=new_id)
    project_id: Identifier
    clip_id: Identifier | None = None
    compound_id: Identifier | None = None
    name: Name
    state: ExportState = "pending"
    path: Path | None = None
    settings: Annotated[dict[str, Any], BeforeValidator(_decoded)] = {}
    command: Annotated[tuple[str, ...], BeforeValidator(_decoded)] = ()
    note: str = ""
    export_key: str | None = None
    error: str | None = None
    size_bytes: int | None = None
    duration_sec: float | None = None
    job_id: str | None = None
    revision: int = 1
    created_at: UtcTime = Field(default_factory=now)
    updated_at: UtcTime = Field(default_factory=now)


@dataclass(frozen=True, slots=True)
class Page(Generic[Kept]):
    """Part of a list.

    Attributes
    ----------
    items : tuple
        The requested records.
    total : int
        Total number of records.
    limit : int or None
        Maximum number of items; None for all.
    offset : int
        Number of skipped records.
    """

    items: tuple[Kept, ...]
    total: int
    limit: int | None
    offset: int


@dataclass(frozen=True, slots=True)
class Replacement:
    """The result of replacing the automatic clips of a mode, by clip id.

    Attributes
    ----------
    added, updated, removed, kept : tuple of str
        New clips; clips found again, with new scores; removed clips; clips left unchanged because a person changed,
        created or judged them or a compound clip uses them.
    moved : tuple of tuple of str
        Pairs of a removed clip and a new one of the same moment.
    """

    added: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]
    moved: tuple[tuple[str, str], ...] = ()
