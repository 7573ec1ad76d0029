"""The page of projects: what they take of the disk, and moments found by what was said."""

from served_site import plant_words


def test_projects_say_what_they_take_of_the_disk_and_a_moment_is_found_by_what_was_said_and_played(site, tab):
    folder = site.environment.data_dir / "projects" / site.project.id
    (folder / "exports").mkdir(exist_ok=True)
    (folder / "exports" / "clip.mp4").write_bytes(bytes(7_000_000))
    plant_words(site, (200.2, "What"), (200.9, "a"), (201.5, "goal!"), (300.0, "Offside."))
    tab.open(site.address)
    tab.page.get_by_text("free on the server").wait_for()
    tab.page.locator("article").get_by_text("MB used").wait_for()
    tab.page.get_by_role("region", name="Add videos").get_by_text("no Prefect server answers").wait_for()
    assert tab.page.locator(".notices").inner_text() == ""
    assert "· 7." in tab.page.locator("article").inner_text()
    tab.page.get_by_label("Search projects").fill("goal")
    found = tab.page.get_by_role("region", name="Said in the videos")
    found.get_by_role("link", name="What a goal!").click()
    tab.until("Math.abs(document.querySelector('video.shown')?.currentTime - 201.5) < 2.5")
    tab.press("k")
    tab.page.get_by_role("searchbox", name="Search clips").fill("offside")
    tab.page.get_by_role("button", name="Offside.").click()
    tab.until("Math.abs(document.querySelector('video.shown')?.currentTime - 300) < 1")
