"""``autoclip demo``: the whole process, on a generated video or one of yours."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from interfaces.cli.analyze import print_clips
from interfaces.cli.options import Json, existing_file, full_path
from interfaces.cli.terminal import print_json, say

if TYPE_CHECKING:
    from flows.process_video import ProcessedVideo


def demo(
    *,
    video: Annotated[Path | None, typer.Option("--video", help="Use this video instead of a generated one.")] = None,
    top: Annotated[int, typer.Option("--top", min=0, max=100, help="Number of the best clips to export.")] = 3,
    as_json: Json = False,
) -> None:
    """Run the flow process-video under Prefect's embedded server, and export the best clips."""
    from storage.data_folder import DataFolder
    from storage.environment import read_environment

    data = DataFolder.of(read_environment())
    source = existing_file(video) if video is not None else _made_up_video(data.root / "demo" / "demo.mp4")
    say("running the flow process-video (the first start of Prefect's server takes some seconds)")
    processed = _run_flow(source, top, prefect_home=data.root / "prefect")
    folder = data.project(processed.project.id)
    if as_json:
        exports = [export.model_dump(mode="json") for export in processed.exports]
        print_json(processed.clips_file.model_dump(mode="json") | {"exports": exports, "report": str(folder.report)})
        return
    print_clips(processed.clips_file)
    for export in processed.exports:
        note = f" ({export.note})" if export.note else ""
        say(f"exported: {export.path}{note}" if export.state == "completed" else f"not exported: {export.error}")
    say(f"report:   {folder.report}")
    say(f"review:   'make up' (or 'autoclip up --open'), then open the project {processed.project.name!r} on its page")


def _made_up_video(path: Path) -> Path:
    """Render the demo video, unless it exists."""
    from storage.atomic import replacing
    from synthetic_media import render_demo

    if not path.exists():
        say("rendering two minutes of a made-up match with four goals and two decoys")
        with replacing(path, suffix=path.suffix) as partial:
            render_demo(partial)
    return path


def _run_flow(source: Path, top: int, *, prefect_home: Path) -> ProcessedVideo:
    """Run the flow in this process; without a server of the user's, under an embedded one."""
    from storage.atomic import storage_faults

    with storage_faults(prefect_home):
        prefect_home.mkdir(parents=True, exist_ok=True)  # Prefect creates only the last folder
    # Prefect reads these on import. Variables that the user has set are kept.
    os.environ.setdefault("PREFECT_HOME", str(prefect_home))
    Path(os.environ["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)  # Prefect's database creates no folders
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "300")
    from flows.process_video import process_video

    address = str(full_path(source))

    async def run() -> ProcessedVideo:
        state = await process_video(address, export_top=top, return_state=True)
        return cast("ProcessedVideo", await state.aresult())

    return asyncio.run(run())
