"""A transcript is read as it was written, or refused with a reason; a cut-off write leaves the older one."""

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.errors import NotFoundError, StorageError
from autoclip.speech.transcript import Transcript, Word
from autoclip.timeline import Interval
from storage.analysis_folder import AnalysisFolder
from storage.keys import transcript_key
from storage.parquet_files import UNIT_KEY
from storage.transcripts import TRANSCRIPT, StoredTranscript, read_transcript, transcript_key_in, write_transcript

SECONDS = st.floats(0, 1e5)
WORDS = st.builds(Word, SECONDS, SECONDS, st.text(min_size=1, max_size=12), st.none() | st.floats(0, 1), st.booleans())
SPANS = st.builds(lambda start, length: Interval(start, start + length), SECONDS, SECONDS)


def stored():
    words = (Word(0.5, 0.9, "Grüße,", 0.8), Word(1.0, 1.4, "世界", None))
    return StoredTranscript(Transcript(words, "de", "faster-whisper base"), "k" * 32, (Interval(0.0, 30.0),), "f" * 32)


@given(
    words=st.lists(WORDS, max_size=5),
    language=st.none() | st.sampled_from(["en", "ja"]),
    heard=st.lists(SPANS, max_size=3),
)
def test_a_transcript_is_read_as_it_was_written(tmp_path_factory, words, language, heard):
    folder = tmp_path_factory.mktemp("speech")
    whole = StoredTranscript(Transcript(tuple(words), language, "subtitles"), "abc", tuple(heard), "f" * 32)
    write_transcript(folder, whole)
    assert read_transcript(folder) == whole


def test_an_analysis_folder_keeps_it_beside_the_signals(tmp_path):
    folder = AnalysisFolder(tmp_path)
    assert folder.transcript_key() is None
    folder.write_transcript(stored())
    assert folder.read_transcript() == stored()
    assert folder.transcript_key() == "k" * 32
    table = pq.read_table(folder.features / TRANSCRIPT)
    assert table.column_names == ["start_sec", "end_sec", "text", "confidence", "estimated"]
    assert table.schema.field("start_sec").metadata == {UNIT_KEY: b"s"}


def test_without_one_it_says_what_to_do(tmp_path):
    with pytest.raises(NotFoundError, match="speech = all"):
        read_transcript(tmp_path)


@pytest.mark.parametrize("damage", ["truncated", "foreign", "flipped"])
def test_a_damaged_file_is_refused_and_never_used_again(tmp_path, damage):
    write_transcript(tmp_path, stored())
    path = tmp_path / TRANSCRIPT
    content = bytearray(path.read_bytes())
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "foreign":
        pq.write_table(pq.read_table(path).replace_schema_metadata({}), path)
    else:
        content[20] ^= 0xFF
        path.write_bytes(content)
    with pytest.raises(StorageError, match=TRANSCRIPT):
        read_transcript(tmp_path)
    if damage != "flipped":  # the footer is whole; the page's checksum tells
        assert transcript_key_in(tmp_path) is None


def test_of_a_file_that_does_not_say_it_times_are_estimates_where_confidence_is_missing(tmp_path):
    write_transcript(tmp_path, stored())
    table = pq.read_table(tmp_path / TRANSCRIPT)
    pq.write_table(table.drop_columns(["estimated"]), tmp_path / TRANSCRIPT, use_dictionary=False)
    assert [word.estimated for word in read_transcript(tmp_path).transcript.words] == [False, True]


def test_a_newer_format_is_refused(tmp_path):
    write_transcript(tmp_path, stored())
    path = tmp_path / TRANSCRIPT
    table = pq.read_table(path)
    footer = table.schema.metadata[b"autoclip"].replace(b'"format_version":1', b'"format_version":99')
    pq.write_table(table.replace_schema_metadata({b"autoclip": footer}), path)
    with pytest.raises(StorageError, match="format 99"):
        read_transcript(tmp_path)


@pytest.mark.parametrize(
    "other",
    [
        ("other", "faster-whisper", {"model": "base"}, 1),
        ("content", "subtitles", {"model": "base"}, 1),
        ("content", "faster-whisper", {"model": "tiny"}, 1),
        ("content", "faster-whisper", {"model": "base"}, 2),
    ],
)
def test_whatever_changes_the_words_changes_the_key(other):
    assert transcript_key("content", "faster-whisper", {"model": "base"}, 1) != transcript_key(*other)
