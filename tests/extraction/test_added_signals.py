"""Signals of installed packages: measured on the one pass, stored, part of the key; failures name the package."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from autoclip.errors import ParameterError
from autoclip.extraction import EXTRACTION_VERSION, extract, extraction_version
from autoclip.media.probe import probe
from autoclip.selection.pipeline import select
from autoclip.settings import ExtractionSettings, Settings
from stages.analyze import analyze
from storage.analysis_folder import AnalysisFolder
from storage.features import Origin, read_features, write_features

TEXT = (Path(__file__).parents[2] / "docs" / "signals.md").read_text(encoding="utf-8")


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package as pip would: a module and its entry points."""

    def installed(code, entries):
        site = tmp_path / "site-packages"
        (site / "autoclip_example").mkdir(parents=True)
        (site / "autoclip_example" / "__init__.py").write_text(code)
        facts = site / "autoclip_example-1.0.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: autoclip-example\nVersion: 1.0\n")
        points = "\n".join(f"{name} = {target}" for name, target in entries)
        (facts / "entry_points.txt").write_text(f"[autoclip.signals]\n{points}\n")
        monkeypatch.syspath_prepend(str(site))

    yield installed
    sys.modules.pop("autoclip_example", None)


@pytest.fixture
def video(encode_tracks, film, sound):
    return encode_tracks("flash.mp4", film([40] * 20 + [220] * 5 + [40] * 15, rate=10), sound([1000.0] * 4))


def measured(video):
    return extract(video, probe(video), ExtractionSettings())


def test_the_example_of_the_documentation(install, encode_tracks, film, sound, tmp_path):
    (code,) = re.findall(r"<!-- tested: \S+ -->\n```python\n(.*?)```", TEXT, re.DOTALL)
    entries = re.findall(r'^(\w+) = "(autoclip_example:\w+)"$', TEXT, re.MULTILINE)
    install(code, entries)
    video = encode_tracks("flash.mp4", film([40] * 20 + [220] * 5 + [40] * 15, rate=10), sound(seconds=4.0))
    features = measured(video)
    assert int(np.nanargmax(features.series["flashes"])) == 4
    assert features.series["zero_crossings"].shape == (8,)
    assert extraction_version() == f"{EXTRACTION_VERSION}+flashes=1.0+zero_crossings=1.0"
    origin = Origin("content", ExtractionSettings(), extraction_version())
    write_features(tmp_path / "features", features, origin)
    np.testing.assert_array_equal(read_features(tmp_path / "features").series["flashes"], features.series["flashes"])


def test_the_weight_of_the_example_decides_what_is_chosen(install, encode_tracks, film, sound):
    (code,) = re.findall(r"<!-- tested: \S+ -->\n```python\n(.*?)```", TEXT, re.DOTALL)
    install(code, [("flashes", "autoclip_example:Flashes")])
    levels = [40 + 2 * (index % 3) for index in range(600)]
    levels[400:440] = [220] * 40  # 40 s to 44 s
    features = measured(encode_tracks("flash.mp4", film(levels, rate=10), sound(seconds=60.0)))
    assert not any(clip.start < 44 and clip.end > 40 for clip in chosen(features, {}))
    weighted = chosen(features, {"signal_weights": "flashes=0.5"})
    assert max(weighted, key=lambda clip: clip.quality_score).start <= 42 < max(c.end for c in weighted)
    against = chosen(features, {"signal_weights": "flashes=-0.5"})
    assert not any(clip.start <= 42 < clip.end for clip in against)


def chosen(features, changed):
    return select(features, Settings.from_flat(changed), "test").clips


def test_a_weight_without_a_signal_is_refused_before_anything_is_decoded(encode_tracks, film, tmp_path):
    folder = AnalysisFolder(tmp_path / "out")
    settings = Settings.from_flat({"signal_weights": "flash=0.5"})
    with pytest.raises(ParameterError, match="names flash, which nothing here measures"):
        analyze(encode_tracks("a.mp4", film([60] * 20, rate=10)), folder, settings)
    assert not list(folder.features.glob("*"))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "class Made:\n    unit = ''\n    def series(self, features):\n        raise OSError('no model')",
            "failed: no model",
        ),
        ("class Made:\n    unit = ''\n    def series(self, features):\n        return [1, 2]", "has shape"),
        ("class Made:\n    pass", "no unit"),
        ("raise ImportError('torch is missing')", "can't be loaded: torch is missing"),
    ],
)
def test_a_signal_that_fails_is_named(install, encode_tracks, film, code, message):
    install(code, [("broken", "autoclip_example:Made")])
    with pytest.raises(ParameterError, match=message) as told:
        measured(encode_tracks("a.mp4", film([60] * 20, rate=10)))
    assert "'broken'" in str(told.value)


@pytest.mark.parametrize("name", ["audio_rms", "Loud!"])
def test_a_signal_needs_a_name_of_its_own(install, encode_tracks, film, name):
    install(
        "class Made:\n    unit = ''\n    def series(self, features):\n        return []",
        [(name, "autoclip_example:Made")],
    )
    with pytest.raises(ParameterError, match="unique name"):
        measured(encode_tracks("a.mp4", film([60] * 20, rate=10)))
