"""Decoders in hardware are used only where they return the frames of software, and never at the price of an analysis.

No machine of ours has such a device: what is tested is that nothing is lost where one is missing or gives out.
"""

import threading
from dataclasses import replace

import numpy as np
import platformdirs
import pytest
from av.packet import Packet
from av.video.frame import VideoFrame

from autoclip import extraction
from autoclip.extraction import extract
from autoclip.media.container import open_container
from autoclip.media.decoding import hardware
from autoclip.media.decoding.hardware import DecoderChoice, choose_decoder
from autoclip.media.decoding.packet_groups import PacketGroup
from autoclip.media.decoding.video import DecodePolicy, HardwareDecodingError, VideoDecoder, as_planar
from autoclip.media.probe import probe
from autoclip.settings import ExtractionSettings
from autoclip.timeline import Interval
from synthetic_media import Noise, RenderOptions, Shot, Storyboard, Texture, render

POLICY = DecodePolicy("DEFAULT", skip_loop_filter=False, longest_side=160, motion_fps=4.0, decoders=1)
MISSING = sorted({"cuda", "vaapi", "videotoolbox", "d3d11va", "qsv"})


@pytest.fixture(autouse=True)
def memory(tmp_path, monkeypatch):
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda _name: str(tmp_path / "cache"))
    monkeypatch.setattr(hardware, "_DEVICES", dict.fromkeys(hardware._DEVICES, "/dev/none"))
    return tmp_path / "cache" / "decoders.json"


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("hardware") / "a.mp4"
    board = Storyboard(shots=(Shot(2, Texture(seed=3, pan=0.2)),), sounds=(Noise(Interval(0, 2), -40.0),))
    render(board, path, RenderOptions(width=160, height=90, keyframe_interval=20, scene_keyframes=False))
    return probe(path)


def extracted(video, decoder):
    return extract(video.path, video, ExtractionSettings(decoder=decoder))


def as_measured(features):
    return {name: values.tobytes() for name, values in features.series.items()}, features.events


@pytest.mark.parametrize("decoder", MISSING)
def test_a_device_that_is_not_there_is_said_and_software_decodes(video, decoder):
    made, usual = extracted(video, decoder), extracted(video, "software")
    if made.warnings:
        (told,) = made.warnings
        assert told.startswith(f"decoder = {decoder} can't be used for this video (")
        assert told.endswith("so software decoded it")
    assert as_measured(made) == as_measured(usual)
    assert usual.warnings == ()


def test_automatic_choice_says_once_that_there_is_none(video, memory):
    first, again = extracted(video, "auto"), extracted(video, "auto")
    told = "decoder = auto: no hardware decoder works on this machine, so software is used from now on for such videos"
    assert first.warnings == (told,)
    assert again.warnings == ()
    assert memory.is_file()
    memory.write_text("[1]", encoding="utf-8")  # what is not ours is as good as nothing
    assert choose_decoder(video, POLICY, "auto").notes == (told,)


def test_a_device_that_is_remembered_and_gone_costs_nothing(video, memory):
    choose_decoder(video, POLICY, "auto")
    memory.write_text(memory.read_text("utf-8").replace('"software"', '"vdpau"'), encoding="utf-8")
    assert choose_decoder(video, POLICY, "auto") == DecoderChoice()


def test_a_device_that_fails_after_it_was_chosen_leaves_the_video_to_software(video, monkeypatch):
    monkeypatch.setattr(extraction, "choose_decoder", lambda *_asked: DecoderChoice("vdpau"))
    made = extracted(video, "auto")
    (told,) = made.warnings
    assert told.startswith("the decoder vdpau failed (")
    assert told.endswith("so software decoded the video")
    assert as_measured(made) == as_measured(extracted(video, "software"))


@pytest.mark.parametrize("device", [None, "cuda"])
def test_a_fault_in_the_middle_is_left_to_software_to_judge(video, device):
    with open_container(video.path) as container:
        context = container.streams.video[0].codec_context
        packets = [packet for packet in container.demux(video=0) if packet.size]
    broken = Packet(b"\0\0\0\x02\x41")
    broken.pts, broken.dts, broken.time_base = packets[3].pts, packets[3].dts, packets[3].time_base
    packets[3] = broken
    group = PacketGroup(tuple(packets), (), None, None, restarts=True, ends=True, last=True)
    decoder = VideoDecoder(context, video, replace(POLICY, device=device))
    if device is None:
        _, damage = decoder.decode(group, threading.Event())
        assert damage
    else:
        with pytest.raises(HardwareDecodingError, match="the decoder cuda failed"):
            decoder.decode(group, threading.Event())


@pytest.mark.parametrize(("stored", "planar"), [("nv12", "yuv420p"), ("p010le", "yuv420p10le")])
def test_frames_of_devices_hold_the_samples_of_software(stored, planar):
    rng = np.random.default_rng(1)
    deepest = 1 << (10 if "10" in planar else 8)
    samples = rng.integers(0, deepest, (96 * 3 // 2, 64)).astype(np.uint16 if "10" in planar else np.uint8)
    frame = VideoFrame.from_ndarray(samples, format=planar)
    assert np.array_equal(as_planar(frame.reformat(format=stored)).to_ndarray(), samples)
    assert as_planar(frame) is frame
