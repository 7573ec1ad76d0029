"""What a source tells of a video is added to its features, also when it comes only after they were measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from autoclip.settings import ExtractionSettings
from autoclip.signals.source_metadata import ReplayedSpan, SourceMetadata
from stages.analyze import open_video
from stages.extract_features import extract_features
from stages.results import ExtractedFeatures
from storage.analysis_folder import AnalysisFolder


def extracted(
    path: Path, folder: AnalysisFolder, settings: ExtractionSettings, metadata: SourceMetadata | None = None
) -> ExtractedFeatures:
    return extract_features(replace(open_video(path, folder), metadata=metadata), settings)


def test_a_heatmap_that_comes_late_is_added_without_decoding(
    encode_tracks: Callable[..., Path], film: type, tmp_path: Path
) -> None:
    video = encode_tracks("a.mp4", film([60] * 40, rate=10))
    folder, settings = AnalysisFolder(tmp_path / "out"), ExtractionSettings(step_sec=0.5)
    extracted(video, folder, settings)
    plain = folder.read_features()
    assert plain.series
    assert "most_replayed" not in plain.series

    metadata = SourceMetadata((ReplayedSpan(0, 2, 1.0), ReplayedSpan(2, 4, 0.5)), (2.0,))
    assert extracted(video, folder, settings, metadata=metadata).reused
    learned = folder.read_features()
    np.testing.assert_array_equal(learned.series["most_replayed"], [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5])
    assert "most_replayed" not in learned.absent
    assert [event.start_sec for event in learned.events_of("chapter")] == [2.0]
    for name, values in plain.series.items():
        np.testing.assert_array_equal(learned.series[name], values)

    written = (folder.features / "signals.parquet").stat().st_mtime_ns
    assert extracted(video, folder, settings, metadata=metadata).reused
    assert extracted(video, folder, settings, metadata=SourceMetadata()).reused
    assert (folder.features / "signals.parquet").stat().st_mtime_ns == written
    assert "most_replayed" in folder.read_features().series


def test_what_is_there_waits_for_no_decoder(encode_tracks: Callable[..., Path], film: type, tmp_path: Path) -> None:
    source = open_video(encode_tracks("a.mp4", film([60] * 40, rate=10)), AnalysisFolder(tmp_path / "out"))
    entered = []

    @contextmanager
    def slot() -> Iterator[None]:
        entered.append(1)
        yield

    assert not extract_features(source, ExtractionSettings(), decode_slot=slot).reused
    assert extract_features(source, ExtractionSettings(), decode_slot=slot).reused
    assert entered == [1]
