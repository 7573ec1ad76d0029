"""Timecode: laws of counting, against OpenTimelineIO and against a clock that is ticked label by label."""

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.media.timecode import TimecodeFormat, says_drop_frame

DROPPING = [TimecodeFormat(base, drop_frame=True) for base in (30, 60, 120)]
COUNTING = [*DROPPING, *(TimecodeFormat(base) for base in (24, 25, 30, 48, 50, 60, 100, 120))]
OTIO_RATES = {
    TimecodeFormat(24): 24000 / 1001,
    TimecodeFormat(25): 25.0,
    TimecodeFormat(30): 30000 / 1001,
    TimecodeFormat(48): 48000 / 1001,
    TimecodeFormat(60): 60000 / 1001,
    TimecodeFormat(30, drop_frame=True): 30000 / 1001,
    TimecodeFormat(60, drop_frame=True): 60000 / 1001,
}

formats = st.sampled_from(COUNTING)


@st.composite
def frames(draw, counting):
    """Any frame of a day, and often one near the start of a minute."""
    minute = draw(st.integers(0, 24 * 60 - 1))
    near = round(minute * counting.frames_per_day / 1440) + draw(st.integers(-12, 12))
    anywhere = draw(st.integers(0, counting.frames_per_day - 1))
    return draw(st.sampled_from([near, anywhere])) % counting.frames_per_day


def next_label(text, counting):
    """Tick a label on by one frame, as a clock does, and skip the labels that drop-frame leaves out."""
    hours, minutes, seconds, number = (int(part) for part in text.replace(";", ":").split(":"))
    number += 1
    seconds, number = seconds + number // counting.base, number % counting.base
    minutes, seconds = minutes + seconds // 60, seconds % 60
    hours, minutes = (hours + minutes // 60) % 24, minutes % 60
    if counting.drop_frame and seconds == 0 and number == 0 and minutes % 10:
        number = counting.base // 15
    width = 3 if counting.base > 100 else 2
    return f"{hours:02}:{minutes:02}:{seconds:02}{';' if counting.drop_frame else ':'}{number:0{width}}"


@given(st.data(), formats)
def test_a_frame_number_comes_back_from_its_timecode(data, counting):
    frame = data.draw(frames(counting))
    assert counting.frame_number(counting.text(frame)) == frame


@given(st.data(), formats)
def test_the_next_frame_has_the_next_label(data, counting):
    frame = data.draw(frames(counting))
    assert counting.text(frame + 1) == next_label(counting.text(frame), counting)


@pytest.mark.parametrize("counting", [TimecodeFormat(30, drop_frame=True), TimecodeFormat(60, drop_frame=True)])
def test_every_label_of_eleven_minutes_follows_the_one_before(counting):
    label = "00:00:00;00"
    for frame in range(11 * 60 * counting.base):
        assert counting.text(frame) == label
        label = next_label(label, counting)


@given(st.data(), st.sampled_from(list(OTIO_RATES)))
def test_opentimelineio_counts_the_same(data, counting):
    rate = OTIO_RATES[counting]
    # Its day ends after 86,400 real seconds, before the last labels of 29.97 without dropping are used up.
    frame = data.draw(frames(counting).filter(lambda frame: frame < int(86_400 * rate)))
    assert otio.opentime.to_timecode(otio.opentime.RationalTime(frame, rate), rate, counting.drop_frame) == (
        counting.text(frame)
    )


@given(st.integers(0, 24 * 6 - 1), st.sampled_from(DROPPING))
def test_ten_minutes_of_drop_frame_are_ten_minutes_of_the_clock(tens, counting):
    rate = counting.base * 1000 / 1001
    frame = counting.frame_number(f"{tens // 6:02}:{tens % 6}0:00;00")
    assert frame / rate == pytest.approx(tens * 600, abs=0.1)  # it loses 86 ms a day


@pytest.mark.parametrize(
    ("counting", "text", "said"),
    [
        (TimecodeFormat(30, drop_frame=True), "00:01:00;01", "does not exist"),
        (TimecodeFormat(60, drop_frame=True), "00:59:00;03", "does not exist"),
        (TimecodeFormat(25), "00:00:00:25", "25 frames"),
        (TimecodeFormat(25), "24:00:00:00", "25 frames"),
        (TimecodeFormat(25), "00:61:00:00", "25 frames"),
        (TimecodeFormat(25), "1 hour", "is not a timecode"),
        (TimecodeFormat(25), "", "is not a timecode"),
        (TimecodeFormat(25), "00:00:00:0٣", "is not a timecode"),
    ],
)
def test_what_is_no_timecode_is_refused(counting, text, said):
    with pytest.raises(ValueError, match=said):
        counting.frame_number(text)


@pytest.mark.parametrize("base", [24, 25, 48, 50, 100])
def test_only_multiples_of_thirty_drop_frames(base):
    with pytest.raises(ValueError, match="30, 60 or 120"):
        TimecodeFormat(base, drop_frame=True)


def test_the_separator_says_drop_frame():
    assert [says_drop_frame(text) for text in ("01:00:00;00", "01:00:00.00", "01:00:00:00", "junk")] == [
        True, True, False, False,
    ]  # fmt: skip
