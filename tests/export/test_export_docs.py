"""docs/exports.md says of each setting and platform what the code says."""

from pathlib import Path

import pytest

from autoclip.export.platforms import PLATFORMS
from autoclip.settings import ExportSettings, Settings

TEXT = (Path(__file__).parents[2] / "docs" / "exports.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("parameter", list(ExportSettings.parameters()), ids=lambda parameter: parameter.name)
def test_every_setting_is_documented_as_it_is(parameter):
    allowed = ", ".join(parameter.choices)
    if parameter.minimum is not None and parameter.maximum is not None:
        allowed = f"{parameter.minimum:g} to {parameter.maximum:g}"
    unit = f" {parameter.unit}" if parameter.unit else ""
    row = f"| `{parameter.name}` | `{parameter.default}`{unit} | {parameter.text}{f' ({allowed})' if allowed else ''} |"
    assert row in TEXT.splitlines()


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_platform_is_documented_with_its_limits(name):
    platform = PLATFORMS[name]
    row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{name}` |"))
    assert f"| {platform.shortest_sec:g} to {platform.longest_sec:g} |" in row
    assert f"<{platform.source}>" in row


def test_no_name_means_two_things():
    exports = {parameter.name for parameter in ExportSettings.parameters()}
    assert not exports & {parameter.name for parameter in Settings.parameters()}


def test_the_users_own_command_is_the_default():
    chosen = ExportSettings()
    assert (chosen.cut, chosen.video_codec, chosen.encoder_preset, chosen.crf) == ("exact", "h264", "veryfast", 18)
    assert chosen.audio_bitrate_kbps == 192
