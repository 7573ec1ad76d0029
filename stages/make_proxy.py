"""Make a proxy of a video that browsers can't play: the same frames and times, in H.264 and AAC."""

from __future__ import annotations

import shutil
from pathlib import Path

from autoclip.errors import ExportError, NotFoundError, ParameterError
from autoclip.export.render import export_clip
from autoclip.export.render_context import FAILED_FOLDER
from autoclip.media.playability import MP4_SOUNDS, PLAIN_PIXELS, playability_of
from autoclip.media.probe import probe
from autoclip.media.video import Video
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval
from storage.catalog import Project
from storage.data_folder import ProjectFolder
from storage.keys import FingerprintMemory, fingerprint

PROXY_HEIGHT = 720
"""Height of a proxy: enough to review clips, and light enough for software decoding."""

PROXY_CRF = 23
"""x264's own default; exports are made from the source, never from the proxy."""


def make_proxy(
    project: Project,
    folder: ProjectFolder,
    on_progress: ProgressListener = ignore_progress,
    *,
    memory: FingerprintMemory | None = None,
    ffmpeg: Path | None = None,
) -> Path:
    """Make the proxy of a project's video in its folder, unless it exists.

    A video stream that browsers can play is copied, so that only the container changes.

    Parameters
    ----------
    project : Project
        The project.
    folder : ProjectFolder
        Folder of the proxy.
    on_progress : ProgressListener
        Called with the progress of the stage ``export``.
    memory : FingerprintMemory, optional
        Avoids reading a known file again to fingerprint it.
    ffmpeg : Path, optional
        The ffmpeg to render with.

    Returns
    -------
    Path
        The proxy, or the video itself if browsers can play it.

    Raises
    ------
    NotFoundError
        If the project has no video.
    MediaError, ExportError
        If the video can't be read or the proxy can't be rendered.
    """
    if project.path is None:
        raise NotFoundError(f"the project {project.id} has no video yet; download it first")
    video = probe(project.path)
    if playability_of(video).playable:
        return project.path
    target = proxy_path(folder, fingerprint(project.path, memory))
    if not target.exists():
        _render(video, target, on_progress, ffmpeg)
        for older in set(target.parent.glob("*.mp4")) - {target}:
            older.unlink(missing_ok=True)
    on_progress(Progress("export", 1.0, "playable"))
    return target


def proxy_path(folder: ProjectFolder, content: str) -> Path:
    """Return the path of a content's proxy, by its fingerprint."""
    return folder.root / "proxy" / f"{content}.mp4"


def _render(video: Video, target: Path, on_progress: ProgressListener, ffmpeg: Path | None) -> None:
    """Copy what browsers play; encode the rest, and what can't be copied, such as a changing frame size."""
    whole = Interval(0.0, video.duration_sec)
    if _can_be_copied(video):
        copied = ExportSettings.from_flat({"cut": "copy", "overwrite": True})
        try:
            export_clip(video, whole, target, copied, on_progress, ffmpeg=ffmpeg)
        except (ExportError, ParameterError):
            shutil.rmtree(target.parent / FAILED_FOLDER, ignore_errors=True)
        else:
            return
    export_clip(video, whole, target, _encoding(video), on_progress, ffmpeg=ffmpeg)


def _can_be_copied(video: Video) -> bool:
    picture, sound = video.video, video.audio
    plain = picture.codec == "h264" and picture.pixel_format in PLAIN_PIXELS
    return plain and (sound is None or sound.codec in MP4_SOUNDS)


def _encoding(video: Video) -> ExportSettings:
    height = min(PROXY_HEIGHT, video.video.display_height)
    return ExportSettings.from_flat({"crf": PROXY_CRF, "export_height": height - height % 2, "overwrite": True})
