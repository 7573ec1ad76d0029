"""Proxies: what browsers don't play becomes something they do, once."""

import av
import pytest

from autoclip.media.ffmpeg import run_ffmpeg
from autoclip.media.playability import playability_of
from autoclip.media.probe import probe
from stages.make_proxy import make_proxy
from storage.catalog import Project, Source
from storage.data_folder import DataFolder


def project_of(path):
    return Project(name="Match", source=Source(kind="file", address=str(path)), path=path)


@pytest.mark.parametrize(("name", "codec"), [("film.mp4", "mpeg4"), ("film.mkv", "libx264")])
def test_what_browsers_do_not_play_is_made_playable_once(*, tmp_path, encode_tracks, film, sound, name, codec):
    options = {} if codec == "libx264" else {"codec": codec, "options": {}}
    project = project_of(encode_tracks(name, film([40, 200] * 25, **options), sound(2.0)))
    folder = DataFolder(tmp_path / "data").project(project.id)
    proxy = make_proxy(project, folder)
    video = probe(proxy)
    assert playability_of(video).playable
    assert video.duration_sec == pytest.approx(2.0, abs=0.05)
    assert (video.video.codec, video.audio.codec) == ("h264", "aac")
    written = proxy.stat().st_mtime_ns
    assert make_proxy(project, folder) == proxy
    assert proxy.stat().st_mtime_ns == written


def test_what_browsers_play_needs_none(tmp_path, encode_tracks, film):
    project = project_of(encode_tracks("film.mp4", film([40, 200] * 25)))
    folder = DataFolder(tmp_path / "data").project(project.id)
    assert make_proxy(project, folder) == project.path
    assert not folder.root.exists()


def test_ten_bit_pictures_become_eight(tmp_path, real_media):
    project = project_of(real_media("tricky/h265_10bits.mp4"))
    proxy = make_proxy(project, DataFolder(tmp_path / "data").project(project.id))
    assert playability_of(probe(proxy)).playable


def test_a_picture_whose_size_changes_is_encoded_not_copied(tmp_path, encode_tracks, film):
    """Players know the first size of a copy only."""
    parts = []
    for name, size in (("first", (64, 48)), ("second", (96, 72))):
        whole = encode_tracks(f"{name}.mp4", film([40, 200] * 25, size=size))
        parts.append(tmp_path / f"{name}.ts")
        later = ["-output_ts_offset", "2"] if name == "second" else []
        run_ffmpeg(["-i", str(whole), "-c", "copy", *later, "-f", "mpegts", str(parts[-1])])
    changing = tmp_path / "changing.ts"
    changing.write_bytes(b"".join(part.read_bytes() for part in parts))
    project = project_of(changing)
    proxy = make_proxy(project, DataFolder(tmp_path / "data").project(project.id))
    with av.open(str(proxy)) as container:
        assert {(frame.width, frame.height) for frame in container.decode(video=0)} == {(64, 48)}
    assert probe(proxy).duration_sec == pytest.approx(4.0, abs=0.1)
    assert [path.name for path in proxy.parent.iterdir()] == [proxy.name]
