"""A server that is away: every panel says so, and goes on when it is back."""

from served_site import plant_words

AWAY = "The server does not answer"
LATER = "Trying again"


def refused(panel):
    """Wait until a panel says that the server is away, and return the button that tries again."""
    panel.get_by_role("alert").get_by_text(AWAY).wait_for()
    return panel.get_by_role("button", name="Try again")


def test_every_panel_says_that_the_server_is_away_and_goes_on_when_it_is_back(site, tab):
    plant_words(site, (site.clips[0].start + 1, "gaol!"))
    tab.review(site)
    tab.press("k", "Shift+P", "Shift+ArrowLeft", "ArrowRight", "ArrowRight")
    tab.saved()
    words = tab.page.get_by_role("region", name="What is said")
    words.get_by_role("button", name="Correct").click()
    words.get_by_role("button", name="Correct “gaol!”").click()
    tab.page.wait_for_load_state("networkidle")
    site.stop()
    words.get_by_role("textbox").fill("goal!")
    tab.press("Enter")
    assert "goal!" in words.get_by_role("alert").inner_text()
    assert refused(words).is_visible()
    tab.page.get_by_role("status").get_by_text(LATER).wait_for()
    for key, name in (("t", "Retune"), ("c", "Compound"), ("e", "Export")):
        tab.press(key)
        dialog = tab.page.get_by_role("dialog", name=name)
        assert refused(dialog).is_visible()
        dialog.get_by_role("status").get_by_text(LATER).wait_for()
        tab.press("Escape")
        dialog.wait_for(state="detached")
    tab.press("Shift+X", "b")  # a split is asked for once the verdict is saved
    tab.page.get_by_text("Offline: 2 to send").wait_for()
    tab.press("t")
    site.start()
    dialog = tab.page.get_by_role("dialog", name="Retune")
    dialog.get_by_text("clip stays").wait_for()
    tab.press("Escape")
    dialog.wait_for(state="detached")
    words.get_by_role("button", name="Try again").click()
    words.get_by_role("button", name="Correct “goal!”").wait_for()
    tab.page.get_by_text(LATER).wait_for(state="detached")
    tab.saved()


def test_a_video_that_cannot_be_loaded_says_so_and_is_loaded_again_and_so_is_the_list_of_projects(site, tab):
    video = f"**/projects/{site.project.id}/video*"
    tab.page.route(video, lambda route: route.abort())
    tab.open(site.review_address)
    player = tab.page.get_by_role("region", name="Player")
    player.get_by_role("alert").get_by_text("The video could not be loaded").wait_for()
    tab.page.unroute(video)
    # What another player says long after that takes the button from nobody.
    tab.page.evaluate("performance.now = () => 1e9")
    tab.page.evaluate("for (const each of document.querySelectorAll('video')) each.dispatchEvent(new Event('error'))")
    tab.page.wait_for_load_state("networkidle")
    player.get_by_role("button", name="Try again").click()
    tab.until("document.querySelector('video.shown').readyState >= 2")
    player.get_by_role("alert").wait_for(state="detached")
    tab.open(site.address)
    tab.page.locator("article img").wait_for()
    site.stop()
    tab.page.get_by_label("Search projects").fill("final")
    assert refused(tab.page.locator("main")).is_visible()
    site.start()
    tab.page.get_by_role("alert").wait_for(state="detached")
    tab.page.get_by_role("heading", name=site.project.name).wait_for()
