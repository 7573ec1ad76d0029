"""Subtitles become words within their times; what is no speech is left out."""

import contextlib
import itertools
import time

import pytest

from autoclip.speech.subtitles import Cue, cues_in, transcript_of

SRT = """1
00:00:01,000 --> 00:00:03,000
- Why <i>not</i>?

2
00:00:03,500 --> 00:00:06,000
Because it
rains &amp; pours.
"""

VTT = "WEBVTT\n\n00:01.000 --> 00:03.000 align:start\nGrüße aus Köln.\n"

ROLLING = """WEBVTT
Kind: captions

00:00:00.000 --> 00:00:02.500 align:start position:0%
hello<00:00:00.500><c> my</c><00:00:01.000><c> friends</c>

00:00:02.500 --> 00:00:02.510 align:start position:0%
hello my friends

00:00:02.510 --> 00:00:04.000 align:start position:0%
hello my friends
and<00:00:03.000><c> welcome</c>
"""


def transcript(text, **options):
    return transcript_of(cues_in(text), language=options.get("language"), origin="subtitles")


def texts(text):
    return [word.text for word in transcript(text).words]


def test_subrip_is_read_with_its_times():
    words = transcript(SRT).words
    assert [word.text for word in words] == ["Why", "not?", "Because", "it", "rains", "&", "pours."]
    assert words[0].start_sec == 1.0
    assert words[1].end_sec == 3.0
    assert words[2].start_sec == 3.5
    assert words[-1].end_sec == pytest.approx(6.0)
    assert all(word.confidence is None and word.estimated for word in words)


def test_webvtt_is_read():
    assert texts(VTT) == ["Grüße", "aus", "Köln."]
    assert texts("\ufeff" + VTT) == ["Grüße", "aus", "Köln."]


def test_lines_that_roll_up_are_said_once():
    assert texts(ROLLING) == ["hello", "my", "friends", "and", "welcome"]


AUTOMATIC = """WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:03.429 align:start position:0%
~
so<00:00:00.400><c> why</c><00:00:00.640><c> do</c><00:00:00.800><c> bridges</c><00:00:01.280><c> sing</c>

00:00:03.429 --> 00:00:03.439 align:start position:0%
so why do bridges sing
~

00:00:03.439 --> 00:00:05.749 align:start position:0%
so why do bridges sing
yeah

00:00:05.749 --> 00:00:05.759 align:start position:0%
yeah
~

00:00:05.759 --> 00:00:07.990 align:start position:0%
yeah
yeah

00:00:07.990 --> 00:00:08.000 align:start position:0%
yeah
~

00:00:08.000 --> 00:00:11.000 align:start position:0%
yeah
[Music]

00:00:11.000 --> 00:00:14.000 align:start position:0%
~
the<00:00:11.240><c> wind</c><00:00:11.600><c.colorE5E5E5> plays</c><00:00:12.000><c> them</c>
""".replace("~", " ")  # a line of one blank, as YouTube has it


def test_automatic_captions_of_youtube_keep_the_times_of_their_words_and_the_pauses_between():
    words = transcript(AUTOMATIC).words
    assert [word.text for word in words] == [
        "so", "why", "do", "bridges", "sing", "yeah", "yeah", "the", "wind", "plays", "them"
    ]  # fmt: skip
    assert [word.start_sec for word in words] == pytest.approx(
        [0.16, 0.4, 0.64, 0.8, 1.28, 3.439, 5.759, 11.0, 11.24, 11.6, 12.0]
    )
    assert not any(word.estimated for word in words)
    assert all(word.end_sec - word.start_sec < 0.7 for word in words)  # "sing" is no two seconds long
    assert [sentence.text for sentence in transcript(AUTOMATIC).sentences] == [
        "so why do bridges sing", "yeah", "yeah", "the wind plays them"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ka<00:00:01.500>ra<00:00:02.000>oke <00:00:02.500>bar", [("karaoke", 1.0), ("bar", 2.5)]),
        ("今日<00:00:01.500><c>は</c><00:00:02.000><c>雨</c>", [("今日", 1.0), ("は", 1.5), ("雨", 2.0)]),
        ("late<00:00:09.000><c> word</c>", [("late", 1.0), ("word", 2.0)]),
        ("back<00:00:00.500><c> word</c>", [("back", 1.0), ("word", 2.0)]),
        ("<00:00:01.500>one <00:00:02.000>two", [("one", 1.5), ("two", 2.0)]),
        ("one\ue0009\ue001 two", [("one9", 1.0), ("two", 2.111)]),
    ],
)
def test_times_of_words_count_where_they_can_be_true(line, said):
    found = [(word.text, word.start_sec) for word in transcript(f"WEBVTT\n\n00:01.000 --> 00:03.000\n{line}\n").words]
    assert [text for text, _ in found] == [text for text, _ in said]
    assert [start for _, start in found] == pytest.approx([start for _, start in said], abs=0.01)


def test_subtitles_that_are_shown_over_each_other_begin_when_they_say():
    overlapping = "1\n00:00:05,910 --> 00:00:13,559\none two\n\n2\n00:00:10,320 --> 00:00:16,080\nthree four\n"
    words = transcript(overlapping).words
    assert [word.text for word in words] == ["one", "two", "three", "four"]
    assert words[1].end_sec == pytest.approx(10.32)
    assert words[2].start_sec == pytest.approx(10.32)


def test_two_speakers_at_once_share_the_time():
    both = "WEBVTT\n\n00:01.000 --> 00:03.000\n- Yes.\n\n00:01.000 --> 00:03.000\n- Never!\n"
    words = transcript(both).words
    assert [word.text for word in words] == ["Yes.", "Never!"]
    assert words[0].end_sec <= words[1].start_sec
    assert words[-1].end_sec == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[Music]", []),
        ("[LAUGHTER] Thank you.", ["[laughter]", "Thank", "you."]),
        ("That was it. (audience laughs)", ["That", "was", "it.", "[laughter]"]),
        ("(Gelächter)", ["[laughter]"]),
        ("(slaughterhouse noise)", []),
        ("(applause) Thank you.", ["Thank", "you."]),
        ("♪ la la ♪", ["la", "la"]),
        (">> Next question.", ["Next", "question."]),
        ("DR. SMITH: Good morning.", ["Good", "morning."]),
        ("Note: it rains.", ["Note:", "it", "rains."]),
    ],
)
def test_sounds_and_speakers_are_no_words(line, said):
    assert texts(f"1\n00:00:01,000 --> 00:00:03,000\n{line}\n") == said


def test_words_never_overlap():
    overlapping = "1\n00:00:01,000 --> 00:00:05,000\none two\n\n2\n00:00:03,000 --> 00:00:06,000\nthree four\n"
    words = transcript(overlapping).words
    assert all(a.end_sec <= b.start_sec for a, b in itertools.pairwise(words))


@pytest.mark.parametrize("text", ["", "no subtitles at all", "\0\0\0"])
def test_other_text_is_no_subtitles(text):
    with pytest.raises(ValueError, match="no known subtitle format"):
        cues_in(text)


CUE = "1\n00:00:01,000 --> 00:00:03,000\n"
HOSTILE = {
    **{f"open {opening}": CUE + opening * 200_000 for opening in ("[", "(", "{", "<c", "<", "\n \n")},
    "many at once": (CUE + "word\n\n") * 5_000,
    "words with times": CUE + "x<00:00:01.000>" * 20_000,
    "an element without an end": "<tt xmlns='http://www.w3.org/ns/ttml'>\n<p>",
    "a time that is none": "<tt xmlns='http://www.w3.org/ns/ttml'>\n<body begin='x'></body></tt>",
    "deep JSON": '{"info":\n' * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_subtitles_take_little_time_and_no_more_than_an_error(name):
    """Openings without an end took a parser time that grows with their square: 23 s for these, days for 20 MB."""
    begun = time.process_time()
    with contextlib.suppress(ValueError):
        assert len(texts(HOSTILE[name])) < 500
    assert time.process_time() - begun < 5


def test_a_text_track_is_as_bounded_as_a_file():
    cues = [Cue(0.0, 10.0, "a\n" * 200_000), Cue(20.0, 21.0, "end")]
    assert transcript_of(cues, language=None, origin="").words[-1].text == "end"
