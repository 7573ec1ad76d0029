"""What a project's source told of the video goes with its measurement."""

from stages.register_video import metadata_of
from storage.catalog import HeatmapSpan, Source


def test_heatmap_and_chapters_are_handed_on():
    source = Source(
        kind="url",
        address="https://example.org/watch",
        heatmap=(HeatmapSpan(start_sec=0, end_sec=5, value=0.5),),
        chapters=({"start_sec": 3.0, "end_sec": 9.0, "title": "Second half"},),
    )
    metadata = metadata_of(source)
    assert [(span.start_sec, span.end_sec, span.value) for span in metadata.replayed] == [(0, 5, 0.5)]
    assert metadata.chapter_starts_sec == (3.0,)


def test_a_file_tells_nothing():
    metadata = metadata_of(Source(kind="file", address="/videos/a.mp4"))
    assert (metadata.replayed, metadata.chapter_starts_sec) == ((), ())
