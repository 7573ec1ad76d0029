"""Reviewing by keys and by mouse: what is decided and changed is what the catalog holds, and can be taken back."""

import pytest
from made_project import gray_of_shot
from running_service import until


def shown_gray(tab) -> float:
    """The level of the picture that the player shows."""
    return tab.page.evaluate(
        """async () => {
            const video = document.querySelector("video.shown");
            while (video.seeking || video.readyState < 2) await new Promise((wait) => setTimeout(wait, 20));
            const canvas = Object.assign(document.createElement("canvas"), { width: 8, height: 8 });
            const context = canvas.getContext("2d");
            context.drawImage(video, 0, 0, 8, 8);
            return context.getImageData(4, 4, 1, 1).data[0];
        }"""
    )


def edge_at(tab, edge):
    """The middle of an edge's handle."""
    box = tab.page.locator(f".edge.{edge}").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def pixels_per_second(tab, clip) -> float:
    return (edge_at(tab, "end")[0] - edge_at(tab, "start")[0]) / clip.duration


def drag_edge(tab, edge, pixels, *, alt=False):
    x, y = edge_at(tab, edge)
    mouse = tab.page.mouse
    mouse.move(x, y)
    mouse.down()
    if alt:
        tab.page.keyboard.down("Alt")
    mouse.move(x + pixels / 2, y, steps=3)
    mouse.move(x + pixels, y, steps=3)
    label = tab.page.locator(".strip .label").inner_text()
    mouse.up()
    if alt:
        tab.page.keyboard.up("Alt")
    return label


def test_the_best_undecided_clip_plays_and_shift_decides_and_stays(site, tab):
    best, asked = site.clips[0], []
    tab.page.on("request", lambda request: asked.append(request.url))
    tab.review(site)
    assert tab.current == best.id
    project = f"{site.address}api/projects/{site.project.id}"
    assert [asked.count(project + part) for part in ("", "/playback", "/clips?limit=1000")] == [1, 1, 1]
    tab.until(f"document.querySelector('video.shown').currentTime > {best.start + 0.3}")
    for key, verdict in (("Shift+P", "kept"), ("Shift+U", "undecided")):
        tab.press(key)
        until(lambda verdict=verdict: site.clip(best.id).verdict == verdict)
        tab.saved()
        assert tab.current == best.id


def test_twenty_clips_are_decided_by_keys_alone_and_five_taken_back_after_a_reload(site, tab):
    order = [clip.id for clip in site.clips]
    keys = ["p", "x", "p", "p", "x"] * 4
    tab.review(site)
    for clip_id, key in zip(order, keys, strict=False):
        assert tab.current == clip_id
        tab.press(key)
    tab.saved()
    wanted = {"p": "kept", "x": "rejected"}
    decided = {clip.id: clip.verdict for clip in site.clips}
    assert [decided[clip_id] for clip_id in order[:20]] == [wanted[key] for key in keys]
    tab.page.reload()
    tab.page.locator("[role=option][aria-selected=true]").wait_for()
    for clip_id in reversed(order[15:20]):
        tab.press("Control+z")
        tab.is_on(clip_id)
    assert [site.clip(clip_id).verdict for clip_id in order[15:20]] == ["undecided"] * 5
    for _ in range(5):
        tab.press("Control+Shift+z")
    tab.until("document.querySelector('.counters').innerText.startsWith('12')")
    assert [site.clip(clip_id).verdict for clip_id in order[:20]] == [wanted[key] for key in keys]


def test_an_edge_snaps_to_a_cut_and_shows_its_frame_is_free_with_alt_and_is_moved_by_keys(site, tab):
    tab.measure(site).page.locator(".edge.end").focus()
    tab.press("]")
    tab.saved()
    clip = site.clip(tab.current)
    cut = min(cut for cut in site.project.cuts if cut > clip.start + 1)
    assert cut < clip.end
    label = drag_edge(tab, "start", (cut - clip.start) * pixels_per_second(tab, clip) + 5)
    assert "cut" in label
    tab.saved()
    assert site.clip(clip.id).start == cut
    until(lambda: abs(shown_gray(tab) - gray_of_shot(round(cut) // 5)) < 8)
    assert "free" in drag_edge(tab, "start", 5, alt=True)
    tab.saved()
    assert 0.02 < site.clip(clip.id).start - cut < 1
    tab.page.locator(".edge.end").focus()
    tab.press("]")
    tab.saved()
    after = site.clip(clip.id).end
    assert after > clip.end
    tab.press("ArrowLeft")
    tab.saved()
    assert abs(after - site.clip(clip.id).end - 0.1) < 1e-6


def test_in_and_out_are_set_at_the_playhead_and_a_clip_is_split_and_merged_again(site, tab):
    tab.review(site)
    clip = site.clip(tab.current)
    tab.press("k", "Shift+ArrowLeft", "ArrowRight", "ArrowRight", "i")
    tab.saved()
    assert abs(site.clip(clip.id).start - clip.start - 2) < 0.11
    tab.press("ArrowRight", "ArrowRight", "b")
    until(lambda: any(c.name == f"{clip.name} (2)" for c in site.clips))
    halves = sorted((c for c in site.clips if c.name.startswith(clip.name)), key=lambda c: c.start)
    assert halves[0].end == halves[1].start
    count = len(site.clips)
    with tab.late("**/clips?limit*") as lists:  # from before the decision
        tab.press("Shift+B")
        tab.until(f"document.querySelector('[aria-selected=true]')?.id !== 'clip-{clip.id}'")
        until(lambda: tab.page.wait_for_timeout(20) or lists)
        tab.press("Shift+P")
        until(lambda: site.clip(tab.current).verdict == "kept")
        tab.saved()
    tab.page.wait_for_load_state("networkidle")
    assert "K" in tab.page.locator("[role=option][aria-selected=true]").inner_text().split()
    merged = site.clip(tab.current)
    assert (merged.start, merged.end) == (halves[0].start, halves[1].end)
    assert len(site.clips) == count - 1


def test_filling_keeps_the_best_until_the_time_is_full_and_one_undo_takes_it_back(site, tab):
    tab.review(site)
    tab.page.get_by_label("Minutes to fill to").fill("1")
    tab.page.get_by_role("button", name="Fill").click()
    tab.saved()
    kept = [clip for clip in site.clips if clip.verdict == "kept"]
    assert 45 < sum(clip.duration for clip in kept) <= 60
    assert [clip.id for clip in kept][:3] == [clip.id for clip in site.clips[:3]]
    tab.press("Control+z")
    tab.says("Undone")
    assert {clip.verdict for clip in site.clips} == {"undecided"}


def test_a_part_is_taken_out_of_a_clip_by_two_presses(site, tab):
    tab.review(site)
    clip = site.clip(tab.current)
    tab.press("k", "Shift+ArrowLeft", "ArrowRight", "ArrowRight", "h", "ArrowRight")
    tab.page.locator(".part").wait_for()
    tab.press("h")
    until(lambda: any(c.name == f"{clip.name} (2)" for c in site.clips))
    first, rest = sorted((c for c in site.clips if c.name.startswith(clip.name)), key=lambda c: c.start)
    assert (first.start, rest.end) == (clip.start, clip.end)
    assert first.end == pytest.approx(clip.start + 2, abs=0.11)
    assert rest.start == pytest.approx(clip.start + 3, abs=0.11)
    tab.press("v")
    tab.until(f"document.querySelector('[aria-selected=true]')?.id !== 'clip-{clip.id}'")


def test_clips_are_made_duplicated_renamed_and_deleted(site, tab):
    tab.review(site)
    best, before = site.clip(tab.current), len(site.clips)
    tab.press("k", "Shift+ArrowRight", "Shift+N")
    tab.page.get_by_role("heading", name="New clip").wait_for()
    until_now = site.clip(tab.current)
    assert until_now.end == pytest.approx(best.end, abs=0.11)
    assert until_now.duration == pytest.approx(15, abs=0.11)
    tab.press("n")
    tab.until(f"![null, undefined, 'clip-{until_now.id}'].includes(document.querySelector('[aria-selected=true]')?.id)")
    made = site.clip(tab.current)
    assert made.created_by == "manual"
    tab.press("Enter")
    tab.page.get_by_role("textbox", name="Rename").fill("Kick-off")
    tab.press("Enter")
    tab.saved()
    assert site.clip(made.id).name == "Kick-off"
    held = []
    tab.page.route("**/duplicate", lambda route: held.append(route), times=1)  # noqa: PLW0108 - no builtins here
    tab.press("d", "Enter")
    tab.page.keyboard.type("Kick-off again")
    until(lambda: tab.page.evaluate("true") and held, pause_sec=0.05)
    held[0].continue_()  # the copy is there, and shown, while the name is still being typed
    tab.until(f"![null, undefined, 'clip-{made.id}'].includes(document.querySelector('[aria-selected=true]')?.id)")
    tab.press("Enter")
    tab.saved()
    assert site.clip(made.id).name == "Kick-off again"
    assert len(site.clips) == before + 3
    tab.press("Delete")
    until(lambda: len(site.clips) == before + 2)
    tab.press("Control+z")
    tab.says("Undone")
    assert len(site.clips) == before + 3


ESCAPE_AND_KEY_AT_ONCE = """async () => {
    document.querySelector("dialog").requestClose();
    for (let turn = 0; turn < 10; turn += 1) await null;  // the event `close` is a task of its own, and still to come
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "e", bubbles: true }));
}"""


def test_keys_are_changed_and_act_neither_while_a_person_types_nor_on_a_dialog_that_closes(site, tab):
    tab.review(site)
    first = tab.current
    tab.press("/")
    tab.page.keyboard.type("pxb?")
    assert tab.page.locator("#clip-search").input_value() == "pxb?"
    tab.says("No clip matches the filters.")
    assert {clip.verdict for clip in site.clips} == {"undecided"}
    assert tab.page.locator("dialog").count() == 0
    tab.page.locator("#clip-search").fill("")
    tab.is_on(first)
    tab.press("Escape", "?")
    keep = tab.page.get_by_role("button", name="Change the key of: Keep P", exact=True)
    keep.click()
    tab.press("Tab", "y")  # going on takes the question back
    keep.click()
    tab.press("y")
    tab.page.get_by_role("button", name="Close").click()
    tab.page.locator("dialog").wait_for(state="detached")
    tab.press("p")
    assert tab.current == first
    tab.press("y")
    assert tab.current != first
    tab.saved()
    assert site.clip(first).verdict == "kept"
    tab.press("e")
    tab.page.get_by_role("dialog", name="Export").wait_for()
    tab.page.evaluate(ESCAPE_AND_KEY_AT_ONCE)
    tab.page.evaluate("new Promise((resolve) => setTimeout(resolve, 200))")
    assert tab.page.get_by_role("dialog", name="Export").is_visible()
