"""The tables for queries, with their types and a comment on each column.

They are created in memory for each query, so their types can be more specific than those of the catalog's files: ENUM,
LIST, STRUCT and TIMESTAMPTZ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from autoclip.media.video import Video
from autoclip.settings import SegmentationMode
from storage.catalog import ExportState, OperationKind, ProjectState, SourceKind, Verdict


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes
    ----------
    type : str
        Type in DuckDB's SQL.
    source : str
        SQL expression over the catalog's file, which is attached as ``source``.
    comment : str
        Description with its unit.
    """

    type: str
    source: str
    comment: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes
    ----------
    comment : str
        Description of a row.
    origin : str
        SQL after FROM that yields its rows.
    columns : mapping of str to Column
        Columns by name, in order.
    """

    comment: str
    origin: str
    columns: Mapping[str, Column]


ENUMS: Mapping[str, tuple[str, ...]] = {
    "verdict": get_args(Verdict),
    "project_state": get_args(ProjectState),
    "source_kind": get_args(SourceKind),
    "export_state": get_args(ExportState),
    "operation_kind": get_args(OperationKind),
    "segmentation_mode": get_args(SegmentationMode),
    "creator": ("auto", "manual"),
}

_SCORES = "STRUCT(excitement DOUBLE, boundary DOUBLE, narrative DOUBLE, dead_time DOUBLE)"
_CHAPTERS = "STRUCT(start_sec DOUBLE, end_sec DOUBLE, title VARCHAR)[]"
_HEATMAP = 'STRUCT(start_sec DOUBLE, end_sec DOUBLE, "value" DOUBLE)[]'
_SCALARS: Mapping[Any, str] = {
    str: "VARCHAR", Path: "VARCHAR", Fraction: "VARCHAR", int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN",
}  # fmt: skip


def _type_of(annotation: Any) -> str:  # noqa: ANN401 - a type, or a form of typing's
    """Return DuckDB's type for a value that pydantic serializes as JSON."""
    inner = [part for part in get_args(annotation) if part not in {NoneType, ...}]
    if get_origin(annotation) is tuple:
        return f"{_type_of(inner[0])}[]"
    if get_origin(annotation) is Annotated or inner:
        return _type_of(inner[0])
    if issubclass(annotation, BaseModel):
        fields = (f'"{name}" {_type_of(field.annotation)}' for name, field in annotation.model_fields.items())
        return f"STRUCT({', '.join(fields)})"
    return _SCALARS[annotation]


_MEDIA = _type_of(Video)
_ITEMS = "STRUCT(clip_id VARCHAR, start_sec DOUBLE, end_sec DOUBLE)[]"


def _column(type_: str, comment: str, source: str = "") -> Column:
    return Column(type_, source, comment)


def _time(name: str, comment: str) -> Column:
    return Column("TIMESTAMPTZ", f"{name} AT TIME ZONE 'UTC'", comment)


TABLES: Mapping[str, Table] = {
    "projects": Table(
        "A video and everything made of it; deleted ones are left out.",
        "source.projects AS p JOIN source.sources AS s ON s.project_id = p.id WHERE p.deleted_at IS NULL",
        {
            "id": _column("VARCHAR", "Id of the project.", "p.id"),
            "name": _column("VARCHAR", "Name that people gave it, or the title of the video."),
            "state": _column("project_state", "The last good state, or failed."),
            "error": _column("VARCHAR", "Why it failed."),
            "path": _column("VARCHAR", "The video's file."),
            "size_bytes": _column("BIGINT", "Size of the file, in bytes."),
            "duration_sec": _column("DOUBLE CHECK (duration_sec >= 0)", "Length of the video, in seconds."),
            "display_width": _column("INTEGER", "Width of the picture as shown, in pixels."),
            "display_height": _column("INTEGER", "Height of the picture as shown, in pixels."),
            "media": _column(_MEDIA, "What probing found; null in projects of an earlier version.", f"media::{_MEDIA}"),
            "timecode": _column("VARCHAR", "Timecode of the first frame.", "media->'timecode'->>'text'"),
            "source_kind": _column("source_kind", "How the video came: url, file or upload.", "kind"),
            "address": _column("VARCHAR", "Its URL, path, or the name of the upload."),
            "title": _column("VARCHAR", "Title on the site it came from."),
            "uploader": _column("VARCHAR", "Who published it there."),
            "chapters": _column(_CHAPTERS, "Chapters as the site tells, in seconds.", f"chapters::{_CHAPTERS}"),
            "heatmap": _column(
                _HEATMAP, "Most replayed parts; value is the share of the peak.", f"heatmap::{_HEATMAP}"
            ),
            "framing": _column("VARCHAR", "How its exports fill a shape, if that was chosen.", "layout->>'framing'"),
            "facecam": _column("VARCHAR", "Rectangle of a streamer's camera, if it was given.", "layout->>'facecam'"),
            "revision": _column("INTEGER", "Counts the changes."),
            "created_at": _time("created_at", "When it was made."),
            "updated_at": _time("updated_at", "When it was last changed."),
        },
    ),
    "clips": Table(
        "A clip; times are seconds from the first video frame.",
        "source.clips WHERE project_id IN (SELECT id FROM source.projects WHERE deleted_at IS NULL)",
        {
            "id": _column("VARCHAR", "Id of the clip."),
            "project_id": _column("VARCHAR", "Id of its project."),
            "name": _column("VARCHAR", "Name, automatic or given by people."),
            "start_sec": _column("DOUBLE CHECK (start_sec >= 0)", "First instant, in seconds.", '"start"'),
            "end_sec": _column("DOUBLE", "First instant not in it, in seconds.", '"end"'),
            "verdict": _column("verdict", "What a person decided about it."),
            "quality_score": _column("DOUBLE", "How good it is by the analysis."),
            "scores": _column(_SCORES, "Parts of the quality, each before its weight.", f"scores::{_SCORES}"),
            "anchor_time_sec": _column("DOUBLE", "The moment it was found by, in seconds."),
            "anchor_reason": _column("VARCHAR", "What that moment is."),
            "reason": _column("VARCHAR", "Why it was chosen, in words."),
            "mode": _column("segmentation_mode", "The mode of the analysis that found it."),
            "created_by": _column("creator", "Found by an analysis (auto) or made by hand (manual)."),
            "renamed": _column("BOOLEAN", "Whether a person renamed it."),
            "trimmed": _column("BOOLEAN", "Whether a person moved its edges."),
            "revision": _column("INTEGER", "Counts the changes."),
            "created_at": _time("created_at", "When it was made."),
            "updated_at": _time("updated_at", "When it was last changed."),
        },
    ),
    "compound_clips": Table(
        "Several clips of a project joined in order.",
        "source.compound_clips AS c WHERE project_id IN (SELECT id FROM source.projects WHERE deleted_at IS NULL)",
        {
            "id": _column("VARCHAR", "Id of the compound clip."),
            "project_id": _column("VARCHAR", "Id of its project."),
            "name": _column("VARCHAR", "Name that people gave it."),
            "crossfade_sec": _column("DOUBLE", "Overlap at each joint, in seconds."),
            "items": _column(
                _ITEMS,
                "The clips in order; times in seconds that replace the clip's, or null.",
                """(SELECT list({clip_id: clip_id, start_sec: "start", end_sec: "end"} ORDER BY "position")
                    FROM source.compound_items WHERE compound_id = c.id)""",
            ),
            "created_at": _time("created_at", "When it was made."),
            "updated_at": _time("updated_at", "When it was last changed."),
        },
    ),
    "exports": Table(
        "A file that was rendered, or could not be.",
        "source.exports WHERE project_id IN (SELECT id FROM source.projects WHERE deleted_at IS NULL)",
        {
            "id": _column("VARCHAR", "Id of the export."),
            "project_id": _column("VARCHAR", "Id of its project."),
            "clip_id": _column("VARCHAR", "The clip it shows, or null."),
            "compound_id": _column("VARCHAR", "The compound clip it shows, or null."),
            "name": _column("VARCHAR", "Name of the file."),
            "state": _column("export_state", "What became of it."),
            "path": _column("VARCHAR", "Where the file is."),
            "note": _column("VARCHAR", "What a reader should know, such as a fallback."),
            "export_key": _column("VARCHAR", "Digest of all that the file was made from, or null."),
            "error": _column("VARCHAR", "Why it failed."),
            "size_bytes": _column("BIGINT", "Size of the file, in bytes."),
            "duration_sec": _column("DOUBLE", "Length of the file, in seconds."),
            "command": _column("VARCHAR[]", "The ffmpeg command that made it.", "command::VARCHAR[]"),
            "created_at": _time("created_at", "When it was begun."),
            "updated_at": _time("updated_at", "When it ended."),
        },
    ),
    "analyses": Table(
        "The last analysis of a project in one mode.",
        "source.analyses WHERE project_id IN (SELECT id FROM source.projects WHERE deleted_at IS NULL)",
        {
            "project_id": _column("VARCHAR", "Id of the project."),
            "mode": _column("segmentation_mode", "The mode."),
            "settings": _column("JSON", "All settings by name."),
            "message": _column("VARCHAR", "Why there is no clip, when there is none."),
            "analyzed_at": _time("analyzed_at", "When it ended."),
        },
    ),
    "operations": Table(
        "A change of a project's clips by a person or an analysis.",
        "source.operations WHERE project_id IN (SELECT id FROM source.projects WHERE deleted_at IS NULL)",
        {
            "project_id": _column("VARCHAR", "Id of the project."),
            "number": _column("INTEGER", "Place in the project's log."),
            "kind": _column("operation_kind", "What was done."),
            "undone": _column("BOOLEAN", "Whether it was undone."),
            "changes": _column("JSON", "The fields before and after, by record."),
            "created_at": _time("created_at", "When it was done."),
        },
    ),
}

CLIPS_V = """
CREATE VIEW clips_v AS
    SELECT clips.id, project_id, projects.name AS project, clips.name, start_sec, end_sec,
        end_sec - start_sec AS duration_sec, verdict, quality_score, clips.mode, created_by, reason,
        projects.path AS video, uploader, clips.created_at
    FROM clips JOIN projects ON projects.id = project_id;
COMMENT ON VIEW clips_v IS 'Clips with the names of their projects: what most questions are about.';
"""

VIEWS: Mapping[str, tuple[str, ...]] = {"clips_v": ("projects", "clips")}
"""Tables that a view needs."""

FEATURES: Mapping[str, str] = {
    "signals": "A step of a video's signals, raw and as z-scores (_z); null where nothing was measured.",
    "events": "Something that happens at a time: a cut, fade, black or frozen span.",
    "envelope": "The loudness of 20 ms of a video, in dBFS.",
}
"""The features of all projects, one Parquet file per project, and a description of their rows."""


def create_statements(name: str) -> str:
    """Return the SQL that creates an empty table with its comments."""
    table = TABLES[name]
    columns = ", ".join(f'"{column}" {facts.type}' for column, facts in table.columns.items())
    comments = "".join(
        f"COMMENT ON COLUMN {name}.\"{column}\" IS '{_quoted(facts.comment)}';"
        for column, facts in table.columns.items()
    )
    return f"CREATE TABLE {name} ({columns}); COMMENT ON TABLE {name} IS '{_quoted(table.comment)}'; {comments}"


def insert_statement(name: str) -> str:
    """Return the SQL that fills a table from the attached file ``source``."""
    table = TABLES[name]
    values = ", ".join(f'{facts.source or _plain(column)} AS "{column}"' for column, facts in table.columns.items())
    return f"INSERT INTO {name} SELECT {values} FROM {table.origin}"  # noqa: S608


def _plain(column: str) -> str:
    return f'"{column}"'


def _quoted(text: str) -> str:
    return text.replace("'", "''")
