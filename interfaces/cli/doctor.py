"""``autoclip doctor``: check what this machine has, and what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import typer

from autoclip.errors import AutoclipError
from interfaces.cli.options import Json
from interfaces.cli.service import answers
from interfaces.cli.terminal import print_json, print_table
from storage.environment import Environment, read_environment

DECODERS = ("h264", "hevc", "av1", "vp9", "mpeg2video", "mpeg4", "prores", "aac", "mp3", "opus", "ac3")
ENCODERS = ("libx264", "aac")
LOW_SPACE_BYTES = 5_000_000_000
"""Required disk space in bytes: about an hour of 1080p source with its exports."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: its subject, its status, and what was found or must be done."""

    subject: str
    state: Literal["ok", "warning", "error"]
    detail: str


def doctor(*, as_json: Json = False) -> None:
    """Check codecs, ffmpeg, what this machine can do, disk, data folder, catalog, store and Prefect's server."""
    findings = list(examine())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_table("", ("what", "state", "detail"), [(f.subject, f.state, f.detail) for f in findings])
    if any(finding.state == "error" for finding in findings):
        raise typer.Exit(1)


def examine() -> Iterator[Finding]:
    """Run all checks; one that fails is a finding and does not stop the others."""
    yield Finding("autoclip", "ok", version("autoclip"))
    yield Finding("python", "ok", f"{sys.version.split()[0]}, {os.cpu_count()} cores")
    try:
        environment = read_environment()
    except AutoclipError as error:
        yield Finding("environment", "error", str(error))
        return
    yield _decoders()
    yield _checked("ffmpeg", lambda: _ffmpeg(environment))
    yield _speech(environment)
    yield _capabilities(environment)
    yield _data_folder(environment.data_dir)
    yield _checked("catalog", lambda: _catalog(environment))
    yield _checked("store", lambda: _store(environment))
    yield _prefect(environment)


def _checked(subject: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except (AutoclipError, OSError, subprocess.SubprocessError) as error:
        return Finding(subject, "error", str(error))


def _decoders() -> Finding:
    import av

    missing = [name for name in DECODERS if name not in av.codecs_available]
    libavcodec = ".".join(map(str, av.library_versions["libavcodec"]))
    if missing:
        return Finding("decoders", "warning", f"libavcodec {libavcodec} lacks {', '.join(missing)}")
    return Finding("decoders", "ok", f"libavcodec {libavcodec}: {', '.join(DECODERS)}")


def _ffmpeg(environment: Environment) -> Finding:
    from autoclip.media.ffmpeg import find_ffmpeg

    executable = find_ffmpeg(environment.ffmpeg)
    version = _output_of(str(executable), "-version").splitlines()[0].split(" Copyright")[0]
    known = {line.split()[1] for line in _output_of(str(executable), "-encoders").splitlines() if len(line.split()) > 1}
    missing = [name for name in ENCODERS if name not in known]
    if missing:
        return Finding("ffmpeg", "error", f"{executable} can't encode {', '.join(missing)}; unset AUTOCLIP_FFMPEG")
    return Finding("ffmpeg", "ok", f"{version} at {executable}")


def _speech(environment: Environment) -> Finding:
    """Check whether a video without subtitles can be transcribed."""
    from autoclip.speech.transcribers import transcriber_for

    settings = environment.settings.speech
    try:
        transcriber = transcriber_for(settings)
        transcriber.require()
    except AutoclipError as error:
        return Finding("speech", "ok", f"subtitles only: {error}")
    return Finding("speech", "ok", transcriber.origin)


def _capabilities(environment: Environment) -> Finding:
    """Say what of a job this machine can do that not every machine can; its worker tells Prefect the same."""
    from stages.capabilities import capabilities_of

    return Finding("jobs here can use", "ok", ", ".join(sorted(capabilities_of(environment))) or "software only")


def _output_of(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, check=True, timeout=20)  # noqa: S603
    return done.stdout.decode("utf-8", "replace")


def _data_folder(folder: Path) -> Finding:
    from storage.data_folder import free_bytes, nearest_existing

    present, free = nearest_existing(folder), free_bytes(folder)
    detail = f"{folder}, {free / 1e9:.1f} GB free"
    if not (present.is_dir() and os.access(present, os.W_OK)):
        advice = "set AUTOCLIP_DATA_DIR to a folder that can"
        return Finding("data folder", "error", f"{present} can't be written into; {advice}")
    return Finding("data folder", "ok" if free >= LOW_SPACE_BYTES else "warning", detail)


def _catalog(environment: Environment) -> Finding:
    path = environment.catalog_path
    if not environment.on_postgresql and not path.exists():
        return Finding("catalog", "ok", f"{path} is made on first use")
    from storage.catalog import catalog_of

    catalog = catalog_of(environment)
    with catalog.reading() as view:
        count = view.projects.page(limit=1).total
    return Finding("catalog", "ok", f"{catalog.name}, {count} projects")


def _store(environment: Environment) -> Finding:
    from storage.artifact_store import state_of, store_of

    return Finding("store", "ok", state_of(store_of(environment)))


def _prefect(environment: Environment) -> Finding:
    address = os.environ.get("PREFECT_API_URL") or environment.prefect_url
    if not answers(f"{address}/health"):
        return Finding("Prefect server", "warning", f"none answers at {address}; 'autoclip up' starts one")
    return Finding("Prefect server", "ok", address)
