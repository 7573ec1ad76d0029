"""A smart cut plays through in a real browser: copied and encoded frames stand beside each other in one file."""

import time

import browser
import pytest

from autoclip.export.compound.render import SourceSpan, export_compound
from autoclip.export.render import export_clip
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "there is a browser")

SMART = ExportSettings(cut="smart", crossfade_sec=0.4)
PAGE = """<video id="v" muted src="{name}"></video><script>
const v = document.getElementById('v');
v.onended = () => document.title = 'ended';
v.onerror = () => document.title = 'error: ' + v.error.message;
v.onloadedmetadata = () => { v.playbackRate = 4; v.play(); };
</script>"""


@pytest.fixture(scope="module")
def player():
    with browser.Browser(400, 300) as open_browser:
        yield open_browser


@pytest.mark.parametrize(("name", "joined"), [("b_frames.mp4", False), ("variable.mp4", True)])
def test_it_plays_to_its_end(tmp_path, source, player, name, joined):
    video, _ = source(name)
    spans = [Interval(1.3, 5.2), Interval(6.1, 9.4)]
    target = tmp_path / "clip.mp4"
    if joined:
        result = export_compound([SourceSpan(video, span) for span in spans], target, SMART)
    else:
        result = export_clip(video, spans[0], target, SMART)
    assert result.method == "smart", result.notes
    (tmp_path / "page.html").write_text(PAGE.replace("{name}", target.name))
    player.open(tmp_path / "page.html")
    deadline = time.monotonic() + 120
    while not (title := player.run("return document.title")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert title == "ended"
    duration, reached = player.run("return [v.duration, v.currentTime]")
    assert duration == pytest.approx(result.actual.duration, abs=0.05)
    assert reached == pytest.approx(duration, abs=0.05)
