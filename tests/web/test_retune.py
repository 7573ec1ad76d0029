"""Choosing again with other settings: what would change is shown first, and verdicts stay."""

SHOWN_TIME = "document.querySelector('video.shown').currentTime"


def test_verdicts_survive_a_retune_that_is_looked_at_first(site, tab):
    order = [clip.id for clip in site.clips]
    tab.review(site)
    tab.press("p", "x", "p")
    tab.saved()
    tab.press("t")
    dialog = tab.page.get_by_role("dialog")
    dialog.get_by_text("3 clips stay").wait_for()
    dialog.get_by_label("Maximum clips").fill("5")
    dialog.get_by_role("heading", name="Disappears").wait_for()
    tab.until("Number(document.querySelector('.goes b').innerText) > 10")
    assert len(site.clips) == len(order)
    dialog.get_by_role("button", name="Apply").click()
    tab.says("unchanged")
    after = {clip.id: clip.verdict for clip in site.clips}
    assert len(after) < len(order)
    assert [after.get(clip_id) for clip_id in order[:3]] == ["kept", "rejected", "kept"]
    tab.page.locator(".overview canvas").click(position={"x": 2, "y": 80})
    for _ in range(2):  # the candidates that went are still found, by keys, with the reason
        before = tab.page.evaluate(SHOWN_TIME)
        tab.press("g")
        tab.says("dropped: ")
        tab.until(f"{SHOWN_TIME} > {before} + 0.1")
    tab.press("Control+z")
    tab.until(f"document.querySelector('.tabs button').innerText.includes('{len(order)}')")
    assert len(site.clips) == len(order)
