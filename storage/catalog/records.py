"""What the catalog holds, as frozen records.

Every record that can be changed carries `revision`: it counts the changes, and a change that started from an older one
is refused instead of undoing someone else's. Times are UTC.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import from_json

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
    """Return an id nobody has: 64 random bits as 16 hexadecimal digits."""
    return secrets.token_hex(8)


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def _in_utc(value: object) -> object:
    """Read a stored time, which bears no zone, as UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def _decoded(value: object) -> object:
    """Read a stored JSON text."""
    return from_json(value) if isinstance(value, str) else value


def _current_settings(value: object) -> object:
    """Read stored settings under the names of this version."""
    settings = _decoded(value)
    return with_current_names(settings) if isinstance(settings, dict) else settings


Identifier = Annotated[str, Field(pattern=f"^{IDENTIFIER}$")]
Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
UtcTime = Annotated[datetime, BeforeValidator(_in_utc)]

Kept = TypeVar("Kept")


class Record(BaseModel):
    """Base of every record: frozen, strict about names, changed by making a new one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def changed(self, **changes: Any) -> Self:  # noqa: ANN401 - as many types as there are fields
        """Return a copy with some fields changed, checked like a new record.

        Raises
        ------
        ParameterError
            If a name is unknown or a value is not allowed.
        """
        return changed(self, changes)


AnyModel = TypeVar("AnyModel", bound=BaseModel)


def changed(record: AnyModel, changes: dict[str, Any]) -> AnyModel:
    """Return a checked copy of any model with some fields changed."""
    fields = {name: getattr(record, name) for name in type(record).model_fields}
    try:
        return type(record).model_validate(fields | changes)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise ParameterError(f"this change is not allowed: {faults}") from error


class HeatmapSpan(Record):
    """How often a part of a video is replayed, as a site tells; `value` is the share of the peak, in [0, 1]."""

    start_sec: float
    end_sec: float
    value: float


class Source(Record):
    """Where a project's video comes from, and what is said of it there.

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
    """How exports fill a shape that is not the source's: the settings `framing` and `facecam` of every clip."""

    framing: Framing = "center"
    facecam: Annotated[str, AfterValidator(checked_facecam)] = ""


class Project(Record):
    """One video and everything made of it.

    `state` is the last good state: ``created`` (no readable file yet), ``ready`` (downloaded and probed), ``analyzed``;
    or ``failed``, with the reason in `error`. Work under way is Prefect's to tell. `path` is the video's file;
    `output_folder` where exports go when the user set one. `deleted_at` says since when it waits to be removed; until
    then it can be restored. The facts of the video are None until it was probed. `media` is all that probing found; it
    is None, too, in projects that an earlier version probed, until their video is next opened for an analysis.
    `layout` is how its exports fill their shape where their own settings don't say; None where nobody chose one.
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
        """What probing found in the video, at the place where it is now; None if that is not known."""
        return self.media.model_copy(update={"path": self.path}) if self.media and self.path else None


class Analysis(Record):
    """The last analysis of a project in one mode: what it was made with, for reuse and for showing.

    `message` says why there is no clip when there is none.
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

    `verdict` is what a person decided about it. `renamed` and `trimmed` say that a person changed it. An analysis
    leaves a clip alone that a person changed, made or decided about.
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
        """Make the record of a clip."""
        fields = {name: getattr(clip, name) for name in Clip.model_fields}
        return cls.model_validate(fields | {"project_id": project_id})

    @property
    def touched(self) -> bool:
        """Whether a person made it, changed it or decided about it."""
        return self.created_by == "manual" or self.renamed or self.trimmed or self.verdict != "undecided"

    def changed(self, **changes: Any) -> StoredClip:  # noqa: ANN401 - as many types as there are fields
        """Return a checked copy with some fields changed; see `Record.changed`."""
        return changed(self, changes)


class Change(Record):
    """What became of one record: all of its fields when it was made or removed, else the fields that differ.

    `before` is None for a record that was made, `after` for one that was removed.
    """

    entity: Entity
    id: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


class Operation(Record):
    """One change of a project's clips, as a person sees it: all that one unit of work changed.

    `number` is its place in the project's log. `revision` counts operations, undos and redos of the project.
    """

    project_id: Identifier
    number: int
    kind: OperationKind
    undone: bool = False
    revision: int
    changes: Annotated[tuple[Change, ...], BeforeValidator(_decoded)]
    created_at: UtcTime = Field(default_factory=now)


class CompoundItem(Record):
    """One part of a compound clip: a clip, or the part of the video `start` to `end` (seconds) say in its place."""

    clip_id: Identifier
    start: float | None = Field(None, ge=0)
    end: float | None = None

    @model_validator(mode="after")
    def _end_follows_start(self) -> CompoundItem:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError(f"an item must end after it starts, got {self.start} to {self.end}")
        return self

    def with_times_of(self, clip: Interval | None) -> CompoundItem:
        """Return the item with the times it leaves to its clip filled in; without a clip they stay open.

        A clip that was changed since can make it end before it starts.
        """
        if clip is None:
            return self
        start = clip.start if self.start is None else self.start
        end = clip.end if self.end is None else self.end
        return self.model_copy(update={"start": start, "end": end})

    @property
    def duration(self) -> float:
        """Length in seconds; 0 while a time is left to the clip, or where the end does not follow the start."""
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


class Export(Record):
    """One rendering of a clip or compound clip; it outlives both, as the file does.

    `command` is the ffmpeg command that made it, `note` what a reader should know (a fall-back, the real start of a
    copy), `job_id` the flow run that did it.
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
        The records asked for.
    total : int
        How many there are in all.
    limit : int or None
        Most items a page; None for all.
    offset : int
        How many were skipped.
    """

    items: tuple[Kept, ...]
    total: int
    limit: int | None
    offset: int


@dataclass(frozen=True, slots=True)
class Replacement:
    """What replacing the automatic clips of a mode did, by clip id.

    Attributes
    ----------
    added, updated, removed, kept : tuple of str
        New ones; found again, with new scores; gone; left alone because a person changed, made or decided about them or
        a compound clip uses them.
    moved : tuple of tuple of str
        Pairs of a clip that is gone and a new one of the same moment.
    """

    added: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]
    moved: tuple[tuple[str, str], ...] = ()
