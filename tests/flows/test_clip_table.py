"""The table a run ends with: every clip, its file or why there is none, and nothing that breaks it."""

from __future__ import annotations

import html
import re
from pathlib import Path

from markdown_it import MarkdownIt

from autoclip.clips import Clip, ClipsFile
from flows.analyze import clip_count
from flows.clip_table import MAX_ROWS, clip_table
from storage.catalog import Export, Project, Source

PROJECT = Project(
    name="Cup | final *", path=Path("/videos/cup.mp4"), source=Source(kind="file", address="/videos/cup.mp4")
)


def clips_file(*clips: Clip, message: str = "") -> ClipsFile:
    return ClipsFile(mode="v2", video={}, settings={}, clips=clips, message=message)


def test_a_row_a_clip_with_its_file_or_why_there_is_none() -> None:
    first = Clip(id="a", name="The | goal", start=61.25, end=70, quality_score=0.876, reason="loud <b>")
    second = Clip(id="b", name="Miss", start=80, end=90)
    third = Clip(id="c", name="Rest", start=95, end=99)
    exports = (
        Export(project_id=PROJECT.id, clip_id="a", name="x", state="completed", path=Path("/out/goal.mp4")),
        Export(project_id=PROJECT.id, clip_id="b", name="y", state="failed", error="disk full"),
    )
    lines = clip_table(PROJECT, clips_file(first, second, third), exports).splitlines()
    assert lines[0] == r"# Cup \| final \*"
    assert "Exported to /out" in lines
    rows = [line for line in lines if line.startswith("|")][2:]
    assert rows == [
        r"| The \| goal | 1:01.2 | 1:10.0 | 8.8 s | 0.88 | goal.mp4 | loud &lt;b&gt; |",
        "| Miss | 1:20.0 | 1:30.0 | 10.0 s | 0.00 | failed: disk full |  |",
        "| Rest | 1:35.0 | 1:39.0 | 4.0 s | 0.00 |  |  |",
    ]


def test_no_name_brings_markup_of_its_own() -> None:
    """The path, the folder and the file of a project that somebody named to be clicked at."""
    lure = "a`<img src=x onerror=alert(1)> [x](javascript:alert(1)) | y"
    project = Project(name=lure, path=Path(f"/videos/{lure}.mp4"), source=Source(kind="file", address="x"))
    clip = Clip(id="a", name=lure, start=0, end=1, reason=lure)
    export = Export(
        project_id=project.id, clip_id="a", name="x", state="completed", path=Path(f"/out/{lure}/{lure}.mp4"), note=lure
    )
    failed = Export(project_id=project.id, clip_id="b", name="x", state="failed", error=lure)
    second = Clip(id="b", name="b", start=2, end=3)
    page = (
        MarkdownIt("commonmark", {"html": True})
        .enable("table")
        .render(clip_table(project, clips_file(clip, second, message=lure), (export, failed)))
    )
    assert not re.search("<(?!/?(h1|p|table|thead|tbody|tr|th|td)[ >])", page), page
    assert "href" not in page
    assert html.unescape(page).count(lure) == 9


def test_no_clip_is_told_with_its_reason() -> None:
    nothing = clips_file(message="No clip: nothing stands out.")
    assert clip_count(nothing) == "No clip: nothing stands out"
    table = clip_table(PROJECT, nothing)
    assert "0 clips" in table
    assert "nothing stands out" in table
    assert "|---" not in table


def test_a_long_table_ends_where_prefects_page_would() -> None:
    many = [Clip(id=str(n), name=f"clip {n}", start=n, end=n + 1) for n in range(MAX_ROWS + 7)]
    table = clip_table(PROJECT, clips_file(*many))
    assert table.count("\n| clip ") == MAX_ROWS + 1
    assert "... and 7 more in the report." in table
