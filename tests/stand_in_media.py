"""Files with traps, made by ffmpeg where the folder of real ones is absent: same names, same facts, small pictures.

Each has the trap of the real file of its name (``SOURCES`` lists them), and the times, sizes and tracks that tests look
for. What can't be made (films, matches, recordings of phones) is not here.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

from autoclip.media.ffmpeg import find_ffmpeg
from autoclip.system.processes import start_ending_with_parent

EMOJI = "tricky/ナサ émission (2 vid, 2 aud) 🚀.mp4"
NTSC = "30000/1001"
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")
AAC = ("-c:a", "aac", "-b:a", "64k")
SRT = "1\n00:00:01,000 --> 00:00:02,000\nHello\n"
NOT_MADE = "no {name} here, and it can't be made; set AUTOCLIP_SHARED to the folder that holds media/"

Make = Callable[[Path], None]


def picture(size: str, rate: str, frames: int, chain: str = "") -> tuple[str, ...]:
    """Arguments for a moving test picture."""
    source = f"testsrc2=size={size}:rate={rate},trim=end_frame={frames}{chain}"
    return ("-f", "lavfi", "-i", source)


def tone(seconds: float, rate: int = 44100) -> tuple[str, ...]:
    """Arguments for a tone."""
    return ("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate={rate}:duration={seconds}")


def encoded(*arguments: str, then: Callable[[bytes], bytes] | None = None) -> Make:
    """Have ffmpeg make a file, then change its bytes."""

    def make(path: Path) -> None:
        _ffmpeg(*arguments, str(path))
        if then is not None:
            path.write_bytes(then(path.read_bytes()))

    return make


def _ffmpeg(*arguments: str) -> None:
    command = [str(find_ffmpeg()), "-hide_banner", "-loglevel", "error", "-y", *arguments]
    # Without the real-time priority that SVT-AV1 takes from root; encoders talk whatever they are told.
    with start_ending_with_parent(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        assert child.wait() == 0


def written(content: bytes) -> Make:
    """Write a file that is not a video."""

    def make(path: Path) -> None:
        path.write_bytes(content)

    return make


def _patched(mark: bytes, offset: int, value: bytes) -> Callable[[bytes], bytes]:
    def patch(content: bytes) -> bytes:
        place = content.index(mark) + len(mark) + offset
        return content[:place] + value + content[place + len(value) :]

    return patch


def _without_codec(content: bytes) -> bytes:
    """Name a codec for the sound that nobody knows."""
    return content.replace(b"mp4a", b"zzzz").replace(b"esds", b"free")


def _cover(path: Path) -> None:
    """A film with an attached picture, which demuxers give as a second video stream."""
    cover = path.with_name("cover.png")
    _ffmpeg("-f", "lavfi", "-i", "color=red:size=240x169", "-frames:v", "1", str(cover))
    attached = ("-attach", str(cover), "-metadata:s:2", "mimetype=image/png", "-metadata:s:2", "filename=cover.png")
    _ffmpeg(*picture("640x360", "1000/33", 62), *tone(2.0), *X264, *AAC, *attached, str(path))
    cover.unlink()


def _six_minutes(path: Path) -> None:
    """One second of black, again and again."""
    second = path.with_name("second.mp4")
    _ffmpeg("-f", "lavfi", "-i", "color=black:size=320x180:rate=60,trim=end_frame=60", *SVT, str(second))
    _ffmpeg("-stream_loop", "-1", "-i", str(second), "-c", "copy", "-frames:v", "21766", str(path))
    second.unlink()


def _turned(path: Path) -> None:
    """A film that a player turns and mirrors."""
    plain = path.with_name("plain.mp4")
    _ffmpeg(*picture("1080x720", NTSC, 30), *tone(1.0), *X264, "-colorspace", "bt709", *AAC, str(plain))
    _ffmpeg("-display_rotation:v:0", "90", "-display_vflip:v:0", "-i", str(plain), "-c", "copy", str(path))
    plain.unlink()


def _two_of_each(path: Path) -> None:
    words = path.with_name("words.srt")
    words.write_text(SRT)
    inputs = (*picture("320x180", "25", 325), *tone(13.0, 16000), "-i", str(words), *picture("480x270", NTSC, 390))
    order = [word for place in ("0:v", "1:a", "2:s", "3:v", "1:a", "2:s") for word in ("-map", place)]
    default = [word for stream in range(6) for word in (f"-disposition:{stream}", "default")]
    _ffmpeg(*inputs, *order, *default, *X264, *AAC, "-c:s", "mov_text", str(path))
    words.unlink()


def _truncated(keep_bytes: int) -> Make:
    """The head of a file whose index would have come last."""

    def make(path: Path) -> None:
        _ffmpeg(*picture("320x180", "25", 25), *X264, str(path))
        path.write_bytes(path.read_bytes()[:keep_bytes])

    return make


PQ = ",format=gbrp,zscale=tin=bt709:pin=bt709:rin=pc:t=smpte2084:p=bt2020:m=bt2020nc:r=tv:npl=203,format=yuv420p10le"
HDR_TAGS = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
UNEVEN = r"round(N*90000*12/359)+mod(N*7919\,601)+if(eq(N\,166)\,396\,0)"
"""Uneven times, in ticks of 1/90000 s: 359/12 frames a second on average, as a recording of a screen has them."""
SVT = ("-c:v", "libsvtav1", "-preset", "12", "-crf", "45")

SOURCES: dict[str, Make] = {
    "tricky/attached_cover.mkv": _cover,
    "tricky/audio_only.mp4": encoded(*tone(2.0), *AAC),
    "tricky/av1_hdr10_portrait.mp4": encoded(
        *picture("720x1280", NTSC, 127, PQ), *tone(4.2), *SVT, *HDR_TAGS, *AAC,
    ),
    "tricky/av1_6min_black_60fps.mp4": _six_minutes,
    "tricky/counter_10fps.mp4": encoded(*picture("640x360", "10", 30), *X264),
    "tricky/delayed_start.mp4": encoded(
        *picture("480x320", "25", 24), "-c:v", "mpeg4", "-output_ts_offset", "1.075",
    ),
    "tricky/fragmented.mp4": encoded(
        *picture("640x360", NTSC, 30), *tone(1.0), *X264, *AAC, "-movflags", "+frag_keyframe+empty_moov",
        then=_patched(b"mvhd", 16, struct.pack(">I", 143_165_000)),
    ),
    "tricky/h265_10bits.mp4": encoded(
        *picture("200x200", "30", 30), "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le",
        "-x265-params", "log-level=error", "-tag:v", "hvc1",
    ),
    "tricky/missing_audio_stsd.mp4": encoded(
        *picture("640x360", NTSC, 30), *tone(1.0), *X264, *AAC, then=_without_codec,
    ),
    "tricky/mpeg2_mp2.ts": encoded(
        *picture("640x426", NTSC, 3), *tone(0.1), "-c:v", "mpeg2video", "-bf", "1", "-c:a", "mp2",
    ),
    "tricky/no_audio.mp4": encoded(*picture("640x360", NTSC, 30), *X264),
    "tricky/no_moov_truncated.mp4": _truncated(20_000),
    "tricky/rotate90_reflect.mp4": _turned,
    "tricky/sample.avi": encoded(
        *picture("960x400", "24000/1001", 97), *tone(4.08, 48000), "-c:v", "mpeg4", "-c:a", "libmp3lame",
        "-fps_mode", "passthrough",
    ),
    "tricky/sar_2by3.mp4": encoded(*picture("640x360", "30", 60, ",setsar=2/3"), *tone(2.0), *X264, *AAC),
    "tricky/silent_black_25s.mp4": encoded(
        "-f", "lavfi", "-i", "color=black:size=320x240:rate=30:duration=25",
        "-f", "lavfi", "-i", "anullsrc=sample_rate=44100:channel_layout=mono", "-shortest", *X264, *AAC,
    ),
    "tricky/start_time_10s.mp4": encoded(
        *picture("800x640", "30", 120, ",setsar=1137/800"), *X264, "-output_ts_offset", "10",
    ),
    "tricky/text_named.mp4": written(b"This is a text.\n" * 20),
    "tricky/truncated_head_only.mp4": _truncated(2_000),
    "tricky/two_audio_tracks.mp4": encoded(
        *picture("720x576", "25", 114, ",setsar=16/15"), *tone(4.5, 48000), *X264, *AAC,
        "-map", "0:v", "-map", "1:a", "-map", "1:a", "-disposition:a:0", "default", "-disposition:a:1", "0",
        "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=fra",
    ),
    "tricky/vfr_518x488.mp4": encoded(
        *picture("518x488", "30", 167, f",settb=1/90000,setpts='{UNEVEN}',scale=out_range=pc,format=yuvj420p"),
        *tone(5.5, 48000), *AAC, "-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-fps_mode", "passthrough",
        "-enc_time_base", "1/90000", "-video_track_timescale", "90000",
    ),
    "tricky/vp9_odd_dims.webm": encoded(
        "-f", "lavfi", "-i", f"testsrc=size=161x121:rate={NTSC},trim=end_frame=30",
        "-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime",
        "-pix_fmt", "yuv420p",
    ),
    "tricky/zero_length.mp4": written(b""),
    EMOJI: _two_of_each,
    "cityCC0.mpg": encoded(*picture("352x288", "25", 190), "-c:v", "mpeg2video", "-bf", "1", "-f", "mpeg"),
}  # fmt: skip


def make(name: str, folder: Path) -> Path | None:
    """Return the file of a name, made when it is not there yet; None for one that can't be made."""
    path = folder / name
    if name in SOURCES and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        SOURCES[name](path)
    return path if path.exists() else None
