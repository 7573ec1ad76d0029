"""After an analysis there are pictures of the clips that the catalog still has, and of no others."""

from __future__ import annotations

from pathlib import Path

import pytest
from match import render_match

from autoclip.settings import Settings
from stages.measure import measure
from storage.catalog import CompoundClip, CompoundItem
from tasks.choose_clips import choose_clips
from tasks.illustrate_clips import illustrate_clips
from tasks.join_project import join_project
from tasks.places import catalog, project_folder
from tasks.record_clips import record_clips


@pytest.fixture(scope="module")
def match(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("media") / "match.mp4"
    render_match(path)
    return path


@pytest.fixture
def project_id(match: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(tmp_path / "data"))
    identity = join_project.fn(match, "")
    measure(match, project_folder(identity), Settings().extraction)
    return identity


def analyzed(project_id: str, **settings: float) -> None:
    chosen = Settings.from_flat({"segmentation_mode": "v1", **settings})
    choose_clips.fn(project_id, chosen)
    illustrate_clips.fn(project_id, lambda _progress: None)
    record_clips.fn(project_id, "v1", "key")


def pictures(project_id: str) -> set[str]:
    folder = project_folder(project_id)
    return {path.relative_to(folder.root).as_posix() for path in folder.thumbnails.glob("*.jpg")}


def test_a_clip_that_stays_keeps_its_picture(project_id: str) -> None:
    analyzed(project_id)
    with catalog().transaction() as unit:
        renamed, used, left_alone = unit.clips.page(project_id).items
        unit.clips.save(renamed.changed(name="Kick-off"))
        unit.compounds.add(CompoundClip(project_id=project_id, name="Best", items=(CompoundItem(clip_id=used.id),)))
    assert pictures(project_id) == {clip.thumbnail for clip in (renamed, used, left_alone)}

    analyzed(project_id, min_clip_seconds=25.0)
    with catalog().reading() as view:
        clips = view.clips.page(project_id).items
    assert {renamed.id, used.id} < {clip.id for clip in clips}
    assert left_alone.id not in {clip.id for clip in clips}
    assert pictures(project_id) == {clip.thumbnail for clip in clips}


def test_a_run_that_ends_before_the_catalog_knows_leaves_every_clip_its_picture(project_id: str) -> None:
    analyzed(project_id)
    before = pictures(project_id)
    choose_clips.fn(project_id, Settings.from_flat({"segmentation_mode": "v1", "min_clip_seconds": 25.0}))
    illustrate_clips.fn(project_id, lambda _progress: None)
    assert before < pictures(project_id)
