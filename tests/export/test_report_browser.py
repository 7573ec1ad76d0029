"""The report in a real browser: no complaint, nothing fetched, and everything one can click does what it says."""

import browser
import pytest
from report_documents import a_document, a_hostile_document

from autoclip.report import render_report

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "there is a browser")


@pytest.fixture(scope="module")
def desktop():
    with browser.Browser(1280, 900) as open_browser:
        yield open_browser


@pytest.fixture(scope="module")
def phone():
    with browser.Browser(390, 844, phone=True, dark=True) as open_browser:
        yield open_browser


def write_page(document, path):
    path.write_text("".join(render_report(document)), encoding="utf-8")


@pytest.fixture
def report(tmp_path, desktop):
    write_page(a_document(tmp_path, clip_count=12), tmp_path / "report.html")
    desktop.open(tmp_path / "report.html")
    return desktop


def fetched(page):
    return page.run("return performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).length")


def test_loads_without_a_complaint_or_a_request(report):
    assert report.console() == []
    assert fetched(report) == 0
    assert report.run("return document.documentElement.scrollWidth") == 1280


def test_a_click_on_a_bar_leads_to_its_card(report):
    report.click('[data-clip="12"]')
    top, height = report.run(
        "const r = document.getElementById('clip-12').getBoundingClientRect(); return [r.top, innerHeight]"
    )
    assert 0 <= top < height
    assert report.run("return document.querySelector(':target').id") == "clip-12"
    assert report.run("return document.activeElement.id") == "clip-12"


def test_sorting(report):
    def ranks():
        return report.run("return [...document.querySelectorAll('.card')].map(card => +card.dataset.rank)")

    by_score = ranks()
    assert by_score == sorted(by_score)
    report.click("[data-sort=start]")
    assert sorted(ranks()) == by_score != ranks()
    assert report.run("return document.querySelector('[data-sort=start]').ariaPressed") == "true"
    report.click("[data-sort=rank]")
    assert ranks() == by_score


def view(page):
    return page.run("return document.querySelector('.lane svg').getAttribute('viewBox').split(' ').map(Number)")


def test_zoom_by_drag_buttons_and_keys(report):
    box = report.run(
        "const r = document.getElementById('plot').getBoundingClientRect(); return [r.left, r.top, r.width]"
    )
    report.pointer((box[0] + box[2] * 0.25, box[1] + 120), "down", (box[0] + box[2] * 0.5, box[1] + 125), "up")
    start, _, length, _ = view(report)
    assert start == pytest.approx(30, abs=1)
    assert length == pytest.approx(30, abs=1)
    report.click("[data-zoom=out]")
    assert view(report)[2] == pytest.approx(60, abs=2)
    report.keys("#plot", "0")
    assert view(report) == [0, 0, 120, 100]
    report.keys("#plot", "+")
    assert view(report) == [30, 0, 60, 100]
    bar = report.run("const b = document.querySelectorAll('.clip-bar')[3]; return [b.offsetLeft, b.offsetWidth]")
    assert bar[0] == pytest.approx((120 * 0.9 * 3 / 11 - 30) / 60 * box[2], abs=3)
    assert report.console() == []


def test_the_pointer_shows_time_and_values(report):
    box = report.run(
        "const r = document.getElementById('plot').getBoundingClientRect(); return [r.left, r.top, r.width]"
    )
    report.pointer((box[0] + box[2] * 0.5 + 3, box[1] + 100))
    text = report.run("return document.querySelector('.tip').innerText")
    assert text.startswith("1:00.")
    for word in ("Excitement", "Loudness", "dBFS", "Motion", "black", "1.0 s"):
        assert word in text


def test_hostile_texts_run_nothing(tmp_path, desktop):
    write_page(a_hostile_document(tmp_path), tmp_path / "report.html")
    desktop.open(tmp_path / "report.html")
    desktop.click("summary")
    assert desktop.run("return window.stolen === undefined")
    assert desktop.console() == []
    assert fetched(desktop) == 0


def test_reads_on_a_phone(tmp_path, phone):
    write_page(a_document(tmp_path, clip_count=3, dropped_count=3), tmp_path / "report.html")
    phone.open(tmp_path / "report.html")
    phone.run("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert phone.run("return document.documentElement.scrollWidth") == 390
    assert phone.run("return matchMedia('(prefers-color-scheme: dark)').matches")
    assert phone.run("return getComputedStyle(document.body).backgroundColor") == "rgb(14, 16, 21)"
    smallest = phone.run(
        "return Math.min(...[...document.querySelectorAll('button')].map(b => b.getBoundingClientRect().height))"
    )
    assert smallest >= 32
    assert phone.console() == []


def test_reads_without_its_script(tmp_path, desktop):
    write_page(a_document(tmp_path, clip_count=4), tmp_path / "report.html")
    desktop.command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        desktop.open(tmp_path / "report.html")
        desktop.screenshot(tmp_path / "still.png")
    finally:
        desktop.command("Emulation.setScriptExecutionDisabled", value=False)
    assert desktop.run("return [...document.querySelectorAll('.buttons, .copy')].every(e => e.hidden)")
    assert desktop.run("return document.querySelectorAll('.axis span').length") > 5
    bars = desktop.run("return [...document.querySelectorAll('.clip-bar')].map(bar => bar.offsetLeft)")
    assert bars == sorted(bars)
    assert bars[-1] > 900
