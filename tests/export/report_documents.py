"""Documents to make reports of, without a video."""

from fractions import Fraction
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from autoclip.clips import Clip, Scores
from autoclip.media.video import AudioStream, Chapter, Video, VideoStream
from autoclip.report import DroppedWindow, ReportDocument
from autoclip.selection.anchors import Anchor
from autoclip.settings import Settings
from autoclip.signals.table import Event, Features
from autoclip.speech.transcript import Sentence, Word
from autoclip.timeline import Grid, Interval


def a_video(duration_sec, **changes):
    picture = VideoStream(
        index=0, codec="h264", width=640, height=360, display_width=640, display_height=360, rotation=0, mirrored=False,
        sample_aspect_ratio=Fraction(1), average_rate=Fraction(30000, 1001), nominal_rate=Fraction(30),
        variable_frame_rate=False, time_base=Fraction(1, 30000), start_pts=0, pixel_format="yuv420p", bit_depth=8,
        color_transfer="bt709", hdr=False, interlaced=False,
    )  # fmt: skip
    sound = AudioStream(
        index=1,
        codec="aac",
        sample_rate=48000,
        channels=2,
        layout="stereo",
        time_base=Fraction(1, 48000),
        language=None,
    )
    facts = {
        "path": Path("match.mp4"), "container": "mov,mp4,m4a,3gp,3g2,mj2", "size_bytes": 123_456_789,
        "duration_sec": duration_sec, "start_sec": 0.0, "video": picture, "audio": sound, "audio_stream_count": 1,
        "chapters": (), "title": None, "warnings": (),
    }  # fmt: skip
    return Video(**facts | changes)


def a_document(folder, *, duration_sec=120.0, clip_count=5, cut_count=20, dropped_count=4, seed=0, **changes):
    """A report of made-up figures: as long, and with as much in it, as asked for."""
    rng = np.random.default_rng(seed)
    grid = Grid.covering(duration_sec, 0.5)
    curve = np.clip(np.cumsum(rng.normal(0, 0.2, grid.count)), 0, None)
    series = {
        "audio_dbfs": rng.uniform(-50, -10, grid.count).astype(np.float32),
        "motion_score": rng.uniform(0, 0.2, grid.count).astype(np.float32),
    }
    cuts = np.sort(rng.uniform(0, duration_sec, cut_count)).tolist()
    events = [Event("cut", at) for at in cuts]
    events += [
        Event("black", duration_sec / 2, duration_sec / 2 + 1.0),
        Event("freeze", duration_sec / 3, duration_sec / 3 + 2),
    ]
    features = Features(duration_sec, grid, series, events=tuple(sorted(events, key=lambda event: event.start_sec)))
    starts = np.linspace(0, duration_sec * 0.9, clip_count).tolist()
    picture = _picture(folder) if clip_count else None
    clips = tuple(
        Clip(
            id=f"{number:016x}", name=f"Highlight {number + 1}", start=start, end=start + min(12.0, duration_sec / 20),
            quality_score=float(rng.uniform(0.2, 1.3)), anchor_time_sec=start + 2.0, anchor_reason="excitement_peak",
            reason="loudest 3 s of the last 10 minutes, with fast motion; starts on a cut, ends in a pause", mode="v2",
            scores=Scores(excitement=0.6, boundary=0.5, narrative=0.9, dead_time=0.1), thumbnail=picture,
        )
        for number, start in enumerate(starts)
    )  # fmt: skip
    dropped = tuple(
        DroppedWindow(Interval(float(i), i + 9.0), i + 3.0, 0.3, ("overlap", "boring")[i % 2], f"reason {i}", 0.5, 0.35)
        for i in range(dropped_count)
    )
    parts = {
        "video": a_video(duration_sec), "features": features, "settings": Settings(), "clips": clips, "folder": folder,
        "excitement": curve, "candidate_count": clip_count + dropped_count, "dropped": dropped,
        "anchors": tuple(
            Anchor(clip.anchor_time_sec, 1.0, "excitement_peak", grid.index_of(clip.anchor_time_sec)) for clip in clips
        ),
    }  # fmt: skip
    return ReportDocument(**parts | changes)


HOSTILE = (
    "<script>window.stolen = 1</script>",
    "\"><img src=x onerror='window.stolen = 1'>",
    "'); window.stolen = 1; //",
    "</style><svg onload=window.stolen=1>",
    "</script><script>window.stolen = 1</script>",
    "{{ 7 * 7 }} {% raw %}",
    "\u202eفيديو 🎬 مباراة\u202c <b>x</b>",
    "javascript:window.stolen=1",
    "<!-- <script>",
)


def a_hostile_document(folder):
    """Every text that comes from outside is an attack."""
    plain = a_document(folder, clip_count=len(HOSTILE))
    attack = " ".join(HOSTILE)
    clips = tuple(
        clip.model_copy(
            update={"id": text, "name": text, "reason": attack, "anchor_reason": text, "thumbnail": f"../{text}"}
        )
        for clip, text in zip(plain.clips, HOSTILE, strict=True)
    )
    chapters = tuple(Chapter(start_sec=10.0 * i, end_sec=10.0 * i + 5, title=text) for i, text in enumerate(HOSTILE))
    video = a_video(
        120.0, title=attack, path=Path(attack.replace("/", "⁄")), container=attack, chapters=chapters, warnings=HOSTILE
    )
    video = video.model_copy(update={"video": video.video.model_copy(update={"codec": attack})})
    features = Features(
        plain.features.duration_sec, plain.features.grid, plain.features.series,
        absent=dict.fromkeys(HOSTILE, attack), events=plain.features.events, warnings=HOSTILE,
    )  # fmt: skip
    dropped = tuple(DroppedWindow(Interval(0, 9), 3.0, 0.3, text, attack, 0.5, 0.35) for text in HOSTILE)
    return ReportDocument(
        video=video, features=features, settings=plain.settings, clips=clips, folder=folder, message=attack,
        excitement=plain.excitement, anchors=plain.anchors, candidate_count=9, dropped=dropped,
        sentences=tuple(Sentence((Word(i, i + 0.9, text),)) for i, text in enumerate(HOSTILE)),
    )  # fmt: skip


def _picture(folder):
    data = BytesIO()
    Image.linear_gradient("L").resize((320, 180)).convert("RGB").save(data, "jpeg", quality=60)
    (folder / "thumbnails").mkdir(parents=True, exist_ok=True)
    (folder / "thumbnails" / "one.jpg").write_bytes(data.getvalue())
    return "thumbnails/one.jpg"
