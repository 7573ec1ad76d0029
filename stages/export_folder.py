"""Render clips of an analysis folder; needs no catalog."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from autoclip.clips import Clip, ClipsFile
from autoclip.errors import NotFoundError
from autoclip.export.batch import BatchSummary, ExportRequest, export_batch
from autoclip.export.names import NameFields, confined, file_name
from autoclip.media.probe import probe
from autoclip.media.video import Video
from autoclip.progress import ProgressListener, ignore_progress
from autoclip.settings import ExportSettings


def export_folder(
    clips_file: ClipsFile,
    clips: Sequence[Clip],
    target: Path,
    settings: ExportSettings,
    on_progress: ProgressListener = ignore_progress,
    *,
    ffmpeg: Path | None = None,
) -> BatchSummary:
    """Export clips of a clips file into `target`, in the order given; one failure never stops the rest.

    Raises
    ------
    MediaError
        If the video can't be read any more.
    ParameterError
        If the settings' name template is not allowed.
    """
    video = probe(Video.model_validate(clips_file.video).path)
    requests = []
    for index, clip in enumerate(clips, 1):
        fields = NameFields(
            project=video.path.stem,
            name=clip.name,
            index=index,
            interval=clip.interval,
            id=clip.id,
            quality=clip.quality_score,
            day=datetime.now(UTC).date(),
        )
        path = confined(target, file_name(settings.name_template, fields))
        requests.append(ExportRequest(video, clip.interval, path, settings))
    return export_batch(requests, on_progress, at_once=settings.parallel_exports, ffmpeg=ffmpeg)


def pick_clips(clips_file: ClipsFile, ids: Sequence[str], top: int | None) -> tuple[Clip, ...]:
    """Return the named clips, in that order; or the best `top` (all when None), the best first.

    Raises
    ------
    NotFoundError
        If the file lists no clip by one of the ids.
    """
    by_id = {clip.id: clip for clip in clips_file.clips}
    missing = [clip_id for clip_id in ids if clip_id not in by_id]
    if missing:
        raise NotFoundError(f"clip {missing[0]}: not among the {len(by_id)} clips of this analysis; see its clips file")
    if ids:
        return tuple(by_id[clip_id] for clip_id in ids)
    return tuple(sorted(clips_file.clips, key=lambda clip: -clip.quality_score)[:top])
