"""From a dropped file to exported clips, with everything that runs in between."""

import base64
from urllib.parse import urlsplit

import httpx
import pytest
from made_project import encode_film
from running_service import until

from autoclip.media.probe import probe
from storage.catalog import open_catalog

pytestmark = pytest.mark.service

DROP = """async ([name, content]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type: "video/mp4" }));
    for (const kind of ["dragenter", "dragover", "drop"])
        document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def lose_the_answer(route):
    """Let a request arrive, and its answer not."""
    route.fetch()
    route.abort()


def test_a_file_is_dropped_analyzed_reviewed_and_its_kept_clips_exported(service, tab, tmp_path):
    film = encode_film(tmp_path / "match.mp4", 60)
    tab.open(f"http://127.0.0.1:{service.environment.port}/")
    tab.page.get_by_text("No projects yet").wait_for()
    tab.page.evaluate(DROP, ["match.mp4", base64.b64encode(film.read_bytes()).decode()])
    tab.page.get_by_role("link", name="Review", exact=True).wait_for()
    tab.page.get_by_role("link", name="Review", exact=True).click()
    tab.page.get_by_text("Saved", exact=True).wait_for()
    tab.page.locator("[role=option][aria-selected=true]").wait_for()
    for _ in range(3):
        before = tab.current
        tab.press("k", "n")
        tab.until(f"![null, undefined, 'clip-{before}'].includes(document.querySelector('[aria-selected=true]')?.id)")
        tab.press("Shift+P")
    tab.saved()
    tab.press("e")
    tab.page.route("**/exports/batch", lose_the_answer, times=1)
    tab.page.get_by_role("button", name="Export 3 clips").dblclick()
    tab.page.get_by_role("alert").get_by_text("does not answer").wait_for()
    tab.page.get_by_role("button", name="Export 3 clips").click()  # the job that has begun already, not another one
    tab.page.get_by_role("link", name="Download").first.wait_for()
    with tab.page.expect_download() as download:
        tab.page.get_by_role("link", name="Download").first.click()
    tab.page.route("**/jobs", lambda route: route.abort(), times=1)  # asked again
    tab.press("Escape", "e")
    tab.page.get_by_role("link", name="Download").nth(2).wait_for()  # what was exported is there again
    path = tmp_path / "downloaded.mp4"
    download.value.save_as(path)
    with open_catalog(service.environment.catalog_path).reading() as view:
        project = view.projects.page().items[0]
        kept = {clip.id: clip for clip in view.clips.page(project.id, verdict="kept").items}
        exports = {export.id: export for export in view.exports.page(project.id).items}
    assert {export.clip_id for export in exports.values()} == set(kept)
    assert len(exports) == len(kept) == 3
    assert {export.state for export in exports.values()} == {"completed"}
    downloaded = exports[urlsplit(download.value.url).path.split("/")[-2]]
    assert probe(path).duration_sec == pytest.approx(kept[downloaded.clip_id].duration, abs=0.11)
    tab.press("Escape")
    tab.page.get_by_role("link", name="All projects").press("Enter")
    tab.page.get_by_role("button", name="Delete project").press("Enter")
    tab.page.get_by_role("button", name="Undo").press("Enter")  # offered for 12 s, once the project is deleted
    until(lambda: httpx.get(f"{tab.page.url.partition('#')[0]}api/projects", timeout=60).json()["total"] == 1)
    tab.page.get_by_role("heading", name="match").wait_for()


def test_an_address_that_leads_nowhere_says_why_and_can_be_tried_again(service, tab):
    page = f"http://127.0.0.1:{service.environment.port}/"
    tab.open(page)
    tab.page.get_by_role("textbox", name="Path of a file").fill("http://127.0.0.1:9/match.mp4")
    tab.page.route("**/jobs/process-video", lose_the_answer, times=1)
    tab.page.get_by_role("button", name="Add").click()
    tab.page.get_by_role("alert").get_by_text("does not answer").wait_for()
    tab.page.get_by_role("button", name="Add").click()  # the job that has begun already, not another one
    tab.page.get_by_role("button", name="Try again").wait_for()
    assert until(lambda: "127.0.0.1" in tab.page.locator(".failure").first.inner_text())
    started = httpx.get(f"{page}api/jobs?type=process-video", timeout=60).json()["items"]
    assert len([job for job in started if "127.0.0.1:9" in job["name"]]) == 1
