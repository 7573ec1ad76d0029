"""The flow that processes new videos of a folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from prefect.client.schemas.objects import State
from pydantic import Field

from autoclip.errors import NotFoundError, StorageError, printable
from autoclip.export.interchange.formats import TimelineFormat
from autoclip.progress import Progress
from autoclip.settings import ExportSettings, Settings
from flows.batch import Item, ItemOutcome, publish_summary, run_items
from flows.job_flow import job_flow, own_run_id
from flows.parameters import Handles, OpenExportSettings, OpenSettings, OutputFolder, chosen_settings, output_folder
from stages.find_videos import Candidate, find_videos
from stages.output_folders import require_outside
from storage.keys import fingerprint
from tasks.places import fingerprint_memory
from tasks.progress_reporter import ProgressReporter

PLAN = {"look": 5.0, "videos": 95.0}


@job_flow("process-folder", "Process the new videos of a folder")
async def process_folder(  # noqa: PLR0917 - the fields of Prefect's form
    folder: Annotated[str, Field(max_length=4096)] = "",
    pattern: Annotated[str, Field(min_length=1, max_length=200)] = "*",
    recursive: bool = True,  # noqa: FBT001, FBT002 - a checkbox of Prefect's form
    max_concurrent: Annotated[int, Field(ge=1, le=64)] = 2,
    min_age_sec: Annotated[float, Field(ge=0, le=86400)] = 10.0,
    settings: OpenSettings = Settings(),  # noqa: B008 - frozen
    export_top: Annotated[int, Field(ge=0, le=1000)] = 0,
    export: OpenExportSettings = ExportSettings(),  # noqa: B008 - frozen
    retry_failed: bool = False,  # noqa: FBT001, FBT002
    timelines: tuple[TimelineFormat, ...] = (),
    to: OutputFolder = "",
    handles_sec: Handles = 0.0,
) -> State[tuple[ItemOutcome, ...]]:
    """Process every video of a folder whose content was not processed before, each as its own job.

    A renamed or copied file is recognized by its content. A file that changed just now is still being written, and is
    left for the next run. A failed one is not tried again until it changes, unless requested.

    Args:
        folder: The folder, on the worker's machine.
        pattern: Which files, as in a shell; "*" selects all with a video suffix.
        recursive: Include subfolders.
        max_concurrent: Maximum number of videos at the same time.
        min_age_sec: Skip a file that changed less than this many seconds ago.
        settings: How to extract and select; settings left empty come from the worker's environment.
        export_top: Export this many of the best clips of each video.
        export: How to render and name the exports.
        retry_failed: Try videos again that failed before.
        timelines: Write the clips of each video down for editing programs: otio, edl, fcpxml, xmeml.
        to: Folder the exports of all videos go to, on the worker's machine; empty: where each project's exports go.
        handles_sec: Seconds before and after each clip in timelines for editing programs.
    """
    if not folder:
        raise NotFoundError("process-folder: no folder is set; set it in the deployment's or this run's parameters")
    root = _absolute(folder)
    chosen = chosen_settings(settings)
    given = {
        "settings": chosen.model_dump(mode="json"),
        "export_top": export_top,
        "export": export.model_dump(mode="json"),
    } | _chosen_beyond(timelines, to, root)
    given |= {"handles_sec": handles_sec} if handles_sec else {}
    with ProgressReporter(own_run_id(), PLAN) as report:
        found = find_videos(root, pattern, recursive=recursive, min_age_sec=min_age_sec)
        items: list[Item] = []
        outcomes: list[ItemOutcome] = []
        for number, candidate in enumerate(found):
            report(Progress("look", number / len(found), candidate.path.name))
            decided = _decide(candidate, root, given)
            if isinstance(decided, Item):
                items.append(decided)
            else:
                outcomes.append(decided)
        outcomes += await run_items(_unique(items), max_concurrent, report, "videos", retry_failed=retry_failed)
        return await publish_summary(outcomes)


def _chosen_beyond(timelines: Sequence[TimelineFormat], to: str, root: Path) -> dict[str, object]:
    """Return the parameters that are left out unless given explicitly: they are part of a processed video's key."""
    folder = output_folder(to)
    chosen: dict[str, object] = {"timelines": list(timelines)} if timelines else {}
    if folder is None:
        return chosen
    require_outside(folder, root)
    return chosen | {"to": str(folder)}


def _absolute(folder: str) -> Path:
    return Path(folder).expanduser().absolute()


def _decide(candidate: Candidate, root: Path, given: dict[str, object]) -> Item | ItemOutcome:
    """Return the item for a file, or the outcome if there is nothing to do."""
    label = printable(str(candidate.path.relative_to(root)))
    if printable(str(candidate.path)) != str(candidate.path):
        return ItemOutcome(label, "skipped", "its name is not UTF-8; rename it")
    if not candidate.settled:
        return ItemOutcome(label, "skipped", "still being written")
    try:
        content = fingerprint(candidate.path, fingerprint_memory())
    except (StorageError, OSError) as error:
        return ItemOutcome(label, "skipped", f"can't be read now: {error}")
    chosen = hashlib.blake2s(json.dumps(given, sort_keys=True).encode(), digest_size=8).hexdigest()
    return Item(label, {"source": str(candidate.path), **given}, f"folder:{content}:{chosen}")


def _unique(items: list[Item]) -> list[Item]:
    """Drop copies of the same content; the first one is kept."""
    return list({item.key: item for item in reversed(items)}.values())[::-1]
