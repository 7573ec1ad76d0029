"""Opening: what may be opened, and that nothing else is reached through it."""

import os
import sys
from contextlib import closing
from pathlib import Path

import av
import av.error
import pytest

from autoclip.confinement import open_beneath
from autoclip.errors import MediaError
from autoclip.media.container import FORMATS, media_errors, open_container
from autoclip.media.pixel_limit import DEFAULT_MAX_PIXELS
from autoclip.media.probe import probe


@pytest.fixture
def video(encode_tracks, film) -> Path:
    return encode_tracks("video.mp4", film(range(0, 200, 20)))


def refusal(path: Path) -> str:
    with pytest.raises(MediaError) as caught, open_container(path):
        pass
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in caught.value.reason
    return caught.value.reason


def test_what_is_open_is_closed_at_the_end(video):
    with open_container(video) as container:
        assert len(container.streams.video) == 1
    with pytest.raises(AssertionError):
        container.duration  # noqa: B018


def test_a_symbolic_link_is_followed(video, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(video)
    with open_container(link) as container:
        assert container.format.name.startswith("mov")


@pytest.mark.parametrize(
    "name", ["concat:a|b.mp4", "http:x.mp4", "%03d.mp4", "ナサ émission 🚀.mp4", "-i.mp4", " .mp4"]
)
def test_a_name_is_only_a_name(video, name):
    renamed = video.rename(video.with_name(name))
    with open_container(renamed) as container:
        assert len(container.streams.video) == 1


def test_a_relative_path_is_opened(video, monkeypatch):
    monkeypatch.chdir(video.parent)
    with open_container(Path(video.name)) as container:
        assert len(container.streams.video) == 1


def test_what_is_no_file_is_refused(tmp_path):
    assert "folder" in refusal(tmp_path)
    assert "no such file" in refusal(tmp_path / "missing.mp4")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert "pipe" in refusal(fifo)
    assert "device" in refusal(Path("/dev/zero"))
    assert "null byte" in refusal(Path("a\0b"))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is text")
@pytest.mark.parametrize("name", [b"caf\xe9.mp4", b"\xff\xfe/film.mp4", b"\x82\xb3.mkv"])
def test_a_name_that_is_no_utf_8_is_refused_and_shown(tmp_path, encode_tracks, film, name):
    """Latin-1 in a file's and in a folder's name, and Shift JIS, as on old disks."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(encode_tracks("film.mp4", film(range(0, 250, 10))).read_bytes())
    with pytest.raises(MediaError, match=r"not UTF-8.*rename it") as told:
        probe(path)
    assert "\N{REPLACEMENT CHARACTER}" in str(told.value)
    str(told.value).encode()


def test_what_is_no_video_is_refused(tmp_path):
    empty, text, page = tmp_path / "empty.mp4", tmp_path / "text.mp4", tmp_path / "page.mkv"
    empty.touch()
    text.write_text("This is not a video.")
    page.write_text("<html><body>hello</body></html>" * 50)
    assert "empty" in refusal(empty)
    assert "moov" in refusal(text)
    with closing(open_beneath(tmp_path, text)) as opened, opened.pinned():
        assert "moov" in refusal(text), "FFmpeg is not given the name of a descriptor's file"
    refusal(page)


@pytest.mark.parametrize("name", ["list.mp4", "list.m3u8", "list"])
def test_a_playlist_does_not_reach_another_file(encode_tracks, film, tmp_path, name):
    target = encode_tracks("target.ts", film(range(0, 200, 20)))
    playlist = tmp_path / name
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.4,\n{target.name}\n#EXT-X-ENDLIST\n")
    refusal(playlist)


def test_the_playlist_would_be_followed_without_our_guard(encode_tracks, film, tmp_path):
    target = encode_tracks("target.ts", film(range(0, 200, 20)))
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.4,\n{target.name}\n#EXT-X-ENDLIST\n")
    with av.open(str(playlist)) as container:
        assert container.format.name == "hls"
    assert "'hls'" in refusal(playlist)


def test_a_concat_script_does_not_reach_another_file(video, tmp_path):
    script = tmp_path / "script.mp4"
    script.write_text(f"ffconcat version 1.0\nfile {video.name}\n")
    with av.open(str(script)) as container:
        assert container.format.name == "concat"
    assert "'concat'" in refusal(script)


def test_only_formats_that_hold_their_own_pictures_are_opened():
    names = {name for group in FORMATS for name in group.split(",")}
    assert all(av.ContainerFormat(name, "r").is_input for name in names)
    reaching = {"hls", "dash", "concat", "sdp", "rtsp", "rtp", "sap", "image2", "lavfi", "webm_dash_manifest", "vobsub"}
    assert not names & reaching


def test_a_picture_beyond_the_limit_is_refused_before_it_is_decoded(tmp_path):
    bomb = tmp_path / "bomb.y4m"
    bomb.write_bytes(b"YUV4MPEG2 W16000 H16000 F25:1 Ip A1:1 C420jpeg\nFRAME\n" + bytes(1000))
    assert f"{DEFAULT_MAX_PIXELS:,}" in refusal(bomb)


def test_an_error_in_the_body_is_translated_and_the_file_closed(video):
    with pytest.raises(MediaError) as caught, open_container(video) as container:
        raise av.error.InvalidDataError(1, "broken packet")
    assert caught.value.path == video
    assert isinstance(caught.value.__cause__, av.error.InvalidDataError)
    with pytest.raises(AssertionError):
        container.duration  # noqa: B018


def test_errors_of_others_pass_through(video):
    with pytest.raises(KeyError), media_errors(video):
        raise KeyError("ours")


def test_asking_for_the_reason_leaves_logging_as_it_was(tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("This is not a video.")
    before = av.logging.get_level()
    refusal(text)
    assert av.logging.get_level() == before


def test_nothing_is_printed(tmp_path, capfd):
    text = tmp_path / "text.mp4"
    text.write_text("This is not a video.")
    refusal(text)
    assert capfd.readouterr() == ("", "")
