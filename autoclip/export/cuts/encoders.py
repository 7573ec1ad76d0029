"""ffmpeg options for encoders and for the file format."""

from __future__ import annotations

from autoclip.errors import ParameterError
from autoclip.export.cuts.frame_span import FrameSpan
from autoclip.media.video import Video
from autoclip.settings import EncoderName, EncoderPreset, ExportSettings, VideoCodec

SVT_AV1_PRESETS: dict[EncoderPreset, int] = {
    "ultrafast": 12,
    "superfast": 11,
    "veryfast": 10,
    "faster": 9,
    "fast": 8,
    "medium": 7,
    "slow": 5,
    "slower": 4,
    "veryslow": 3,
}
"""x264's preset names on SVT-AV1's speed scale, in the same order; 10 is SVT-AV1's own default."""

VP9_CPU_USED: dict[EncoderPreset, int] = {
    "ultrafast": 8,
    "superfast": 7,
    "veryfast": 6,
    "faster": 5,
    "fast": 4,
    "medium": 3,
    "slow": 2,
    "slower": 1,
    "veryslow": 0,
}
"""x264's preset names on libvpx's speed scale for VP9 (``-cpu-used``), the fastest first."""
VP9_REALTIME_SPEED = 5
"""From this speed on, libvpx needs ``-deadline realtime``; otherwise a higher speed is not faster than this one.

It took a quarter of the CPU time at the same quantizer; PSNR was 0.6 dB higher and the file a third larger.
"""

_NVENC_PRESETS: dict[EncoderPreset, int] = {
    "ultrafast": 1,
    "superfast": 1,
    "veryfast": 2,
    "faster": 3,
    "fast": 4,
    "medium": 5,
    "slow": 6,
    "slower": 7,
    "veryslow": 7,
}
"""x264's preset names on NVENC's scale from p1, the fastest, to p7."""

SOFTWARE_CODECS: dict[VideoCodec, str] = {"h264": "libx264", "h265": "libx265", "av1": "libsvtav1"}
"""FFmpeg's names of the encoders in software."""

HARDWARE_CODECS: dict[EncoderName, dict[VideoCodec, str]] = {
    "nvenc": {"h264": "h264_nvenc", "h265": "hevc_nvenc", "av1": "av1_nvenc"},
    "qsv": {"h264": "h264_qsv", "h265": "hevc_qsv", "av1": "av1_qsv"},
    "vaapi": {"h264": "h264_vaapi", "h265": "hevc_vaapi", "av1": "av1_vaapi"},
    "videotoolbox": {"h264": "h264_videotoolbox", "h265": "hevc_videotoolbox"},
    "amf": {"h264": "h264_amf", "h265": "hevc_amf", "av1": "av1_amf"},
}
"""FFmpeg's names of the hardware encoders."""

VAAPI_DEVICE = "/dev/dri/renderD128"


def pixel_format(video: Video, settings: ExportSettings) -> str:
    """Return the pixel format of the export: 8-bit 4:2:0, which every player supports, unless more bits are kept.

    Raises
    ------
    ParameterError
        If more than 8 bits are to be kept in H.264, which hardly any player supports.
    """
    if settings.dynamic_range == "sdr" or (video.video.bit_depth <= 8 and not video.video.hdr):  # noqa: PLR2004
        return "yuv420p"
    if settings.video_codec == "h264":
        raise ParameterError(
            "dynamic_range = 'keep' needs video_codec = 'h265' or 'av1': few players show H.264 with more than 8 bits"
        )
    return "yuv420p10le"


def video_encoder(video: Video, settings: ExportSettings, parameter_set: int = 0) -> tuple[str, ...]:
    """Return ffmpeg's options for the video encoder.

    `parameter_set` numbers the parameter sets of H.264; only files that join several encodings need a value other than
    0.
    """
    if settings.encoder != "x264":
        pixels = () if settings.encoder == "vaapi" else ("-pix_fmt", "yuv420p")
        return (*hardware_encoder(settings), *pixels)
    codec, options = settings.video_codec, tuple[str, ...]()
    preset = str(SVT_AV1_PRESETS[settings.encoder_preset]) if codec == "av1" else settings.encoder_preset
    if codec == "h264" and parameter_set:
        options = ("-x264-params", f"sps-id={parameter_set}")
    elif codec == "h265":  # hvc1 is the only tag of HEVC that QuickTime and Safari play
        options = ("-tag:v", "hvc1", "-x265-params", "log-level=1")
    chosen = ("-c:v", SOFTWARE_CODECS[codec], "-preset", preset, *options)
    return (*chosen, "-crf", str(settings.crf), "-pix_fmt", pixel_format(video, settings))


def hardware_encoder(settings: ExportSettings) -> tuple[str, ...]:
    """Return ffmpeg's options for a hardware encoder, at the quality of `crf`.

    The scales are those of H.264's quantizer, 0 to 51, like x264's crf: constant quality (NVENC's ``cq``, Quick Sync's
    ``global_quality``) or a constant quantizer (VA-API, AMF), which is one step finer for the same look. VideoToolbox
    has a scale from 1 to 100, of which 65 looks about like crf 23.
    """
    crf = settings.crf
    quality: dict[EncoderName, tuple[str, ...]] = {
        "nvenc": ("-preset", f"p{_NVENC_PRESETS[settings.encoder_preset]}", "-rc", "vbr", "-cq", str(crf), "-b:v", "0"),
        "qsv": ("-global_quality", str(max(1, crf))),
        "vaapi": ("-rc_mode", "CQP", "-qp", str(max(1, crf - 1))),
        "videotoolbox": ("-q:v", str(min(100, max(1, round(65 + 2 * (23 - crf)))))),
        "amf": ("-rc", "cqp", "-qp_i", str(max(0, crf - 1)), "-qp_p", str(max(0, crf - 1))),
    }
    tag = ("-tag:v", "hvc1") if settings.video_codec == "h265" else ()
    name = HARDWARE_CODECS[settings.encoder][settings.video_codec]
    return ("-c:v", name, *quality[settings.encoder], *tag)


def device_options(settings: ExportSettings) -> tuple[str, ...]:
    """Return the global options that open the device of an encoder that needs frames on it."""
    if settings.encoder != "vaapi":
        return ()
    return ("-init_hw_device", f"vaapi=hardware:{VAAPI_DEVICE}", "-filter_hw_device", "hardware")


def encodes_in_hardware(video: Video, settings: ExportSettings) -> bool:
    """Whether a hardware encoder is selected that can make this file: 8 bits, and a codec it supports."""
    codecs = HARDWARE_CODECS.get(settings.encoder, {})
    return settings.video_codec in codecs and pixel_format(video, settings) == "yuv420p"


def frame_timing(settings: ExportSettings, span: FrameSpan) -> tuple[str, ...]:
    """Return the options that keep each frame's time in the file, in the source's time base.

    MP4 stores durations in decoding order, and a track is as long as their sum. The last packet's duration is set so
    that the sum is the cut's length: with B-frames at a variable rate the encoder can't know it.
    """
    if settings.frame_rate:
        return ("-fps_mode:v", "passthrough")
    unit = f"{span.time_base.numerator}:{span.time_base.denominator}"
    last = f"if(eq(N,{span.count - 1}),{span.end - span.start}-DTS+STARTDTS,DURATION)"
    return (
        "-fps_mode:v",
        "passthrough",
        "-enc_time_base:v",
        unit,
        "-bsf:v",
        f"setts=pts=PTS:dts=DTS:duration='{last}'",
    )


def audio_encoder(settings: ExportSettings) -> tuple[str, ...]:
    """Return ffmpeg's options for the audio encoder."""
    return ("-c:a", "aac", "-b:a", f"{settings.audio_bitrate_kbps}k")


MP4 = ("-map_metadata", "-1", "-map_chapters", "-1", "-movflags", "+faststart", "-f", "mp4")
"""A file that can be played while it loads, without the source's chapters (wrong times) and tags (a phone's location).
"""
