"""The chat beside a video counts; one that was named must be readable; one that was found must not stop the work."""

import pytest

from autoclip.errors import MediaError, ParameterError
from autoclip.settings import ExtractionSettings
from stages.analyze import open_video
from stages.chat_files import ChatFile, chat_beside
from stages.extract_features import extract_features
from stages.site_facts import source_of
from storage.analysis_folder import AnalysisFolder

CHAT = "[0:00:01] <ann> hahaha\n[0:00:01.2] <bob> hahaha\n[0:00:03] <cid> so\n"


@pytest.fixture
def video(encode_tracks, film):
    return encode_tracks("match.mp4", film([60] * 40, rate=10))


def extracted(video, folder, chat=None):
    return extract_features(open_video(video, AnalysisFolder(folder), chat), ExtractionSettings())


@pytest.mark.parametrize("name", ["match.chat.txt", "match.chat.json", "match.live_chat.json"])
def test_the_chat_beside_the_video_is_counted(video, tmp_path, name):
    video.with_name(name).write_text(CHAT)
    found = extracted(video, tmp_path / "out")
    series = found.source.folder.read_features().series
    assert series["chat_laughter"].tolist() == [0, 0, 2, 0, 0, 0, 0, 0]
    assert series["chat_chatters"].sum() == 3
    assert not found.warnings


def test_a_chat_that_starts_earlier_is_shifted_without_decoding_again(video, tmp_path):
    path = tmp_path / "log.txt"
    path.write_text(CHAT)
    extracted(video, tmp_path / "out")
    later = extracted(video, tmp_path / "out", ChatFile(path, offset_sec=1.0, was_named=True))
    assert later.reused
    assert later.source.folder.read_features().series["chat_laughter"].tolist() == [0, 0, 0, 0, 2, 0, 0, 0]


def test_a_broken_chat_that_was_only_found_is_left_out_with_a_word(video, tmp_path):
    video.with_name("match.chat.json").write_text("{")
    found = extracted(video, tmp_path / "out")
    assert "chat beside the video" in found.warnings[0]
    assert "chat_laughter" not in found.source.folder.read_features().series


def test_a_broken_chat_that_was_named_is_an_error(video, tmp_path):
    path = tmp_path / "log.txt"
    path.write_text("")
    with pytest.raises(MediaError, match=r"log\.txt"):
        extracted(video, tmp_path / "out", ChatFile(path, was_named=True))


@pytest.mark.parametrize("name", ["a" * 251, "ü" * 125, "字" * 83])
def test_a_video_of_the_longest_name_has_no_chat_beside_it(video, tmp_path, name):
    longest = video.rename(video.with_name(f"{name}.mp4"))
    found = extracted(longest, tmp_path / "out")
    assert chat_beside(longest) is None
    assert found.source.name == longest.name
    assert not found.warnings


def test_a_link_beside_the_video_is_not_followed(video, tmp_path):
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text(CHAT)
    video.with_name("match.chat.txt").symlink_to(elsewhere)
    assert chat_beside(video) is None


def test_a_link_that_comes_into_the_place_of_a_chat_is_not_followed(video, tmp_path):
    elsewhere, beside = tmp_path / "elsewhere.txt", video.with_name("match.chat.txt")
    for path in (elsewhere, beside):
        path.write_text(CHAT)
    source = open_video(video, AnalysisFolder(tmp_path / "out"))
    beside.unlink()
    beside.symlink_to(elsewhere)
    found = extract_features(source, ExtractionSettings())
    assert "chat beside the video" in found.warnings[0]
    assert "chat_laughter" not in found.source.folder.read_features().series


def test_a_chat_that_is_named_goes_before_the_one_beside_the_video(video, tmp_path):
    beside = video.with_name("match.chat.txt")
    beside.write_text(CHAT)
    source, named = open_video(video, AnalysisFolder(tmp_path / "out")), ChatFile(tmp_path / "a.txt", was_named=True)
    assert source.with_chat(named, -2.5).chat == ChatFile(tmp_path / "a.txt", -2.5, was_named=True)
    assert source.with_chat(None, 1.5).chat == ChatFile(beside, 1.5)


def test_an_offset_without_a_chat_is_refused(video, tmp_path):
    with pytest.raises(ParameterError, match=r"chat_offset = 1\.5"):
        open_video(video, AnalysisFolder(tmp_path / "out"), chat_offset_sec=1.5)
    assert open_video(video, AnalysisFolder(tmp_path / "out")).chat is None


def test_what_a_site_brought_is_no_subtitle(tmp_path):
    for name in ("video.mp4", "subtitles.en.vtt", "subtitles.live_chat.json"):
        (tmp_path / name).write_text("x")
    assert source_of("https://example.org/v", {}, tmp_path).subtitles == {"en": "subtitles.en.vtt"}
    assert chat_beside(tmp_path / "video.mp4") == ChatFile(tmp_path / "subtitles.live_chat.json")
