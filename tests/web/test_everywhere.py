"""Two people at once, a server that goes and comes back, a token, a proxy with a path, small screens, all readers."""

import contextlib
import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from running_service import until
from served_site import Site, plant_words

from stages.register_video import register_video

AXE = Path(__file__).parents[2] / "interfaces/web/node_modules/axe-core/axe.min.js"


def faults(tab) -> list[str]:
    """What axe finds in the page, or in the dialog that lies over it."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed; run 'make page'")
    if not tab.page.evaluate("'axe' in window"):
        tab.page.evaluate(AXE.read_text())
    found = tab.page.evaluate(
        "axe.run(document.querySelector('dialog[open]') ?? document, { resultTypes: ['violations'] })"
    )
    return [f"{v['id']}: {node['target']} {node['failureSummary']}" for v in found["violations"] for node in v["nodes"]]


def faults_in_both_schemes(tab) -> list[str]:
    """What axe finds of a page or dialog in light and in dark."""
    found = []
    for scheme in ("light", "dark"):
        tab.page.emulate_media(color_scheme=scheme)
        tab.page.evaluate(f"document.documentElement.dataset.theme = '{scheme}'")
        found += [f"{scheme}: {fault}" for fault in faults(tab)]
    return found


def change(site, clip_id, **fields):
    httpx.patch(f"{site.address}api/clips/{clip_id}", json=fields, timeout=60).raise_for_status()


LOOKED_AWAY = "Object.defineProperty(document, 'hidden', { get: () => true })"
"""A page that nobody looks at does not ask what others have changed: here it learns of it when it saves."""


def test_what_others_change_appears_and_of_two_versions_a_person_chooses_one(site, tab, open_tab):
    other = open_tab()
    for one in (tab, other):
        one.review(site).press("k")  # a video that plays takes a third of a core
    first, second, third = (clip.id for clip in site.clips[:3])
    change(site, third, name="Renamed elsewhere")
    tab.says("Renamed elsewhere")  # the page asks every 10 s
    tab.page.evaluate(LOOKED_AWAY)
    for clip_id, button, verdict in ((first, "Keep yours", "kept"), (second, "Take theirs", "rejected")):
        tab.is_on(clip_id)
        other.is_on(clip_id)
        other.press("Enter")
        other.page.get_by_role("textbox", name="Rename").fill("Theirs")
        other.press("Enter", "x", "k")
        other.saved()
        tab.press("p")
        dialog = tab.page.get_by_role("dialog", name="Somebody else changed this clip")
        dialog.wait_for()
        assert "kept" in dialog.inner_text()
        assert "rejected" in dialog.inner_text()
        assert faults_in_both_schemes(tab) == []
        dialog.get_by_role("button", name=button).click()
        tab.saved()
        clip = site.clip(clip_id)
        assert (clip.verdict, clip.name) == (verdict, "Theirs")


def test_what_is_done_while_the_server_is_away_survives_closing_the_page_and_is_sent_when_it_is_back(site, tab):
    tab.review(site)
    order = [clip.id for clip in site.clips]
    tab.press("p", "Shift+P")
    tab.saved()
    second, fourth = site.clip(order[1]), site.clip(order[3])
    tab.until(f"document.querySelector('video.shown').currentTime >= {second.start}")
    tab.press("k", "Shift+ArrowLeft", "ArrowRight", "ArrowRight")
    tab.page.wait_for_load_state("networkidle")  # a picture under way would end in an error of the server
    site.stop()
    tab.press("Control+z")  # what was saved: the undo waits, too
    tab.page.get_by_text("Offline: 1 to send").wait_for()
    tab.press("b", "x", "p", "d", "Delete", "p")
    tab.page.get_by_text("Offline: 7 to send").wait_for()
    tab.press("Control+z")
    tab.page.get_by_text("Offline: 6 to send").wait_for()
    tab.page.goto("about:blank")
    site.start()
    tab.review(site)
    tab.saved()
    clips = {clip.id: clip for clip in site.clips}
    assert [clips[clip_id].verdict for clip_id in order[:3]] == ["kept", "rejected", "kept"]
    assert clips[order[4]].verdict == "undecided"
    assert clips[order[1]].end == pytest.approx(second.start + 2, abs=0.11)
    assert set(order) - set(clips) == {fourth.id}
    made = {(clip.name, clip.verdict) for clip in site.clips if clip.id not in order}
    assert made == {(f"{second.name} (2)", "undecided"), (f"{fourth.name} (copy)", "undecided")}


def test_a_token_is_asked_for_and_then_pictures_and_video_come_by_signed_links(open_site, tab):
    site = open_site(AUTOCLIP_API_TOKEN="a token that is long enough")
    tab.open(site.address)
    field = tab.page.get_by_label("Token")
    field.wait_for()
    assert faults_in_both_schemes(tab) == []
    field.fill("a wrong one")
    tab.page.get_by_role("button", name="Sign in").click()
    tab.says("Wrong token")
    field.fill("a token that is long enough")
    tab.page.get_by_role("button", name="Sign in").click()
    tab.page.get_by_role("link", name="Review", exact=True).click()
    tab.until("document.querySelector('video.shown')?.readyState >= 2")
    assert "signature=" in tab.page.evaluate("document.querySelector('video.shown').src")
    tab.until("[...document.querySelectorAll('[role=option] img')].some((image) => image.naturalWidth > 0)")
    first = tab.current
    tab.press("p")
    tab.saved()
    assert site.clip(first).verdict == "kept"
    assert "a token" not in tab.page.content()


PREFIX = "/tools/clips"


class Proxy(BaseHTTPRequestHandler):
    """Passes on what comes below `PREFIX`, without it, and refuses the rest."""

    site: Site

    def _forward(self):
        if not self.path.startswith(f"{PREFIX}/"):
            self.send_error(404)
            return
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection.request(self.command, self.path.removeprefix(PREFIX), body, dict(self.headers))
        answer = connection.getresponse()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "connection"}:
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # a browser that seeks gives up what it asked for
            self.wfile.write(answer.read())
        connection.close()

    def log_message(self, *_):
        """Say nothing."""


for method in ("GET", "POST", "PATCH", "HEAD"):
    setattr(Proxy, f"do_{method}", Proxy._forward)


@pytest.fixture
def behind_proxy(site):
    """The address of the site under a path of a proxy."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("SiteProxy", (Proxy,), {"site": site}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{PREFIX}/"
    server.shutdown()


def test_the_page_works_under_the_path_of_a_proxy(site, tab, behind_proxy):
    tab.review(site, f"{behind_proxy}#/projects/{site.project.id}")
    tab.until("document.querySelector('video.shown').readyState >= 2")
    first = tab.current
    tab.press("p")
    tab.saved()
    assert site.clip(first).verdict == "kept"


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def swipe(tab, distance):
    """Draw a finger over the player."""
    box = tab.page.locator(".stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = tab.page.context.new_cdp_session(tab.page)
    for kind, share in (("touchStart", 0), ("touchMove", 0.5), ("touchMove", 1), ("touchEnd", None)):
        points = [] if share is None else [{"x": x + share * distance, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_on_a_phone_a_thumb_decides(site, open_tab):
    tab = open_tab(**PHONE)
    tab.open(site.review_address)
    tab.page.get_by_role("heading", name=site.clips[0].name).wait_for()
    order = [clip.id for clip in site.clips]
    for place, distance in enumerate((150, -150)):
        swipe(tab, distance)
        tab.page.get_by_role("heading", name=site.clip(order[place + 1]).name, exact=True).wait_for()
    tab.saved()
    assert [site.clip(clip_id).verdict for clip_id in order[:2]] == ["kept", "rejected"]
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    tab.page.get_by_role("button", name="Keep").click()
    tab.until("document.querySelector('.counters').innerText.startsWith('2')")


SMALL_WINDOWS = [(1366, 600), (1100, 500), (1024, 768), (900, 600), (853, 533), (640, 400), (390, 844), (320, 256)]
"""Laptops, tablets, phones, and 1280 x 800 and 1280 x 1024 enlarged to 150, 200 and 400 %."""


def test_the_picture_has_room_and_nothing_is_out_of_reach_in_a_small_window(site, tab):
    tab.review(site)
    for width, height in SMALL_WINDOWS:
        tab.page.set_viewport_size({"width": width, "height": height})
        stage = tab.page.locator(".stage").bounding_box()
        assert stage["height"] >= 150, (width, height)
        assert stage["y"] + 150 <= height, (width, height)
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    # An edge of the clip is for a moment where it was in a wider window.
    where_it_was = "document.querySelector('.edge.end').style.left = '600px', document.documentElement.scrollWidth"
    assert tab.page.evaluate(where_it_was) <= width
    tab.press("/")
    tab.page.keyboard.type("pxd")
    assert tab.page.get_by_role("searchbox", name="Search clips").input_value() == "pxd"
    tab.page.get_by_role("searchbox", name="Search clips").fill("")
    tab.page.get_by_role("button", name="Clips", exact=True).click()
    tab.page.get_by_role("button", name="More").focus()
    tab.press("Enter")
    tab.page.get_by_role("dialog").get_by_role("button", name="Retune").press("Enter")
    tab.page.get_by_role("heading", name="What would change").wait_for()
    tab.press("Escape")
    tab.until("document.activeElement.ariaLabel === 'More'")
    tab.press("Enter")
    tab.page.get_by_role("button", name="Fill", exact=True).press("Enter")
    tab.page.get_by_text("kept to fill 10 minutes").wait_for()


WIDE, PHONE_SIZE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


def test_the_page_speaks_german_where_the_browser_does(site, open_tab):
    tab = open_tab(locale="de-DE")
    tab.review(site)
    tab.says("Gespeichert")
    assert tab.page.locator("html").get_attribute("lang") == "de"
    tab.page.set_viewport_size(PHONE_SIZE)
    tab.press("t")  # its buttons have the longest texts
    for name in ("Schließen", "Anwenden"):
        box = tab.page.get_by_role("dialog").get_by_role("button", name=name).bounding_box()
        assert box["x"] + box["width"] < PHONE_SIZE["width"]
    tab.open(site.address)
    tab.page.get_by_role("textbox", name="Pfad").fill("/nowhere/film.mp4")
    tab.page.get_by_role("button", name="Hinzufügen").click()
    tab.page.get_by_text("Der Server darf auf diesen Ordner nicht zugreifen: ").wait_for()
    tab.page.get_by_label("Sprache").select_option("English")
    tab.page.get_by_role("heading", name="Projects").wait_for()


DIALOGS = {"Retune": "clips stay", "Export": "Export 2 clips", "Compound": "New from 2 kept clips", "Keys": "Reset all"}
"""The dialogs that the bar opens, and what each shows once it is complete."""


def test_axe_finds_nothing_on_a_wide_or_narrow_page(site, tab):
    tab.open(site.address)
    tab.page.get_by_role("link", name="Review", exact=True).wait_for()
    assert faults_in_both_schemes(tab) == []
    tab.page.set_viewport_size(PHONE_SIZE)
    assert faults_in_both_schemes(tab) == []
    tab.page.get_by_role("link", name="Review", exact=True).click()
    tab.page.get_by_role("heading", name=site.clips[0].name).wait_for()
    assert faults_in_both_schemes(tab) == []
    tab.page.get_by_role("button", name="More").click()
    tab.page.get_by_role("dialog").wait_for()
    assert faults_in_both_schemes(tab) == []


def test_axe_finds_nothing_in_the_dialogs_and_focus_returns_from_each(site, tab):
    plant_words(site, (site.clips[0].start + 1, "goal"))
    tab.review(site)
    tab.page.get_by_role("heading", name="What is said").wait_for()
    assert faults_in_both_schemes(tab) == []
    tab.press("p", "p")
    tab.saved()
    focused = "document.activeElement?.ariaLabel ?? document.activeElement?.innerText"
    for name, ready in DIALOGS.items():
        for size, leave in ((None, "Escape"), (PHONE_SIZE, "Close")):
            open_from_bar(tab, name)
            dialog = tab.page.get_by_role("dialog")
            dialog.get_by_text(ready).first.wait_for()
            assert tab.page.evaluate(focused) == name  # the title of the dialog
            if name == "Export":
                dialog.get_by_label("platform").select_option("shorts")
            if name == "Compound" and size is None:
                dialog.get_by_text(ready).click()
                dialog.get_by_role("listitem").nth(1).wait_for()
            tab.page.set_viewport_size(size or WIDE)
            assert faults_in_both_schemes(tab) == []
            tab.page.set_viewport_size(WIDE)
            if leave == "Escape":
                tab.press("Escape")
            else:
                dialog.get_by_role("button", name="Close").press("Enter")
            dialog.wait_for(state="detached")
            assert tab.page.evaluate("document.activeElement.matches('header button')")
            assert tab.page.evaluate(focused) == name


def open_from_bar(tab, name):
    """Open a dialog by keys alone."""
    tab.page.get_by_role("button", name=name, exact=True).focus()
    tab.press("Enter")


def test_a_video_that_browsers_cannot_play_is_explained_and_a_copy_is_offered(
    open_site, tab, encode_tracks, film, sound
):
    site = open_site()
    path = encode_tracks("match.avi", film([40, 200] * 50, codec="mpeg4", options={}), sound(4.0, codec="mp2"))
    project = register_video(site.catalog, path, "Old film").project
    tab.open(f"{site.address}#/projects/{project.id}")
    tab.says("Browsers can’t play this video")
    tab.page.get_by_role("button", name="Make a copy for the browser").click()
    until(lambda: "Prefect" in tab.page.content())  # nobody runs jobs here, and the page says so
