"""Subtitles become words within their times; what is no speech is left out."""

import itertools

import pytest

from autoclip.speech.subtitles import cues_in, transcript_of

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
    assert all(word.confidence is None for word in words)


def test_webvtt_is_read():
    assert texts(VTT) == ["Grüße", "aus", "Köln."]
    assert texts("\ufeff" + VTT) == ["Grüße", "aus", "Köln."]


def test_lines_that_roll_up_are_said_once():
    assert texts(ROLLING) == ["hello", "my", "friends", "and", "welcome"]


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
    with pytest.raises(ValueError, match="no format of subtitles"):
        cues_in(text)
