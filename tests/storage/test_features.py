import json
import subprocess
import sys
import time

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autoclip.errors import NotFoundError, StorageError
from autoclip.settings import ExtractionSettings
from autoclip.signals.table import Event, Features
from autoclip.timeline import Grid
from storage.features import FILES, Origin, features_key, features_origin, read_features, write_features
from storage.parquet_files import FOOTER_KEY


def assert_equal(one, other):
    assert one.duration_sec == other.duration_sec
    assert one.grid == other.grid
    assert list(one.series) == list(other.series)
    for name, values in one.series.items():
        assert other.series[name].dtype == np.float32
        np.testing.assert_array_equal(values, other.series[name])
    assert dict(one.absent) == dict(other.absent)
    assert other.frame_hash.dtype == np.uint64
    np.testing.assert_array_equal(one.frame_hash, other.frame_hash)
    assert (one.envelope_dbfs is None) == (other.envelope_dbfs is None)
    if one.envelope_dbfs is not None:
        np.testing.assert_array_equal(one.envelope_dbfs, other.envelope_dbfs)
    assert one.events == other.events
    assert one.warnings == other.warnings


def floats(count):
    return npst.arrays(np.float32, count, elements=st.floats(-1e9, 1e9, width=32) | st.just(float("nan")))


@st.composite
def any_features(draw):
    grid = Grid(draw(st.sampled_from([0.05, 0.1, 0.5, 1.0])), draw(st.integers(0, 40)))
    names = draw(st.lists(st.sampled_from(["audio_rms", "motion_score", "a_new_signal"]), unique=True))
    times = draw(st.lists(st.floats(0, 1e5), max_size=5))
    return Features(
        duration_sec=draw(st.floats(0, 1e6)),
        grid=grid,
        series={name: draw(floats(grid.count)) for name in names},
        absent=draw(st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=2)),
        frame_hash=draw(npst.arrays(np.uint64, draw(st.sampled_from([0, grid.count])))),
        envelope_dbfs=draw(st.none() | floats(30)),
        events=tuple(Event("cut", at, draw(st.none() | st.just(at + 1.0)), 0.5) for at in sorted(times)),
        warnings=tuple(draw(st.lists(st.text(max_size=9), max_size=2))),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(any_features())
def test_what_is_read_is_what_was_written(tmp_path, features):
    origin = Origin("f" * 32, ExtractionSettings(step_sec=features.grid.step_sec), 3)
    write_features(tmp_path, features, origin)
    assert_equal(features, read_features(tmp_path))
    assert features_origin(tmp_path) == origin
    assert features_key(tmp_path) == origin.key
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)


def test_a_signal_that_is_all_nan_is_told_from_one_that_is_absent(tmp_path, features, origin):
    silent = {**features.series, "onset_strength": np.full(features.grid.count, np.nan, np.float32)}
    write_features(tmp_path, Features(features.duration_sec, features.grid, silent), origin)
    again = read_features(tmp_path)
    assert np.isnan(again.series["onset_strength"]).all()
    assert "luma_mean" not in again.series


def test_the_columns_are_those_of_the_design_and_missing_values_are_null(tmp_path, features, origin):
    write_features(tmp_path, features, origin)
    rows = duckdb.sql(
        f"SELECT count(*), count(motion_score), count(motion_score_z), count(most_replayed), count(most_replayed_z), "
        f"typeof(any_value(audio_rms)), max(time_sec), count(frame_hash) FROM '{tmp_path}/signals.parquet'"
    ).fetchone()
    assert rows == (41, 39, 39, 0, 0, "FLOAT", 20.0, 41)
    z = duckdb.sql(f"SELECT avg(audio_rms_z), stddev_pop(audio_rms_z) FROM '{tmp_path}/signals.parquet'").fetchone()
    assert z == pytest.approx((0, 1), abs=1e-6)
    assert duckdb.sql(f"SELECT kind, end_sec FROM '{tmp_path}/events.parquet'").fetchall()[:2] == [
        ("cut", None),
        ("black", 3.5),
    ]
    facts = pq.ParquetFile(tmp_path / "signals.parquet").metadata
    assert facts.num_row_groups == 1
    column = facts.row_group(0).column(1)
    assert column.compression == "ZSTD"
    assert "BYTE_STREAM_SPLIT" in column.encodings
    assert not column.has_dictionary_page
    stated = json.loads(facts.metadata[FOOTER_KEY])
    assert stated["fingerprint"] == "f" * 32
    assert stated["absent"] == {"most_replayed": "not a download"}


def test_an_empty_folder_and_a_missing_one_hold_nothing(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        assert features_key(folder) is None
        assert features_origin(folder) is None
        with pytest.raises(NotFoundError, match="analyze the video"):
            read_features(folder)


@pytest.mark.parametrize("stale", FILES)
def test_files_of_two_writes_are_no_set_even_with_one_key(tmp_path, features, origin, stale):
    write_features(tmp_path / "old", features, origin)
    write_features(tmp_path / "new", features, origin)
    (tmp_path / "old" / stale).replace(tmp_path / "new" / stale)
    assert features_key(tmp_path / "new") is None
    with pytest.raises(NotFoundError):
        read_features(tmp_path / "new")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_makes_the_set_not_there(tmp_path, features, origin, name):
    write_features(tmp_path, features, origin)
    (tmp_path / name).unlink()
    assert features_key(tmp_path) is None


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("keep", [0, 3, 0.5, 0.99])
def test_a_torn_file_is_refused_with_the_way_out(tmp_path, features, origin, name, keep):
    write_features(tmp_path, features, origin)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(keep * len(content)) if keep < 1 else keep])
    assert features_key(tmp_path) is None
    with pytest.raises(StorageError, match="analyze the video again"):
        read_features(tmp_path)


def test_a_flipped_bit_never_reads_as_another_value(tmp_path, features, origin):
    write_features(tmp_path, features, origin)
    target = tmp_path / "signals.parquet"
    content = target.read_bytes()
    refused = 0
    for position in np.random.default_rng(1).integers(4, len(content), 60):
        damaged = bytearray(content)
        damaged[position] ^= 0x10
        target.write_bytes(damaged)
        try:
            again = read_features(tmp_path)
        except StorageError:
            refused += 1
        else:
            for name, values in features.series.items():
                np.testing.assert_array_equal(values, again.series[name])
    assert refused > 10


def test_a_file_of_someone_else_is_refused(tmp_path, features, origin):
    write_features(tmp_path, features, origin)
    pq.write_table(
        pq.read_table(tmp_path / "events.parquet").replace_schema_metadata(None), tmp_path / "events.parquet"
    )
    with pytest.raises(StorageError, match="footer is not ours"):
        read_features(tmp_path)


def test_a_newer_format_is_refused_by_name(tmp_path, features, origin):
    write_features(tmp_path, features, origin)
    for name in FILES:
        table = pq.read_table(tmp_path / name)
        footer = json.loads(table.schema.metadata[FOOTER_KEY]) | {"format_version": 99}
        pq.write_table(table.replace_schema_metadata({FOOTER_KEY: json.dumps(footer)}), tmp_path / name)
    with pytest.raises(StorageError, match="has format 99"):
        read_features(tmp_path)
    assert features_key(tmp_path) is None


def test_a_full_disk_leaves_the_old_set_whole(tmp_path, features, origin):
    program = (
        "import resource, signal, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from autoclip.errors import StorageError\n"
        "from autoclip.settings import ExtractionSettings\n"
        "from autoclip.signals.table import Features\n"
        "from autoclip.timeline import Grid\n"
        "from storage.features import Origin, write_features\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "big = {'audio_rms': np.random.default_rng(0).random(50_000, dtype=np.float32)}\n"
        "try: write_features(Path(sys.argv[1]), Features(1.0, Grid(0.5, 50_000), big), "
        "Origin('e', ExtractionSettings(), 1))\n"
        "except StorageError as error: print(error)\n"
    )
    write_features(tmp_path, features, origin)
    said = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True)
    assert "no room is left" in said.stdout, said.stderr
    assert_equal(features, read_features(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)


def test_kill_in_the_middle_of_writing_leaves_a_whole_set_or_none(tmp_path):
    program = (
        "import sys, itertools, time, numpy as np\n"
        "from pathlib import Path\n"
        "from autoclip.settings import ExtractionSettings\n"
        "from autoclip.signals.table import Event, Features\n"
        "from autoclip.timeline import Grid\n"
        "from storage.features import Origin, write_features\n"
        "print('ready', flush=True)\n"
        "for i in itertools.count():\n"
        "    values = np.full(5000, i, np.float32)\n"
        "    write_features(Path(sys.argv[1]), Features(float(i), Grid(0.5, 5000), {'audio_rms': values}, "
        "envelope_dbfs=values, events=(Event('cut', float(i)),)), Origin(str(i), ExtractionSettings(), 1))\n"
    )
    for attempt in range(8):
        with subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE) as writer:
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(0.03 + 0.0113 * attempt)
            writer.kill()
        origin = features_origin(tmp_path)
        if origin is None:
            continue
        features = read_features(tmp_path)
        number = float(origin.fingerprint)
        assert features.duration_sec == number
        assert set(features.series["audio_rms"]) == set(features.envelope_dbfs) == {number}
        assert features.events[0].start_sec == number


def test_a_reader_beside_a_writer_always_gets_one_whole_set(tmp_path):
    program = (
        "import sys, itertools, time, numpy as np\n"
        "from pathlib import Path\n"
        "from autoclip.settings import ExtractionSettings\n"
        "from autoclip.signals.table import Event, Features\n"
        "from autoclip.timeline import Grid\n"
        "from storage.features import Origin, write_features\n"
        "for i in itertools.count(1):\n"
        "    values = np.full(i, i, np.float32)\n"
        "    write_features(Path(sys.argv[1]), Features(float(i), Grid(0.5, i), {'audio_rms': values}, "
        "envelope_dbfs=values, events=(Event('cut', float(i)),)), Origin(str(i), ExtractionSettings(), 1))\n"
        "    if i == 1: print('ready', flush=True)\n"
        # A writer that never rests leaves a reader on a busy machine no moment with a whole set.
        "    time.sleep(0.02)\n"
    )
    seen = set()
    with subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"ready\n"
        try:
            reads, deadline = 0, time.monotonic() + 60
            while reads < 60 or (len(seen) < 2 and time.monotonic() < deadline):
                reads += 1
                features = read_features(tmp_path)
                number = features.duration_sec
                seen.add(number)
                assert features.grid.count == len(features.series["audio_rms"]) == number
                assert set(features.series["audio_rms"]) == set(features.envelope_dbfs) == {number}
                assert features.events[0].start_sec == number
        finally:
            writer.kill()
    assert len(seen) > 1
