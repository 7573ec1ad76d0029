"""The log of operations: what it holds, undo, redo, and that it replays to the same state."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoclip.clips import Clip, clip_id
from autoclip.errors import ConflictError, NotFoundError
from autoclip.timeline import Interval
from storage.catalog import Analysis, CompoundClip, CompoundItem, Project, Source, StoredClip, new_id
from storage.catalog.duckdb_catalog import DuckDBCatalog
from storage.catalog.operations import MAX_OPERATIONS
from storage.catalog.replacement import SAME_MOMENT_IOU


def found(project, start, end, **fields):
    return Clip(
        id=clip_id(project.id, "v2", Interval(start, end)),
        name=f"At {start}",
        start=start,
        end=end,
        mode="v2",
        **fields,
    )


def by_hand(project, start, end, name="Mine"):
    return StoredClip(id=new_id(), project_id=project.id, name=name, start=start, end=end, created_by="manual")


def content(clip):
    """What a person sees of a clip: all but its revision and the time of the change."""
    return clip.model_dump(exclude={"revision", "updated_at"})


def state(catalog, project):
    with catalog.reading() as view:
        clips = {clip.id: content(clip) for clip in view.clips.page(project.id).items}
        compounds = {
            c.id: c.model_dump(exclude={"revision", "updated_at"}) for c in view.compounds.page(project.id).items
        }
        return clips, compounds


def kinds(catalog, project):
    with catalog.reading() as view:
        return [operation.kind for operation in view.operations.page(project.id).items][::-1]


def change(catalog, clip, **changes):
    with catalog.transaction() as unit:
        return unit.clips.save(unit.clips.get(clip.id).changed(**changes))


def add(catalog, clip):
    with catalog.transaction() as unit:
        return unit.clips.add(clip)


def test_each_unit_is_one_operation_named_by_what_it_changed(catalog, project):
    clip, other = add(catalog, by_hand(project, 10, 20)), add(catalog, by_hand(project, 30, 40))
    change(catalog, clip, start=11.0)
    change(catalog, clip, name="Goal")
    change(catalog, clip, verdict="kept")
    change(catalog, clip, name="Goal 2", end=19.0)
    with catalog.transaction() as unit:
        for one in (clip, other):
            unit.clips.save(unit.clips.get(one.id).changed(verdict="rejected"))
    with catalog.transaction() as unit:
        unit.compounds.add(CompoundClip(project_id=project.id, name="k", items=(CompoundItem(clip_id=clip.id),)))
    with catalog.transaction() as unit:
        unit.clips.delete(other.id)
    expected = ["create", "create", "trim", "rename", "verdict", "edit", "bulk", "compound", "delete"]
    assert kinds(catalog, project) == expected
    with catalog.reading() as view:
        verdict = view.operations.page(project.id).items[4]
    assert [(c.id, c.before, c.after) for c in verdict.changes] == [
        (clip.id, {"verdict": "undecided"}, {"verdict": "kept"})
    ]


def test_what_changes_nothing_is_no_operation(catalog, project):
    add(catalog, by_hand(project, 10, 20))
    with catalog.transaction() as unit:
        unit.projects.save(unit.projects.get(project.id).changed(name="Other"))
        passing = unit.clips.add(by_hand(project, 1, 2))
        unit.clips.delete(passing.id)
    assert kinds(catalog, project) == ["create"]


def test_undo_and_redo_bring_back_every_kind_of_change_and_never_an_old_revision(catalog, project):
    clip = add(catalog, by_hand(project, 10, 20))
    states = [state(catalog, project)]
    for changes in ({"start": 12.0}, {"name": "Goal"}, {"verdict": "kept"}):
        change(catalog, clip, **changes)
        states.append(state(catalog, project))
    with catalog.transaction() as unit:
        compound = unit.compounds.add(
            CompoundClip(project_id=project.id, name="k", items=(CompoundItem(clip_id=clip.id, start=13.0),))
        )
    states.append(state(catalog, project))
    with catalog.transaction() as unit:
        unit.compounds.delete(compound.id)
        unit.clips.delete(clip.id)
    states.append(state(catalog, project))
    seen = {}
    for _ in range(2):
        for expected in states[-2::-1]:
            with catalog.transaction() as unit:
                unit.operations.undo(project.id)
            assert state(catalog, project) == expected
            with catalog.reading() as view:
                now = view.clips.get(clip.id)
            assert seen.setdefault(now.revision, content(now)) == content(now)
        for expected in states[1:]:
            with catalog.transaction() as unit:
                unit.operations.redo(project.id)
            assert state(catalog, project) == expected


def test_a_new_change_takes_the_way_forward(catalog, project):
    clip = add(catalog, by_hand(project, 10, 20))
    change(catalog, clip, name="One")
    with catalog.transaction() as unit:
        unit.operations.undo(project.id)
        assert unit.operations.to_redo(project.id).kind == "rename"
    change(catalog, clip, verdict="kept")
    with catalog.transaction() as unit, pytest.raises(ConflictError, match="no change to redo"):
        unit.operations.redo(project.id)
    assert kinds(catalog, project) == ["create", "verdict"]
    with catalog.reading() as view:
        assert [o.number for o in view.operations.page(project.id).items] == [3, 1]


def test_there_is_an_end_to_undo_and_an_analysis_is_one(catalog, project):
    with catalog.transaction() as unit, pytest.raises(ConflictError, match="no change to undo"):
        unit.operations.undo(project.id)
    with catalog.transaction() as unit, pytest.raises(NotFoundError):
        unit.operations.undo("nobody")
    analyze(catalog, project, [found(project, 10, 20)])
    with catalog.transaction() as unit, pytest.raises(ConflictError):
        unit.operations.undo(project.id)
    assert kinds(catalog, project) == ["analyze"]


def analyze(catalog, project, clips, **fields):
    with catalog.transaction() as unit:
        replacement = unit.clips.replace_auto_clips(project.id, "v2", clips)
        unit.analyses.record(
            Analysis(project_id=project.id, mode="v2", extraction_key="e", selection_key="s", **fields)
        )
    return replacement


def test_a_retune_keeps_every_verdict_and_can_be_undone_with_its_settings(catalog, project):
    first = [found(project, start, start + 10) for start in range(0, 100, 20)]
    analyze(catalog, project, first, settings={"step_sec": 1.0})
    change(catalog, StoredClip.of(first[0], project.id), verdict="kept")
    change(catalog, StoredClip.of(first[1], project.id), verdict="rejected")
    before = state(catalog, project)
    again = [found(project, 1, 11), found(project, 21, 31), found(project, 41, 51), found(project, 200, 210)]
    replacement = analyze(catalog, project, again, settings={"step_sec": 2.0})
    assert set(replacement.kept) == {first[0].id, first[1].id}
    assert set(replacement.added) == {again[2].id, again[3].id}
    assert replacement.moved == ((first[2].id, again[2].id),)
    with catalog.reading() as view:
        verdicts = {clip.id: clip.verdict for clip in view.clips.page(project.id).items}
        assert view.analyses.get(project.id, "v2").settings == {"step_sec": 2.0}
    assert verdicts == {
        first[0].id: "kept",
        first[1].id: "rejected",
        again[2].id: "undecided",
        again[3].id: "undecided",
    }
    with catalog.transaction() as unit:
        assert unit.operations.undo(project.id).kind == "retune"
        assert unit.analyses.get(project.id, "v2").settings == {"step_sec": 1.0}
    assert state(catalog, project) == before


@pytest.mark.parametrize("touch", [{"verdict": "rejected"}, {"name": "Mine"}, {"end": 21.0}])
def test_a_moment_a_person_decided_about_does_not_come_back_beside_it(catalog, project, touch):
    analyze(catalog, project, [found(project, 10, 20)])
    with catalog.reading() as view:
        (clip,) = view.clips.page(project.id).items
    change(catalog, clip, **touch)
    near, far = found(project, 11, 21), found(project, 17, 29)
    assert near.interval.iou(clip.interval) >= SAME_MOMENT_IOU > far.interval.iou(clip.interval)
    assert analyze(catalog, project, [near, far]).added == (far.id,)


def test_a_preview_says_what_the_replacement_then_does(catalog, project):
    analyze(catalog, project, [found(project, start, start + 10) for start in range(0, 100, 20)])
    again = [found(project, 0, 10), found(project, 22, 32), found(project, 300, 310)]
    with catalog.reading() as view:
        preview = view.clips.preview_replacement(project.id, "v2", again)
    assert analyze(catalog, project, again) == preview


def test_deleted_clips_can_be_listed_until_they_are_back(catalog, project):
    clip = add(catalog, by_hand(project, 10, 20))
    with catalog.transaction() as unit:
        unit.clips.delete(clip.id)
    change_me = add(catalog, by_hand(project, 30, 40))
    with catalog.transaction() as unit:
        assert [content(each) for each in unit.operations.deleted_clips(project.id)] == [content(clip)]
        unit.clips.add(unit.operations.deleted_clips(project.id)[0])
        assert unit.operations.deleted_clips(project.id) == ()
    assert set(state(catalog, project)[0]) == {clip.id, change_me.id}


def test_a_unit_that_fails_logs_nothing(catalog, project):
    def fail():
        with catalog.transaction() as unit:
            unit.clips.add(by_hand(project, 10, 20))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert kinds(catalog, project) == []


def test_projects_have_logs_of_their_own(catalog, project):
    with catalog.transaction() as unit:
        other = unit.projects.add(Project(name="o", source=Source(kind="file", address="b")))
        unit.clips.add(by_hand(other, 1, 2))
        unit.clips.add(by_hand(project, 1, 2))
    assert kinds(catalog, project) == kinds(catalog, other) == ["create"]
    with catalog.transaction() as unit:
        unit.operations.undo(other.id)
    assert (len(state(catalog, project)[0]), len(state(catalog, other)[0])) == (1, 0)


def test_the_log_is_bounded_and_its_last_operations_stay(catalog, project, monkeypatch):
    monkeypatch.setattr("storage.catalog.operations.MAX_OPERATIONS", 3)
    clip = add(catalog, by_hand(project, 10, 20))
    for number in range(5):
        change(catalog, clip, name=f"N{number}")
    with catalog.reading() as view:
        assert [operation.number for operation in view.operations.page(project.id).items] == [6, 5, 4]
    monkeypatch.setattr("storage.catalog.operations.MAX_LOG_BYTES", 1)
    change(catalog, clip, name="x" * 400)
    with catalog.reading() as view:
        assert [operation.number for operation in view.operations.page(project.id).items] == [7]
    assert MAX_OPERATIONS > 1000


STEPS = st.lists(st.sampled_from(["add", "trim", "verdict", "delete", "bulk", "undo", "redo", "retune"]), max_size=10)


@settings(max_examples=8, deadline=None)
@given(steps=STEPS)
def test_any_history_replays_to_the_state_that_is_there(shared_catalog, steps):
    catalog = shared_catalog
    with catalog.transaction() as unit:
        project = unit.projects.add(Project(name="p", source=Source(kind="file", address="a"), duration_sec=600.0))
    for number, step in enumerate(steps):
        with catalog.transaction() as unit:
            play(unit, project, step, number)
    assert replayed(catalog, project) == state(catalog, project)


def play(unit, project, step, number):
    clips = unit.clips.page(project.id).items
    if step == "add":
        unit.clips.add(by_hand(project, number, number + 5.0))
    elif step == "retune":
        unit.clips.replace_auto_clips(
            project.id, "v2", [found(project, 100 + n, 105 + n) for n in range(number, number + 3)]
        )
    elif step in {"undo", "redo"}:
        ready = unit.operations.to_undo if step == "undo" else unit.operations.to_redo
        if ready(project.id):
            getattr(unit.operations, step)(project.id)
    elif clips and step == "trim":
        unit.clips.save(clips[0].changed(end=clips[0].end + 1))
    elif clips and step == "delete":
        unit.clips.delete(clips[-1].id)
    elif step in {"verdict", "bulk"}:
        for clip in clips[: 1 if step == "verdict" else None]:
            unit.clips.save(clip.changed(verdict="kept" if clip.verdict != "kept" else "rejected"))


def replayed(catalog, project):
    """Apply the log to nothing."""
    clips = {}
    with catalog.reading() as view:
        for operation in reversed(view.operations.page(project.id).items):
            for each in operation.changes if not operation.undone else ():
                if each.after is None:
                    del clips[each.id]
                else:
                    clips[each.id] = clips.get(each.id, {}) | each.after
    records = [StoredClip.model_validate(fields) for fields in clips.values()]
    return {clip.id: content(clip) for clip in records}, {}


@pytest.fixture(scope="module")
def shared_catalog(tmp_path_factory):
    return DuckDBCatalog(tmp_path_factory.mktemp("log") / "a.duckdb")
