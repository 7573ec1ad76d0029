import pytest

from autoclip.clips import Clip, Scores, clip_id
from autoclip.errors import ConflictError, NotFoundError, ParameterError, RevisionError
from autoclip.timeline import Interval
from storage.catalog import CompoundClip, CompoundItem, Export, Project, Source, StoredClip


def found(project, start, end, **fields):
    fields = {"name": f"Clip at {start}", "mode": "v2"} | fields
    identity = clip_id(project.id, fields["mode"], Interval(start, end))
    return Clip(id=identity, start=start, end=end, **fields)


def by_hand(project, start=5.0, end=9.0, **fields):
    clip = Clip(id=clip_id(project.id, "manual", Interval(start, end)), name="Mine", start=start, end=end)
    return StoredClip.of(clip, project.id).changed(created_by="manual", **fields)


def test_a_clip_comes_back_as_it_was(catalog, project):
    clip = by_hand(
        project,
        quality_score=0.123456789,
        anchor_time_sec=6.5,
        anchor_reason="excitement",
        reason="Größe",
        scores=Scores(excitement=0.5, dead_time=0.25),
        thumbnail="a.jpg",
    )
    with catalog.transaction() as unit:
        unit.clips.add(clip)
    with catalog.reading() as view:
        assert view.clips.get(clip.id) == clip
    assert clip.duration == 4.0


def test_clips_need_their_project_and_its_length(catalog, project):
    with catalog.transaction() as unit:
        with pytest.raises(ParameterError, match="600 s long"):
            unit.clips.add(by_hand(project, 590, 601))
        unit.clips.add(by_hand(project, 590, 600.01))
        stranger = Project(name="x", source=Source(kind="file", address="a"))
        with pytest.raises(NotFoundError, match="no project"):
            unit.clips.add(by_hand(stranger))
        with pytest.raises(NotFoundError, match="no project"):
            unit.clips.page(stranger.id)
        with pytest.raises(NotFoundError, match="no clip"):
            unit.clips.get("nope")


def test_renaming_and_trimming_mark_a_clip_as_a_persons(catalog, project):
    with catalog.transaction() as unit:
        first, second, third = (found(project, start, start + 5) for start in (10, 20, 30))
        unit.clips.replace_auto_clips(project.id, "v2", [first, second, third])
        renamed = unit.clips.save(unit.clips.get(first.id).changed(name="Goal"))
        trimmed = unit.clips.save(unit.clips.get(second.id).changed(start=21.0))
        plain = unit.clips.save(unit.clips.get(third.id).changed(quality_score=0.5))
    assert (renamed.renamed, renamed.trimmed) == (True, False)
    assert (trimmed.renamed, trimmed.trimmed) == (False, True)
    assert not plain.touched
    assert {clip.revision for clip in (renamed, trimmed, plain)} == {2}


def test_two_editors_do_not_overwrite_each_other(catalog, project):
    with catalog.transaction() as unit:
        clip = unit.clips.add(by_hand(project))
        unit.clips.save(clip.changed(name="A"))
    with catalog.transaction() as unit, pytest.raises(RevisionError, match="changed meanwhile"):
        unit.clips.save(clip.changed(end=10.0))


@pytest.mark.parametrize("changes", [{"end": 4.0}, {"start": -1.0}, {"end": 601.0}, {"name": ""}, {"name": "x" * 501}])
def test_a_change_that_makes_no_clip_is_refused(catalog, project, changes):
    with catalog.transaction() as unit:
        clip = unit.clips.add(by_hand(project))
    with catalog.transaction() as unit, pytest.raises(ParameterError):
        unit.clips.save(clip.changed(**changes))


def test_an_analysis_replaces_what_no_person_touched(catalog, project):
    old = [found(project, start, start + 5) for start in range(0, 70, 10)]
    with catalog.transaction() as unit:
        unit.clips.replace_auto_clips(project.id, "v2", old)
        renamed = unit.clips.save(unit.clips.get(old[0].id).changed(name="Goal"))
        trimmed = unit.clips.save(unit.clips.get(old[1].id).changed(end=14.0))
        compound = unit.compounds.add(
            CompoundClip(project_id=project.id, name="k", items=(CompoundItem(clip_id=old[2].id),))
        )
        manual = unit.clips.add(by_hand(project))
        other_mode = found(project, 1, 99, mode="v1")
        unit.clips.replace_auto_clips(project.id, "v1", [other_mode])
        new = [
            old[3].model_copy(update={"quality_score": 9.0, "name": "Clip 1"}),
            old[1].model_copy(update={"quality_score": 8.0}),
            old[4],
            found(project, 100, 110),
        ]
        report = unit.clips.replace_auto_clips(project.id, "v2", new)
        present = {clip.id: clip for clip in unit.clips.page(project.id).items}
    assert set(report.added) == {new[3].id}
    assert set(report.removed) == {old[5].id, old[6].id}
    assert set(report.updated) == {old[3].id, old[4].id}
    assert set(report.kept) == {renamed.id, trimmed.id, old[2].id}
    assert present[renamed.id] == renamed
    assert present[trimmed.id] == trimmed
    assert present[manual.id] == manual
    assert present[old[3].id].quality_score == 9.0
    assert present[old[3].id].revision == 2
    assert present[old[4].id].revision == 1
    assert set(present) == {*report.added, *report.updated, *report.kept, manual.id, other_mode.id}
    assert compound.items[0].clip_id in present


def test_the_same_analysis_again_changes_nothing(catalog, project):
    clips = [found(project, start, start + 5, quality_score=start / 7) for start in range(0, 500, 10)]
    with catalog.transaction() as unit:
        unit.clips.replace_auto_clips(project.id, "v2", clips)
        before = unit.clips.page(project.id)
        report = unit.clips.replace_auto_clips(project.id, "v2", clips)
        assert unit.clips.page(project.id) == before
    assert (report.added, report.removed) == ((), ())


def test_a_new_picture_of_a_clip_found_again_is_no_new_revision(catalog, project):
    clip = found(project, 1, 9, thumbnail="a.jpg")
    with catalog.transaction() as unit:
        unit.clips.replace_auto_clips(project.id, "v2", [clip])
        unit.clips.replace_auto_clips(project.id, "v2", [clip.model_copy(update={"thumbnail": "b.jpg"})])
        assert unit.clips.get(clip.id, revision=1).thumbnail == "b.jpg"
        unit.clips.replace_auto_clips(project.id, "v2", [clip.model_copy(update={"thumbnail": None})])
        assert unit.clips.get(clip.id, revision=1).thumbnail == "b.jpg"


def test_no_clips_leave_only_what_people_made(catalog, project):
    with catalog.transaction() as unit:
        unit.clips.replace_auto_clips(project.id, "v2", [found(project, 1, 9)])
        manual = unit.clips.add(by_hand(project))
        unit.clips.replace_auto_clips(project.id, "v2", [])
        assert unit.clips.page(project.id).items == (manual,)


def test_an_analysis_can_not_take_another_projects_clip(catalog, project):
    with catalog.transaction() as unit:
        other = unit.projects.add(Project(name="o", source=Source(kind="file", address="b")))
        clip = found(project, 1, 9)
        unit.clips.replace_auto_clips(project.id, "v2", [clip])
        with pytest.raises(ConflictError, match="another project"):
            unit.clips.replace_auto_clips(other.id, "v2", [clip])


def test_listing(catalog, project):
    with catalog.transaction() as unit:
        clips = [found(project, s, s + 5 + s / 100, quality_score=100 - s, name=f"N{s}") for s in range(0, 100, 10)]
        unit.clips.replace_auto_clips(project.id, "v2", clips)
        unit.clips.add(by_hand(project))
    with catalog.reading() as view:
        starts = [clip.start for clip in view.clips.page(project.id).items]
        assert starts == sorted(starts)
        assert [c.start for c in view.clips.page(project.id, sort="-quality_score", limit=2).items] == [0, 10]
        assert [c.start for c in view.clips.page(project.id, sort="-duration", limit=1, offset=1).items] == [80]
        assert view.clips.page(project.id, mode="v2").total == 10
        assert view.clips.page(project.id, created_by="manual").total == 1
        assert view.clips.page(project.id, min_quality=50).total == 6
        assert view.clips.page(project.id, search="n1").total == 1
        with pytest.raises(ParameterError, match="sort"):
            view.clips.page(project.id, sort="scores")


def test_a_clip_in_use_is_not_deleted(catalog, project):
    with catalog.transaction() as unit:
        clip = unit.clips.add(by_hand(project))
        compound = unit.compounds.add(
            CompoundClip(project_id=project.id, name="Best of", items=(CompoundItem(clip_id=clip.id),) * 2)
        )
        export = unit.exports.add(Export(project_id=project.id, clip_id=clip.id, name="e"))
        with pytest.raises(ConflictError, match="Best of"):
            unit.clips.delete(clip.id)
        unit.compounds.delete(compound.id)
        unit.clips.delete(clip.id)
        with pytest.raises(NotFoundError):
            unit.clips.get(clip.id)
        assert unit.exports.get(export.id).clip_id == clip.id


def test_compounds_keep_order_overrides_and_repeats(catalog, project):
    with catalog.transaction() as unit:
        one, two = unit.clips.add(by_hand(project, 10, 20)), unit.clips.add(by_hand(project, 30, 40))
        items = (
            CompoundItem(clip_id=two.id),
            CompoundItem(clip_id=one.id, start=12.0),
            CompoundItem(clip_id=two.id, start=31.5, end=33.25),
        )
        compound = unit.compounds.add(CompoundClip(project_id=project.id, name="k", items=items, crossfade_sec=0.5))
        assert unit.compounds.get(compound.id) == compound
        saved = unit.compounds.save(compound.changed(items=items[::-1], name="other"))
        assert saved.revision == 2
        with pytest.raises(RevisionError):
            unit.compounds.save(compound)
        assert unit.compounds.page(project.id).items == (saved,)
        unit.compounds.delete(compound.id)
        assert unit.compounds.page(project.id).total == 0
        with pytest.raises(NotFoundError, match="compound clip"):
            unit.compounds.delete(compound.id)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"clip_id": "nope"}, "no clip nope"),
        ({"start": 25.0}, "not after its start"),
        ({"end": 3.0}, "not after its start"),
    ],
)
def test_items_that_give_nothing_are_refused(catalog, project, item, reason):
    with catalog.transaction() as unit:
        clip = unit.clips.add(by_hand(project, 10, 20))
        bad = CompoundItem.model_validate({"clip_id": clip.id} | item)
        with pytest.raises(ParameterError, match=reason):
            unit.compounds.add(CompoundClip(project_id=project.id, name="k", items=(bad,)))


def test_exports_record_the_command_and_what_became_of_it(catalog, project, tmp_path):
    with catalog.transaction() as unit:
        export = unit.exports.add(
            Export(
                project_id=project.id,
                clip_id="a",
                name="Goal",
                settings={"cut": "smart", "crf": 18, "fade": None},
                command=("ffmpeg", "-i", "ü 'x'.mp4", ""),
                job_id="run-1",
            )
        )
        assert unit.exports.get(export.id) == export
        done = unit.exports.save(
            export.changed(state="completed", path=tmp_path / "ü.mp4", size_bytes=3, duration_sec=1.5, note="copied")
        )
        failed = unit.exports.add(Export(project_id=project.id, name="x", state="failed", error="codec"))
        assert unit.exports.page(project.id, state="completed").items == (done,)
        assert unit.exports.page(project.id, job_id="run-1").items == (done,)
        assert unit.exports.page(project.id, sort="created_at").items == (done, failed)
        with pytest.raises(RevisionError):
            unit.exports.save(export.changed(state="failed"))
        unit.exports.delete(failed.id)
        with pytest.raises(NotFoundError, match="no export"):
            unit.exports.get(failed.id)
