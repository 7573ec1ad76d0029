"""After an analysis there are pictures of the clips that the catalog still has, and of no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from autoclip.settings import Settings
from stages.analyze import library_stages, select_clips
from stages.extract_features import extract_features
from stages.results import ExtractedFeatures, SelectedClips
from storage.catalog import CompoundClip, CompoundItem
from tasks.make_thumbnails import make_thumbnails
from tasks.places import catalog, project_folder
from tasks.record_clips import record_clips
from tasks.register_video import register_video


@pytest.fixture
def features(rendered_match: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExtractedFeatures:
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(tmp_path / "data"))
    return extract_features(register_video.fn(rendered_match), Settings().extraction)


@pytest.fixture
def project_id(features: ExtractedFeatures) -> str:
    return features.project_id


def selected(features: ExtractedFeatures, **settings: float) -> SelectedClips:
    chosen = Settings.from_flat({"segmentation_mode": "v1", **settings})
    return make_thumbnails.fn(select_clips(library_stages(), features, chosen))


def analyzed(features: ExtractedFeatures, **settings: float) -> None:
    record_clips.fn(selected(features, **settings))


def pictures(project_id: str) -> set[str]:
    folder = project_folder(project_id)
    return {path.relative_to(folder.root).as_posix() for path in folder.thumbnails.glob("*.jpg")}


def test_a_clip_that_stays_keeps_its_picture(features: ExtractedFeatures, project_id: str) -> None:
    analyzed(features)
    with catalog().transaction() as unit:
        renamed, used, left_alone = unit.clips.page(project_id).items
        unit.clips.save(renamed.changed(name="Kick-off"))
        unit.compounds.add(CompoundClip(project_id=project_id, name="Best", items=(CompoundItem(clip_id=used.id),)))
    assert pictures(project_id) == {clip.thumbnail for clip in (renamed, used, left_alone)}

    analyzed(features, min_clip_seconds=25.0)
    with catalog().reading() as view:
        clips = view.clips.page(project_id).items
    assert {renamed.id, used.id} < {clip.id for clip in clips}
    assert left_alone.id not in {clip.id for clip in clips}
    assert pictures(project_id) == {clip.thumbnail for clip in clips}


def test_a_run_that_ends_before_the_catalog_knows_leaves_every_clip_its_picture(
    features: ExtractedFeatures, project_id: str
) -> None:
    analyzed(features)
    before = pictures(project_id)
    selected(features, min_clip_seconds=25.0)
    assert before < pictures(project_id)
