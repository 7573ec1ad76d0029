"""Short files with a start timecode, made by ffmpeg, which writes a timecode track or a tag as the container has it."""

from fractions import Fraction
from pathlib import Path

from autoclip.media.ffmpeg import run_ffmpeg


def encode(path: Path, rate: Fraction, timecode: str = "", *, seconds: float = 2.0, audio: str = "") -> Path:
    """Encode a small picture, with a tone of the channel layout `audio` if it is given."""
    tone = ["-f", "lavfi", "-i", f"aevalsrc=sin(2000*t):c={audio}:d={seconds}"] if audio else []
    run_ffmpeg(
        [
            *("-f", "lavfi", "-i", f"color=gray:s=64x48:r={rate}:d={seconds}", *tone),
            *("-c:v", "mpeg2video" if path.suffix == ".mxf" else "libx264", "-pix_fmt", "yuv420p"),
            *(["-timecode", timecode] if timecode else []),
            str(path),
        ]
    )
    return path


def encode_with_slower_timecode(folder: Path, rate: Fraction, timecode: str) -> Path:
    """Encode picture of twice the rate that its timecode track counts, as cameras do at 50 and 59.94."""
    half = encode(folder / "half.mov", rate / 2, timecode)
    full = encode(folder / "full.mov", rate)
    path = folder / "film.mov"
    run_ffmpeg(["-i", str(full), "-i", str(half), "-map", "0:v", "-map", "1:d", "-c", "copy", str(path)])
    if ";" in timecode:
        _set_drop_frame(path)
    return path


def _set_drop_frame(path: Path) -> None:
    """Set the drop-frame flag of a timecode track, which is lost in copying (QuickTime File Format, "Timecode")."""
    content = bytearray(path.read_bytes())
    # The sample description: its size, "tmcd", six zeros, a data reference, four zeros, four bytes of flags.
    entry = content.index(b"tmcd" + bytes(7) + b"\x01" + bytes(4))
    content[entry + 19] |= 1
    path.write_bytes(content)
