"""What lies below a root is swapped while the API works on it, and nothing foreign is read or written."""

from __future__ import annotations

from pathlib import Path

import pytest
from swaps import filed, linked, swapped_folder, swapping

from stages.register_video import register_video
from storage.catalog import Export

TRIES = 400
FEWER = 40
"""Where a try takes long; tests/test_confinement.py tries the same means 400 times."""


@pytest.fixture
def foreign(workspace, encode_tracks, film) -> Path:
    """A folder outside the roots, with another video under the name of ours."""
    outside = workspace.root / "outside"
    outside.mkdir()
    (outside / "film.mp4").write_bytes(encode_tracks("foreign.mp4", film([10, 20, 30] * 20)).read_bytes())
    return outside


@pytest.fixture
def registered(workspace, small_film):
    """A project of a file below the roots, in a folder of its own."""
    place = workspace.videos / "cup"
    place.mkdir()
    path = place / "film.mp4"
    path.write_bytes(small_film.read_bytes())
    return register_video(workspace.catalog, path).project


def answers(client, address: str, tries: int = FEWER) -> set[bytes]:
    """What comes back with success; further tries until something does, since each may meet the link by chance."""
    found: set[bytes] = set()
    made = 0
    while made < tries or (not found and made < 100 * tries):
        made += 1
        answer = client.get(address)
        assert answer.status_code in {200, 404, 415, 422}, answer.text
        if answer.status_code == 200:
            found.add(answer.content)
    return found


@pytest.mark.parametrize("target", ["/etc/passwd", "foreign"])
def test_a_projects_video_swapped_for_a_link(client, registered, foreign, target):
    ours = registered.path.read_bytes()
    aim = foreign / "film.mp4" if target == "foreign" else Path(target)
    tries = FEWER if target == "foreign" else TRIES
    with swapping(linked(registered.path, aim), filed(registered.path, ours)):
        assert answers(client, f"/api/projects/{registered.id}/video", tries) == {ours}


def test_the_folder_of_a_projects_video_swapped_for_a_link(client, registered, foreign, small_film):
    with swapping(*swapped_folder(registered.path.parent, foreign)):
        assert answers(client, f"/api/projects/{registered.id}/video") == {small_film.read_bytes()}


def test_a_link_to_another_video_below_the_roots_is_not_followed(client, workspace, registered, foreign):
    other = workspace.videos / "other.mp4"
    other.write_bytes((foreign / "film.mp4").read_bytes())
    linked(registered.path, other)()
    for part in ("video", "playback"):
        assert client.get(f"/api/projects/{registered.id}/{part}").status_code == 415


def test_an_export_swapped_for_a_link(client, workspace, registered, foreign):
    place = workspace.outputs / "cup"
    place.mkdir()
    path = place / "clip.mp4"
    path.write_bytes(b"ours")
    with workspace.catalog.transaction() as unit:
        export = unit.exports.add(
            Export(project_id=registered.id, clip_id="a", name="clip.mp4", state="completed", path=path)
        )
    (foreign / "clip.mp4").write_bytes(b"theirs")
    address = f"/api/exports/{export.id}/file"
    with swapping(linked(path, Path("/etc/passwd")), filed(path, b"ours")):
        assert answers(client, address) == {b"ours"}
    with swapping(*swapped_folder(place, foreign)):
        assert answers(client, address) == {b"ours"}
    away, _ = swapped_folder(place, foreign)
    away()
    assert client.delete(f"/api/exports/{export.id}").status_code == 204
    assert (foreign / "clip.mp4").read_bytes() == b"theirs"


@pytest.mark.parametrize("kind", ["report", "thumbnail", "debug"])
def test_files_of_a_projects_folder_swapped_for_links(client, workspace, registered, kind):
    folder = workspace.folder.project(registered.id)
    path = {
        "report": folder.report,
        "thumbnail": folder.root / "thumbnails" / "a.jpg",
        "debug": folder.debug_path("v2"),
    }[kind]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"ours")
    clip = workspace.add_clip(registered, 0.1, 0.9, thumbnail="thumbnails/a.jpg")
    part = {"report": "report", "thumbnail": f"thumbnails/{clip.id}", "debug": "debug/v2"}[kind]
    with swapping(linked(path, Path("/etc/passwd")), filed(path, b"ours")):
        assert answers(client, f"/api/projects/{registered.id}/{part}") == {b"ours"}


def test_a_folder_swapped_while_a_file_is_registered(client, workspace, foreign, small_film):
    """Each try has a new name and content: a known one would not be read again."""
    place = workspace.videos / "drop"
    place.mkdir()
    ours = small_film.read_bytes()
    (foreign / "film.mp4").write_bytes((foreign / "film.mp4").read_bytes() + b"theirs")
    (place / "film.mp4").write_bytes(ours)
    with swapping(*swapped_folder(place, foreign)):
        for _ in range(FEWER):
            client.post("/api/projects/local", json={"path": str(place / "film.mp4")})
    projects = client.get("/api/projects").json()["items"]
    assert {project["size_bytes"] for project in projects} <= {len(ours)}


def test_a_folder_swapped_while_an_output_folder_is_made(client, workspace, registered, foreign):
    place = workspace.outputs / "cup"
    place.mkdir()
    with swapping(*swapped_folder(place, foreign)):
        for number in range(FEWER):
            order = {"folder": str(place / f"{number}" / "clips")}
            answer = client.post(f"/api/projects/{registered.id}/output-folder", json=order)
            assert answer.status_code in {200, 403, 422}, answer.text
    assert {path.name for path in foreign.iterdir()} == {"film.mp4"}
