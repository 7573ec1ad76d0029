"""Videos with ranges, thumbnails, reports."""

import io
import shutil
import threading

import httpx
import pytest
from PIL import Image

from autoclip.media.playability import content_type_of, playability_of
from stages.make_proxy import proxy_path


@pytest.fixture
def film_project(workspace, small_film):
    path = workspace.videos / "the film.mp4"
    shutil.copy(small_film, path)
    return workspace.add_project(path=path, duration_sec=2.0)


def test_a_video_comes_whole_in_parts_and_not_at_all(client, film_project):
    address = f"/api/projects/{film_project.id}/video"
    content = film_project.path.read_bytes()
    whole = client.get(address)
    assert (whole.status_code, whole.headers["content-type"], whole.content) == (200, "video/mp4", content)
    assert whole.headers["content-disposition"].startswith("inline")
    assert whole.headers["accept-ranges"] == "bytes"
    part = client.get(address, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(content)}"
    tail = client.get(address, headers={"Range": "bytes=-50"})
    assert tail.content == content[-50:]
    beyond = client.get(address, headers={"Range": f"bytes={len(content)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(content)}")
    assert beyond.headers["content-type"] == "application/problem+json"
    for none in ("chapters=1-2", "bytes=2-1", "bytes=x", "bytes=", "bytes=1-2-3"):
        assert client.get(address, headers={"Range": none}).status_code == 200, none
    several = client.get(address, headers={"Range": "bytes=0-9,20-29"})
    assert (several.status_code, several.headers["content-type"][:20]) == (206, "multipart/byteranges")
    known = client.get(address, headers={"If-None-Match": whole.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    since = client.get(address, headers={"If-Modified-Since": whole.headers["last-modified"]})
    assert since.status_code == 304
    other = client.get(address, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (other.status_code, len(other.content)) == (200, len(content))
    etag, date = whole.headers["etag"], whole.headers["last-modified"]
    long_ago = "Mon, 01 Jan 2001 00:00:00 GMT"
    for name, value, status in [
        ("If-Match", f'"another", {etag}', 200),
        ("If-Match", "*", 200),
        ("If-Match", '"another"', 412),
        ("If-Match", f"W/{etag}", 412),
        ("If-Unmodified-Since", date, 200),
        ("If-Unmodified-Since", long_ago, 412),
        ("If-Unmodified-Since", "no date", 200),
        ("If-Modified-Since", long_ago, 200),
    ]:
        assert client.get(address, headers={name: value}).status_code == status, (name, value)
    known = client.get(address, headers={"If-None-Match": etag, "Range": f"bytes={len(content)}-"})
    assert known.status_code == 304  # conditions come before ranges (RFC 9110, 13.2.2)
    head = client.head(address)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(content)), b"")


def test_a_video_that_was_replaced_by_something_else_is_not_sent(client, workspace, film_project):
    secret = workspace.root / "secret.txt"
    secret.write_text("root:x:0:0")
    film_project.path.unlink()
    film_project.path.symlink_to(secret)
    answer = client.get(f"/api/projects/{film_project.id}/video")
    assert answer.status_code == 415
    assert "root:" not in answer.text
    film_project.path.unlink()
    gone = client.get(f"/api/projects/{film_project.id}/video")
    assert (gone.status_code, gone.json()["code"]) == (404, "not-found")


def test_a_video_that_another_process_moved_is_found_at_once(client, workspace, film_project):
    address = f"/api/projects/{film_project.id}/video"
    moved = workspace.videos / "moved.mp4"
    for place in (moved, film_project.path, moved):
        assert client.get(address).status_code == 200
        assert client.head(address).status_code == 200
        with workspace.catalog.transaction() as unit:
            project = unit.projects.get(film_project.id)
            project.path.rename(place)
            unit.projects.save(project.changed(path=place))
    assert client.get(address).headers["content-disposition"].startswith('inline; filename="moved.mp4"')
    with workspace.catalog.transaction() as unit:
        unit.projects.delete(film_project.id)
    assert client.get(address).status_code == 404


def test_a_project_without_a_video(client, workspace):
    project = workspace.add_project()
    assert client.get(f"/api/projects/{project.id}/video").status_code == 404
    assert client.get(f"/api/projects/{project.id}/report").status_code == 404
    assert client.get(f"/api/projects/{project.id}/debug/v2").status_code == 404


def test_a_thumbnail_of_a_clip_made_by_hand_is_made_when_asked_for(client, workspace, film_project):
    made = client.post(f"/api/projects/{film_project.id}/clips", json={"start": 0.5, "end": 1.5}).json()
    answer = client.get(made["thumbnail_url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(answer.content)).size == (320, 180)
    again = client.get(made["thumbnail_url"], headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    other = workspace.add_project()
    assert client.get(f"/api/projects/{other.id}/thumbnails/{made['id']}").status_code == 404


def test_a_thumbnail_never_comes_from_outside_its_project(client, workspace, film_project):
    (workspace.folder.root / "secret.jpg").write_bytes(b"secret")
    clip = workspace.add_clip(film_project, 0.5, 1.5, thumbnail="../../secret.jpg")
    answer = client.get(f"/api/projects/{film_project.id}/thumbnails/{clip.id}")
    assert answer.status_code == 422
    assert b"secret" not in answer.content.replace(b"secret.jpg", b"")


def test_names_of_files_survive_in_headers_and_break_none(client, workspace, small_film):
    for name in ('quo"te\r\nX-Evil: 1.mp4', "ナサ 🚀.mp4", "a;b,c.mp4"):
        path = workspace.videos / name
        shutil.copy(small_film, path)
        project = workspace.add_project(path=path)
        answer = client.get(f"/api/projects/{project.id}/video")
        assert answer.status_code == 200
        assert "x-evil" not in answer.headers
        assert "filename*=UTF-8''" in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("name", "kind", "playable"),
    [
        ("arena_180s.mp4", "video/mp4", True),
        ("tricky/h265_10bits.mp4", "video/mp4", False),
        ("tricky/av1_hdr10_portrait.mp4", "video/mp4", False),
        ("tricky/sample.avi", "video/x-msvideo", False),
        ("tricky/vp9_odd_dims.webm", "video/webm", True),
        ("tricky/attached_cover.mkv", "video/x-matroska", False),
        ("tricky/mpeg2_mp2.ts", "video/mp2t", False),
        ("cityCC0.mpg", "video/mpeg", False),
    ],
)
def test_what_browsers_play(real_media, name, kind, playable):
    from autoclip.media.probe import probe

    video = probe(real_media(name))
    verdict = playability_of(video)
    assert (content_type_of(video), verdict.playable) == (kind, playable), verdict.reason
    assert bool(verdict.reason) is not playable


def test_eight_readers_of_ranges_over_sockets(serve, workspace, small_film):
    path = workspace.videos / "film.mp4"
    content = small_film.read_bytes()
    path.write_bytes(content)
    project = workspace.add_project(path=path)
    address = f"{serve()}/api/projects/{project.id}/video"
    wrong = []

    def read():
        with httpx.Client(timeout=60) as reader:
            for first in range(0, len(content), len(content) // 7 + 1):
                got = reader.get(address, headers={"Range": f"bytes={first}-{first + 999}"})
                if got.content != content[first : first + 1000]:
                    wrong.append(first)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_change_of_a_project_is_seen_by_who_watches_it(client, workspace, small_film):
    """What is served follows the catalog at once, also when a player has asked before."""
    other = small_film.with_name("other.mp4")
    other.write_bytes(small_film.read_bytes() + b"\0" * 8)
    project = workspace.add_project(path=small_film)
    address = f"/api/projects/{project.id}/video"
    first = client.get(address, headers={"Range": "bytes=0-0"}).headers["content-range"]
    with workspace.catalog.transaction() as unit:
        unit.projects.save(unit.projects.get(project.id).changed(path=other))
    assert client.get(address, headers={"Range": "bytes=0-0"}).headers["content-range"] != first
    with workspace.catalog.transaction() as unit:
        unit.projects.delete(project.id)
    assert client.get(address).status_code == 404


def test_asking_for_a_proxy_reads_no_video(client, workspace, small_film, monkeypatch):
    project = workspace.add_project(path=small_film, size_bytes=small_film.stat().st_size, fingerprint="f" * 32)
    monkeypatch.setattr("storage.keys._digest", lambda _: pytest.fail("a GET has read the whole video"))
    assert client.get(f"/api/projects/{project.id}/proxy").status_code == 404
    proxy = proxy_path(workspace.folder.project(project.id), "f" * 32)
    proxy.parent.mkdir(parents=True)
    proxy.write_bytes(b"proxy")
    assert client.get(f"/api/projects/{project.id}/proxy").content == b"proxy"
