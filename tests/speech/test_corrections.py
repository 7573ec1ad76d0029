"""A word corrected once stays corrected, whatever is heard at its time later."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.speech.caption_files import caption_text, read_captions
from autoclip.speech.captions import with_short_words
from autoclip.speech.corrections import Correction, corrected, corrections_between, merged, with_replaced
from autoclip.speech.transcript import Transcript, Word, joined, spread


def heard(text, shift=0.0):
    return Transcript(spread(text, 1.0 + shift, 1.0 + shift + 0.4 * len(text.split())), "en", "test")


def text_of(transcript):
    return joined(transcript.words)


def edit(tmp_path, transcript, *changes, wanted="srt"):
    """Write a subtitle file, change it as in an editor, and find the corrections."""
    text = caption_text(transcript, wanted)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / f"edited.{wanted}"
    path.write_text(text, encoding="utf-8")
    return corrections_between(transcript, read_captions(path))


def test_a_corrected_word_stays_when_the_same_is_heard_again(tmp_path):
    first = heard("the quick brown folks jumps over")
    found = edit(tmp_path, first, ("folks", "fox"))
    assert [correction.text for correction in found] == ["fox"]
    assert text_of(corrected(first, found)) == "the quick brown fox jumps over"
    assert corrected(first, found).words[3].start_sec == first.words[3].start_sec


def test_it_stays_when_a_better_model_hears_something_else_a_little_later(tmp_path):
    found = edit(tmp_path, heard("the quick brown folks jumps over"), ("folks", "fox"))
    again = heard("the quick brown phone jumps over", shift=0.05)
    assert text_of(corrected(again, found)) == "the quick brown fox jumps over"
    assert text_of(corrected(heard("the quick brown fox jumps over"), found)) == "the quick brown fox jumps over"


@pytest.mark.parametrize(
    ("before", "changes", "again", "after"),
    [
        ("with a cloud over your head", ("cloud", "clown"), ("with a cloud overhead", -0.35), "with a clown overhead"),
        ("with a cloud over your head", ("cloud", "clown"), ("with a clown overhead", 0.5), "with a clown overhead"),
        ("a dog saw the cat", ("the", "a"), ("a dog saw a cat in the house", 0.3), "a dog saw a cat in the house"),
        ("we like and and sing", ("and and", "and"), ("we like and and sing", 0.3), "we like and sing"),
        ("we went home", ("went", "went straight"), ("we went straight home", 0.3), "we went straight home"),
        ("we like um dogs", (" um", ""), ("we like um dogs", -0.4), "we like dogs"),
    ],
)
def test_it_finds_its_words_where_another_model_places_them(tmp_path, before, changes, again, after):
    first = heard(before)
    found = [with_replaced(each, first) for each in edit(tmp_path, first, changes)]
    assert text_of(corrected(heard(*again), found)) == after


def test_words_are_put_in_taken_out_and_split(tmp_path):
    first = heard("we went all together to Neuyork yesterday")
    found = edit(
        tmp_path, first, ("all together", "altogether"), ("Neuyork", "New York"), ("yesterday", "yesterday night")
    )
    assert text_of(corrected(first, found)) == "we went altogether to New York yesterday night"
    found = edit(tmp_path, first, (" all together", ""), ("we went", "so we went"))
    assert text_of(corrected(first, found)) == "so we went to Neuyork yesterday"


def test_a_file_that_nobody_changed_corrects_nothing(tmp_path):
    long = heard(
        "Größere Städte brauchen bessere Züge, und über die Überführung müssen wir nicht länger streiten. Ja. " * 6
    )
    for wanted in ("srt", "vtt"):
        assert edit(tmp_path, long, wanted=wanted) == ()
    japanese = Transcript((Word(1.0, 5.0, "今日はとても良い天気ですね。明日はどこへ行きましょうか。"),), "ja", "test")
    assert edit(tmp_path, with_short_words(japanese)) == ()


def test_japanese_is_corrected_within_a_long_subtitle(tmp_path):
    heard_words = with_short_words(
        Transcript((Word(1.0, 5.0, "今日はとても良い天気ですね。明日はどこへ行きましょうか。"),), "ja", "test")
    )
    found = edit(tmp_path, heard_words, ("天気", "気分"))
    assert text_of(corrected(heard_words, found)) == "今日はとても良い気分ですね。明日はどこへ行きましょうか。"


def test_words_in_place_of_as_many_keep_each_its_time_and_are_sure():
    words = (Word(1.0, 1.1, "knew", 0.3), Word(1.2, 2.0, "yorker", 0.4), Word(2.5, 3.0, "paper.", 0.9))
    first = Transcript(words, "en", "test")
    found = corrected(first, [Correction(1.0, 2.0, "New Yorker")])
    assert [(w.start_sec, w.end_sec) for w in found.words] == [(1.0, 1.1), (1.2, 2.0), (2.5, 3.0)]
    assert [w.confidence for w in found.words] == [1.0, 1.0, 0.9]
    more = corrected(first, [Correction(1.2, 2.0, "York or")]).words
    assert (more[1].start_sec, more[2].end_sec) == (1.2, 2.0)
    assert {word.confidence for word in more[1:3]} == {1.0}
    assert {word.confidence for word in corrected(heard("one two"), [Correction(1.0, 1.4, "2")]).words} == {None}


def test_a_word_nobody_heard_is_put_in_at_its_time():
    found = corrected(heard("one two"), [Correction(9.0, 9.5, "three")])
    assert text_of(found) == "one two three"
    assert found.words[-1].start_sec == 9.0
    assert corrected(heard("one two"), [Correction(9.0, 9.5, "")]).words == heard("one two").words


def test_a_newer_correction_takes_the_place_of_an_older_one():
    older, newer = Correction(2.0, 2.4, "a"), Correction(1.9, 2.5, "b")
    assert merged([older], [newer]) == (newer,)
    assert merged([older], [Correction(4.0, 5.0, "c")])[0] == older


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0.01, 2), st.sampled_from(["", "x", "two words"])), max_size=6))
def test_corrected_twice_is_corrected_once(spans):
    corrections = [Correction(start, start + length, text) for start, length, text in spans]
    once = corrected(heard("a b c d e f g h i j k l"), corrections)
    starts = [word.start_sec for word in once.words]
    assert starts == sorted(starts)
    assert all(word.end_sec >= word.start_sec for word in once.words)
