"""What the timelines tell: the picture and the words under the pointer, and the frame that belongs to a time."""

import httpx
import pytest
from made_project import encode_film, gray_of_shot
from running_service import until
from served_site import plant_words
from test_review import shown_gray

from stages.register_video import register_video

LATE_BY = 3


def gray_under_pointer(tab) -> float:
    """The level of the picture that a timeline shows where the pointer is."""
    return tab.page.evaluate(
        """() => {
            const copy = Object.assign(document.createElement("canvas"), { width: 8, height: 8 });
            const context = copy.getContext("2d", { willReadFrequently: true });
            context.drawImage(document.querySelector(".tip canvas"), 0, 0, 8, 8);
            return context.getImageData(4, 4, 1, 1).data[0];
        }"""
    )


def point_at(tab, timeline, share):
    """Hold the pointer over a timeline, a share of its width from the left."""
    box = tab.page.locator(f"{timeline} canvas").first.bounding_box()
    tab.page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)


NO_PICTURE_AT_FIRST = """
const make = window.createImageBitmap;
let refused = false;
window.createImageBitmap = (...given) => {
    if (refused) return make(...given);
    refused = true;
    return Promise.reject(new DOMException("The image source is not usable.", "InvalidStateError"));
};
"""
"""As on a busy machine, where a video that has moved to a place may have no picture of it yet."""


def test_the_picture_and_the_words_under_the_pointer_are_shown(site, tab):
    tab.page.add_init_script(NO_PICTURE_AT_FIRST)
    plant_words(site, (200.2, "What"), (200.9, "a"), (201.5, "goal!"))
    tab.review(site)
    tab.says("Speech")
    point_at(tab, ".overview", 201 / 400)
    tip = tab.page.locator(".tip")
    tip.get_by_text("What a goal!").wait_for()
    until(lambda: abs(gray_under_pointer(tab) - gray_of_shot(40)) < 8)
    point_at(tab, ".overview", 0.1)
    tip.get_by_text("0:40").wait_for()
    assert "goal" not in tip.inner_text()


def test_a_clip_of_a_video_whose_picture_begins_late_plays_from_its_own_frame(site, tab, tmp_path):
    film = encode_film(tmp_path / "late.mp4", 30, late_by=LATE_BY)
    project = register_video(site.catalog, film, "Late").project
    clip = {"start": 15.0, "end": 20.0, "name": "Fourth shot"}
    httpx.post(f"{site.address}api/projects/{project.id}/clips", json=clip, timeout=60).raise_for_status()
    tab.review(site, f"{site.address}#/projects/{project.id}")
    tab.press("k", "Shift+ArrowLeft")
    until(lambda: abs(shown_gray(tab) - gray_of_shot(3)) < 8)
    tab.press(",")
    until(lambda: abs(shown_gray(tab) - gray_of_shot(2)) < 8)
    tab.press(".", ".", "i")
    tab.saved()
    with site.catalog.reading() as view:
        (changed,) = view.clips.page(project.id).items
    assert changed.start == pytest.approx(15.1, abs=0.002)


def test_a_word_that_was_misheard_is_corrected_and_an_edge_is_moved_to_a_word(site, tab):
    clip = site.clips[0]
    plant_words(
        site, (clip.start + 1, "What"), (clip.start + 2, "a"), (clip.start + 3, "gaol!"), (clip.end + 0.1, "Yes!")
    )
    tab.measure(site)
    words = tab.page.get_by_role("region", name="What is said")
    words.get_by_role("button", name="gaol!").click()
    tab.until(f"Math.abs(document.querySelector('video.shown').currentTime - {clip.start + 3}) < 0.5")
    words.get_by_role("button", name="Correct").click()
    words.get_by_role("button", name="Correct “gaol!”").click()
    words.get_by_role("textbox").fill("goal!")
    tab.press("Enter")
    words.get_by_role("button", name="Correct “goal!”").wait_for()
    with tab.late("**/transcript*") as lists:
        for number, (heard, said) in enumerate((("What", "That"), ("a", "the")), 1):
            words.get_by_role("button", name=f"Correct “{heard}”").click()
            words.get_by_role("textbox").fill(said)
            tab.press("Enter")
            until(lambda number=number: tab.page.evaluate("true") and len(lists) == number, pause_sec=0.05)
        lists.reverse()  # the words from before the second correction come last
    words.get_by_role("button", name="Correct “the”").wait_for()
    tab.page.evaluate("new Promise((done) => setTimeout(done, 200))")
    assert words.get_by_role("button", name="Correct “a”").count() == 0
    answer = httpx.get(f"{site.address}api/projects/{site.project.id}/transcript", timeout=60).json()
    assert [word["text"] for word in answer["words"]] == ["That", "the", "goal!", "Yes!"]
    tab.page.locator(".edge.end").focus()
    tab.press("]")
    tab.saved()
    assert site.clip(clip.id).end == pytest.approx(clip.end + 0.1)
