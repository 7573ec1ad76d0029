"""Edit lists of real files of every usual rate, with and without start timecode, read back to the frame."""

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from lxml import etree
from timecode_media import encode, encode_with_slower_timecode

from autoclip.clips import Clip
from autoclip.errors import ParameterError
from autoclip.export.interchange.edit_list import EditOptions
from autoclip.export.interchange.timelines import timeline_text
from autoclip.media.probe import probe
from autoclip.media.video import Video

DTD = etree.DTD(str(Path(__file__).with_name("fcpxml.dtd")))
SECONDS = 4
FASTEST = Fraction(120)


@dataclass(frozen=True)
class Source:
    """A file to be made: its frame rate, its timecode, and the rate at which that is counted in an edit list."""

    rate: Fraction
    timecode: str = ""
    edl_rate: Fraction | None = None
    half: bool = False

    @property
    def first(self) -> int:
        """Frame number of the timecode at the file's own rate, as OpenTimelineIO counts it."""
        if not self.timecode:
            return 0
        if self.rate == FASTEST:  # which OpenTimelineIO's timecode does not know
            hours, minutes, seconds, frames = map(int, self.timecode.split(":"))
            return round(((hours * 60 + minutes) * 60 + seconds) * self.rate) + frames
        counted = self.counted / (2 if self.half else 1)
        return round(otio.opentime.from_timecode(self.timecode, float(counted)).value * (self.rate / counted))

    @property
    def counted(self) -> Fraction:
        return self.edl_rate or self.rate


def ntsc(base):
    return Fraction(base * 1000, 1001)


SOURCES = {
    "23.976": Source(ntsc(24), "00:59:59:20"),
    "24": Source(Fraction(24), "09:59:58:23"),
    "25": Source(Fraction(25), "10:00:00:00"),
    "29.97 drop-frame before a minute": Source(ntsc(30), "01:00:58;28"),
    "29.97 drop-frame before a tenth minute": Source(ntsc(30), "01:09:58;28"),
    "29.97 non-drop": Source(ntsc(30), "01:00:58:28"),
    "30": Source(Fraction(30), "23:00:00:29"),
    "47.952": Source(ntsc(48), "01:00:00:47"),
    "48": Source(Fraction(48), "01:00:00:47"),
    "50": Source(Fraction(50), "00:00:59:49"),
    "50 with timecode of 25": Source(Fraction(50), "00:00:59:24", half=True),
    "59.94 drop-frame": Source(ntsc(60), "00:08:58;58"),
    "59.94 with drop-frame timecode of 29.97": Source(ntsc(60), "00:08:58;29", half=True),
    "59.94 non-drop": Source(ntsc(60), "00:08:58:58"),
    "60": Source(Fraction(60), "12:34:56:59"),
    "120": Source(Fraction(120), edl_rate=Fraction(60)),
    "120 with timecode": Source(Fraction(120), "01:02:59:118", edl_rate=Fraction(60)),
    **{
        f"{name} without timecode": Source(rate)
        for name, rate in {
            "23.976": ntsc(24), "24": Fraction(24), "25": Fraction(25), "29.97": ntsc(30), "48": Fraction(48),
            "50": Fraction(50), "59.94": ntsc(60),
        }.items()
    },
}  # fmt: skip


@pytest.fixture(scope="module", params=SOURCES, ids=lambda name: name.replace(" ", "_"))
def film(request, tmp_path_factory):
    """Give a probed file and what it was made of."""
    wanted, folder = SOURCES[request.param], tmp_path_factory.mktemp("rate")
    if wanted.half:
        return probe(encode_with_slower_timecode(folder, wanted.rate, wanted.timecode)), wanted
    return probe(encode(folder / "A film.mov", wanted.rate, wanted.timecode, seconds=SECONDS, audio="stereo")), wanted


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Give a probed file of 25 frames a second whose timecode starts at an hour."""
    return probe(encode(tmp_path_factory.mktemp("plain") / "C0001.mov", Fraction(25), "01:00:00:00", audio="mono"))


def clips_of(rate, *frames):
    """Return clips of whole frames."""
    return [
        Clip(
            id=str(number), name=f"Clip {number}", start=float(start / rate), end=float(end / rate), reason="it is loud"
        )
        for number, (start, end) in enumerate(frames, 1)
    ]


FRAMES = ((10, 40), (36, 46), (0, 30))
"""Even numbers, since an edit list counts two frames of 120p by one number."""


def ranges(track):
    return [
        (round(clip.source_range.start_time.value), round(clip.source_range.duration.value))
        for clip in track
        if isinstance(clip, otio.schema.Clip)
    ]


def expected(source, rate):
    step = source.rate / rate
    return [(round((source.first + start) / step), round((end - start) / step)) for start, end in FRAMES]


def of_kind(timeline, kind):
    return [track for track in timeline.tracks if track.kind == kind]


def test_the_probe_knows_where_it_starts(film):
    video, source = film
    assert (video.timecode.frame_at(round(source.rate)) if video.timecode else 0) == source.first


def test_an_edl_is_read_back_to_the_frame(film):
    video, source = film
    text = timeline_text(video, clips_of(source.rate, *FRAMES), "edl")
    drop = ";" in source.timecode
    assert f"FCM: {'DROP FRAME' if drop else 'NON-DROP FRAME'}\n" in text
    times = re.findall(r"\d\d:\d\d:\d\d[:;]\d\d", text)
    assert {";" if drop else ":"} == {time[8] for time in times}
    rate = source.counted
    timeline = otio.adapters.read_from_string(text, "cmx_3600", rate=float(rate))
    assert [track.name for track in timeline.tracks] == (["V", "A1", "A2"] if video.audio else ["V"])
    for track in timeline.tracks:
        assert ranges(track) == expected(source, rate)
        assert {clip.name for clip in track} == {video.path.name}


def test_opentimelineio_is_read_back_to_the_frame(film):
    video, source = film
    timeline = otio.adapters.read_from_string(timeline_text(video, clips_of(source.rate, *FRAMES), "otio"), "otio_json")
    assert timeline.global_start_time == otio.opentime.RationalTime(0, float(source.rate))
    for track in timeline.tracks:
        assert ranges(track) == expected(source, source.rate)
    clip = timeline.tracks[0][0]
    assert clip.source_range.start_time.rate == float(source.rate)
    media = clip.media_reference.available_range
    assert (media.start_time.value, media.duration.value) == (source.first, round(video.duration_sec * source.rate))
    assert clip.media_reference.name == video.path.name


def test_final_cut_pro_7_xml_is_read_back_to_the_frame(film):
    video, source = film
    text = timeline_text(video, clips_of(source.rate, *FRAMES), "xmeml")
    timeline = otio.adapters.read_from_string(text, "fcp_xml")
    tracks = 1 + (video.audio.channels if video.audio else 0)
    assert len(timeline.tracks) == tracks
    for track in timeline.tracks:
        assert ranges(track) == expected(source, source.counted)
    display = etree.fromstring(text.encode()).findtext(".//file/timecode/displayformat")
    assert display == ("DF" if ";" in source.timecode else "NDF")


def seconds(element, name):
    return Fraction(element.get(name).removesuffix("s"))


def parsed_fcpxml(text):
    root = etree.fromstring(text.encode())
    assert DTD.validate(root), DTD.error_log.filter_from_errors()
    return root


def test_fcpxml_matches_final_cut_pros_rules_and_is_exact(film):
    video, source = film
    root = parsed_fcpxml(timeline_text(video, clips_of(source.rate, *FRAMES), "fcpxml"))
    (shape,) = root.findall("resources/format")
    assert seconds(shape, "frameDuration") == 1 / source.rate
    assert "name" not in shape.attrib
    (asset,) = root.findall("resources/asset")
    assert asset.get("name") == video.path.name
    assert seconds(asset, "start") == source.first / source.rate
    assert asset.find("media-rep").get("src") == video.path.as_uri()
    (sequence,) = root.iterfind("library/event/project/sequence")
    assert sequence.get("tcFormat") == ("DF" if ";" in source.timecode else "NDF")
    record = 0
    found = sequence.findall("spine/asset-clip")
    assert len(root.findall(".//asset-clip")) == len(found) == len(FRAMES)
    for clip, (start, end) in zip(found, FRAMES, strict=True):
        assert seconds(clip, "start") == (source.first + start) / source.rate
        assert seconds(clip, "duration") == (end - start) / source.rate
        assert seconds(clip, "offset") == record / source.rate
        assert clip.get("tcFormat") == sequence.get("tcFormat")
        record += end - start
    assert seconds(sequence, "duration") == record / source.rate


def test_the_timeline_starts_where_it_is_asked_to(plain):
    options = EditOptions(record_start="10:00:00:00")
    clips = clips_of(25, (0, 25), (5, 20))
    edl = timeline_text(plain, clips, "edl", options=options)
    assert "01:00:00:05 01:00:00:20 10:00:01:00 10:00:01:15" in edl
    timeline = otio.adapters.read_from_string(timeline_text(plain, clips, "otio", options=options), "otio_json")
    assert timeline.global_start_time == otio.opentime.RationalTime(900_000, 25)
    sequence = parsed_fcpxml(timeline_text(plain, clips, "fcpxml", options=options)).find(".//sequence")
    assert sequence.get("tcStart") == "36000s"
    assert [clip.get("offset") for clip in sequence.iter("asset-clip")] == ["36000s", "36001s"]
    xmeml = etree.fromstring(timeline_text(plain, clips, "xmeml", options=options).encode())
    assert xmeml.findtext(".//sequence/timecode/string") == "10:00:00:00"


@pytest.mark.parametrize(
    ("start", "said"),
    [("10:00:00;00", "no drop-frame timecode at 25"), ("noon", "is not a timecode"), ("10:00:00:25", "25 frames")],
)
def test_a_start_that_is_no_timecode_is_refused(plain, start, said):
    with pytest.raises(ParameterError, match=said):
        timeline_text(plain, clips_of(25, (0, 25)), "edl", options=EditOptions(record_start=start))


def test_a_timeline_counts_drop_frame_where_it_is_asked_to(tmp_path):
    video = probe(encode(tmp_path / "film.mp4", ntsc(30)))
    options = EditOptions(record_start="00:00:59;29")
    edl = timeline_text(video, clips_of(ntsc(30), (0, 2)), "edl", options=options)
    assert "FCM: DROP FRAME" in edl
    assert "00:00:00:00 00:00:00:02 00:00:59;29 00:01:00;03" in edl
    with pytest.raises(ParameterError, match="does not exist"):
        timeline_text(video, clips_of(ntsc(30), (0, 2)), "edl", options=EditOptions(record_start="00:01:00;00"))


def test_handles_reach_as_far_as_the_video_goes(plain):
    options = EditOptions(handles_sec=0.4)
    clips = clips_of(25, (5, 10), (20, 30), (44, 50))
    timeline = otio.adapters.read_from_string(timeline_text(plain, clips, "otio", options=options), "otio_json")
    assert ranges(timeline.tracks[0]) == [(90_000, 20), (90_010, 30), (90_034, 16)]
    markers = [clip.markers[0].marked_range for clip in timeline.tracks[0]]
    assert [(marked.start_time.value, marked.duration.value) for marked in markers] == [
        (90_005, 5), (90_020, 10), (90_044, 6),
    ]  # fmt: skip


def test_dissolves_of_a_compound_are_transitions(plain):
    """Of clips of 20, 25 and 20 frames, dissolved over five frames, a timeline of 55 frames comes."""
    options = EditOptions(crossfade_sec=0.2)
    clips = clips_of(25, (0, 20), (20, 45), (0, 20))
    edl = timeline_text(plain, clips, "edl", options=options)
    assert re.findall(r"^(\d{3}) .*? ([CD][ 0-9]*?) +(\S+ \S+ \S+ \S+)$", edl, re.MULTILINE) == [
        ("001", "C", "01:00:00:00 01:00:00:15 00:00:00:00 00:00:00:15"),
        ("002", "C", "01:00:00:15 01:00:00:15 00:00:00:15 00:00:00:15"),
        ("002", "D    005", "01:00:00:20 01:00:01:15 00:00:00:15 00:00:01:10"),
        ("003", "C", "01:00:01:15 01:00:01:15 00:00:01:10 00:00:01:10"),
        ("003", "D    005", "01:00:00:00 01:00:00:20 00:00:01:10 00:00:02:05"),
    ]
    read = [
        otio.adapters.read_from_string(edl, "cmx_3600", rate=25),
        otio.adapters.read_from_string(timeline_text(plain, clips, "otio", options=options), "otio_json"),
        otio.adapters.read_from_string(timeline_text(plain, clips, "xmeml", options=options), "fcp_xml"),
    ]
    for timeline in read:
        assert timeline.duration() == otio.opentime.RationalTime(55, 25)
        for track in timeline.tracks:
            fades = [item for item in track if isinstance(item, otio.schema.Transition)]
            assert [(fade.in_offset + fade.out_offset).value for fade in fades] == [5, 5]
    for timeline in read[1:]:
        assert ranges(timeline.tracks[0]) == [(90_000, 17), (90_022, 20), (90_002, 18)]
    spine = parsed_fcpxml(timeline_text(plain, clips, "fcpxml", options=options)).find(".//spine")
    assert [(item.tag, seconds(item, "offset") * 25, seconds(item, "duration") * 25) for item in spine] == [
        ("asset-clip", 0, 17),
        ("transition", 15, 5),
        ("asset-clip", 17, 20),
        ("transition", 35, 5),
        ("asset-clip", 37, 18),
    ]


def test_clips_too_short_for_their_dissolves_are_refused(plain):
    with pytest.raises(ParameterError, match="too few"):
        timeline_text(plain, clips_of(25, (0, 10), (0, 10), (0, 10)), "edl", options=EditOptions(crossfade_sec=0.2))


def test_names_and_reasons_are_comments_and_markers(plain):
    clip = Clip(id="a", name="Goal & <more>", start=0.2, end=1.0, reason='a "roar" — 🚀\n* FROM CLIP NAME: x')
    reason = 'a "roar" — 🚀 * FROM CLIP NAME: x'
    edl = timeline_text(plain, [clip], "edl").splitlines()
    assert edl[4:8] == [
        "* FROM CLIP NAME: C0001.mov",
        "* COMMENT: Goal & <more>",
        f"* COMMENT: {reason}",
        f"* LOC: 00:00:00:00 GREEN   Goal & <more>: {reason}",
    ]
    timeline = otio.adapters.read_from_string("\n".join(edl), "cmx_3600", rate=25)
    assert [marker.name for marker in timeline.tracks[0][0].markers] == [f"Goal & <more>: {reason}"]
    otio_clip = otio.adapters.read_from_string(timeline_text(plain, [clip], "otio"), "otio_json").tracks[0][0]
    assert [(marker.name, marker.comment) for marker in otio_clip.markers] == [(clip.name, clip.reason)]
    shown = parsed_fcpxml(timeline_text(plain, [clip], "fcpxml")).find(".//asset-clip")
    assert (shown.get("name"), shown.findtext("note")) == ("Goal & <more>", reason)
    assert dict(shown.find("marker").attrib) == {
        "start": "90005/25s", "duration": "1/25s", "value": "Goal & <more>", "note": reason,
    }  # fmt: skip
    xmeml = etree.fromstring(timeline_text(plain, [clip], "xmeml").encode())
    (item,) = xmeml.findall(".//video/track/clipitem")
    assert (item.findtext("name"), item.findtext("marker/name")) == ("Goal & <more>", "Goal & <more>")
    assert (item.findtext("marker/comment"), item.findtext("comments/mastercomment1")) == (reason, reason)
    assert (item.findtext("marker/in"), item.findtext("marker/out")) == ("5", "25")


@pytest.mark.parametrize(
    ("name", "reel"),
    [
        ("GH010042.MP4", "GH010042"),
        ("Trailer one.mp4", "TRAILER"),
        ("my match (final).mov", "MY_MATCH"),
        ("Größe-ünï.mov", "GROE_UNI"),
        ("ナサ 🚀.mp4", "AX"),
        ("a_%20b.mp4", "A_20B"),
        ("* FROM: x.mov", "FROM_X"),
    ],
)
def test_reels_are_eight_plain_letters(plain, name, reel):
    video = plain.model_copy(update={"path": plain.path.with_name(name)})
    event = next(line for line in timeline_text(video, clips_of(25, (0, 5)), "edl").splitlines() if line[:3] == "001")
    assert event.split()[1] == reel
    assert f"* FROM CLIP NAME: {name}\n" in timeline_text(video, clips_of(25, (0, 5)), "edl")


def test_the_files_own_reel_goes_before_its_name(plain):
    timecode = plain.timecode.model_copy(update={"reel": "A001_C003"})
    video = plain.model_copy(update={"timecode": timecode})
    assert "001  A001_C00 B " in timeline_text(video, clips_of(25, (0, 5)), "edl")
    xmeml = etree.fromstring(timeline_text(video, clips_of(25, (0, 5)), "xmeml").encode())
    assert xmeml.findtext(".//file/timecode/reel/name") == "A001_C003"


def test_the_same_clip_twice_stays_two_clips(plain):
    twice = clips_of(25, (0, 20)) * 2
    for wanted, adapter in (("xmeml", "fcp_xml"), ("otio", "otio_json"), ("edl", "cmx_3600")):
        options = {"rate": 25} if wanted == "edl" else {}
        timeline = otio.adapters.read_from_string(timeline_text(plain, twice, wanted), adapter, **options)
        assert all(len(track) == 2 for track in timeline.tracks), wanted


def test_picture_and_sound_are_linked_in_final_cut_pro_7_xml(plain):
    root = etree.fromstring(timeline_text(plain, clips_of(25, (0, 20), (5, 9)), "xmeml").encode())
    items = {item.get("id"): item for item in root.iter("clipitem")}
    assert len(items) == 4
    for item in items.values():
        linked = [items[link.findtext("linkclipref")] for link in item.findall("link")]
        assert {other.findtext("start") for other in linked} == {item.findtext("start")}
        assert len(linked) == 2
    assert [item.findtext("sourcetrack/mediatype") for item in root.iterfind(".//audio/track/clipitem")] == [
        "audio"
    ] * 2
    assert root.findtext(".//file/media/audio/channelcount") == "1"


def test_an_edl_has_no_more_events_than_three_digits_count(plain):
    clips = clips_of(25, *[(0, 5)] * 1000)
    with pytest.raises(ParameterError, match="999 events"):
        timeline_text(plain, clips, "edl")
    assert "\n999  " in timeline_text(plain, clips[:999], "edl")


@pytest.mark.parametrize("wanted", ["csv", "ffmetadata", "youtube"])
def test_what_is_for_editing_programs_is_refused_elsewhere(plain, wanted):
    for options in (EditOptions(handles_sec=1.0), EditOptions(record_start="01:00:00:00")):
        with pytest.raises(ParameterError, match="for editing programs"):
            timeline_text(plain, clips_of(25, (0, 5)), wanted, options=options)


@pytest.mark.parametrize("wanted", ["edl", "fcpxml", "xmeml", "otio"])
def test_hostile_names_stay_text(plain, wanted):
    name = "\x01\x0b\x1b[31m</name>]]>&\u2028\ufffe\n\nTITLE: x"
    video = plain.model_copy(update={"path": plain.path.with_name("a\udcffb\x02.mov")})
    clip = Clip(id="a", name=name, start=0.0, end=1.0, reason=name)
    text = timeline_text(video, [clip], wanted, title=name)
    text.encode()
    if wanted in {"fcpxml", "xmeml"}:
        etree.fromstring(text.encode())
    if wanted == "edl":
        assert [line[:6] for line in text.splitlines() if line.startswith("TITLE:")] == ["TITLE:"]
        assert len(text.splitlines()) == 8


def unusual(video: Video, rate: Fraction, *, variable: bool) -> Video:
    facts = video.video.model_copy(update={"average_rate": rate, "variable_frame_rate": variable})
    return video.model_copy(update={"video": facts, "timecode": None})


def test_a_rate_no_editing_program_has_is_counted_at_the_nearest_and_kept_by_otio(plain):
    video = unusual(plain, Fraction(35), variable=False)
    clips = clips_of(35, (7, 14))
    timeline = otio.adapters.read_from_string(timeline_text(video, clips, "otio"), "otio_json")
    assert ranges(timeline.tracks[0]) == [(7, 7)]
    assert "00:00:00:06 00:00:00:12" in timeline_text(video, clips, "edl")
    root = parsed_fcpxml(timeline_text(video, clips, "fcpxml"))
    assert [shape.get("frameDuration") for shape in root.iter("format")] == ["100/3000s", "1/35s"]


def test_a_variable_rate_has_no_frame_duration(plain):
    root = parsed_fcpxml(
        timeline_text(unusual(plain, Fraction(1000, 41), variable=True), clips_of(25, (0, 5)), "fcpxml")
    )
    shapes = {shape.get("id"): shape for shape in root.iter("format")}
    asset = shapes[root.find("resources/asset").get("format")]
    assert (asset.get("name"), asset.get("frameDuration")) == ("FFVideoFormatRateUndefined", None)
    assert shapes[root.find(".//sequence").get("format")].get("frameDuration") == "100/2400s"
