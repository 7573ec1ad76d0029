"""The export dialog: what a platform takes and covers, and where files go."""

import httpx
import pytest
from running_service import until

from autoclip.export.platforms import PLATFORMS
from storage.catalog import ExportLayout


def open_dialog(tab):
    """Keep the three best clips and open the dialog."""
    tab.press("p", "p", "p")
    tab.saved()
    tab.press("e")
    return tab.page.get_by_role("dialog")


def test_clips_that_a_platform_does_not_take_are_named_and_what_it_covers_is_drawn(site, tab):
    clip = {"start": 10, "end": 200, "name": "Overlong"}
    made = httpx.post(f"{site.address}api/projects/{site.project.id}/clips", json=clip, timeout=60).json()
    httpx.patch(f"{site.address}api/clips/{made['id']}", json={"verdict": "kept"}, timeout=60).raise_for_status()
    tab.review(site)
    dialog = open_dialog(tab)
    dialog.get_by_text("4 clips").first.wait_for()
    assert dialog.locator(".free").count() == 0
    dialog.get_by_label("platform").select_option("shorts")
    dialog.get_by_text("YouTube Shorts takes 1.0 s to 3:00").wait_for()
    dialog.get_by_text("YouTube Shorts does not take 1 clip of this length").wait_for()
    dialog.get_by_text("Overlong: 3:10").wait_for()
    dialog.get_by_role("button", name="End them earlier").click()
    dialog.get_by_text("does not take").wait_for(state="detached")
    dialog.get_by_text("More settings").click()
    dialog.get_by_label("over limit").select_option("refuse")
    dialog.get_by_text("Overlong: 3:10").wait_for()
    frame, free = dialog.get_by_role("img").bounding_box(), dialog.locator(".free").bounding_box()
    area = PLATFORMS["shorts"].safe_area
    assert (free["y"] - frame["y"]) / frame["height"] == pytest.approx(area.top, abs=0.02)
    assert free["width"] / frame["width"] == pytest.approx(1 - area.left - area.right, abs=0.04)
    dialog.get_by_label("platform").select_option("tiktok")
    dialog.get_by_text("TikTok takes 3.0 s to 10:00").wait_for()
    assert dialog.get_by_text("does not take").count() == 0


def test_files_go_to_the_folder_that_is_named(open_site, tab, tmp_path):
    site = open_site(AUTOCLIP_OUTPUT_ROOTS=str(tmp_path))
    tab.review(site)
    dialog = open_dialog(tab)
    folder = dialog.get_by_label("Destination folder on the server")
    folder.fill("/etc")
    tab.press("Tab")
    dialog.get_by_role("alert").get_by_text("AUTOCLIP_OUTPUT_ROOTS").wait_for()
    folder.fill(str(tmp_path / "clips"))
    tab.press("Tab")
    dialog.get_by_text("free there").wait_for()
    dialog.get_by_role("button", name="Export 3 clips").click()
    dialog.get_by_role("alert").wait_for()  # nobody runs jobs here
    with site.catalog.reading() as view:
        assert view.projects.get(site.project.id).output_folder == tmp_path / "clips"


def chosen_layout(site):
    """The layout of the project, as the catalog holds it."""
    with site.catalog.reading() as view:
        return view.projects.get(site.project.id).layout


def shown_in_result(dialog, across, down):
    """The level of the picture that an export would show at a place, in shares of its size."""
    return dialog.locator("canvas").evaluate(
        """(canvas, [x, y]) => {
            const copy = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
            const context = copy.getContext("2d");
            context.drawImage(canvas, -x * canvas.width, -y * canvas.height);
            return context.getImageData(0, 0, 1, 1).data[0];
        }""",
        [across, down],
    )


def test_a_layout_is_shown_and_the_camera_drawn_once_for_all_clips(site, tab):
    tab.review(site)
    dialog = open_dialog(tab)
    dialog.get_by_label("Shape").select_option("vertical")
    dialog.get_by_label("Layout").select_option("letterbox")
    until(lambda: shown_in_result(dialog, 0.5, 0.1) == 0 and shown_in_result(dialog, 0.5, 0.5) > 30)
    dialog.get_by_label("Layout").select_option("facecam-top")
    dialog.get_by_role("button", name="Draw it").click()
    camera = dialog.get_by_role("button", name="Camera: drag it")
    until(lambda: chosen_layout(site) == ExportLayout(framing="facecam-top", facecam="0,38,29,16"))
    box, mouse = camera.bounding_box(), tab.page.mouse
    scale = box["width"] / 29
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + box["width"] / 2 + 20 * scale, box["y"] + box["height"] / 2 - 10 * scale, steps=4)
    mouse.up()
    until(lambda: chosen_layout(site).facecam == "20,28,29,16")
    tab.press("ArrowLeft")
    until(lambda: chosen_layout(site).facecam == "19,28,29,16")
    until(lambda: shown_in_result(dialog, 0.5, 0.1) > 30)
    tab.page.reload()
    tab.page.locator("[role=option][aria-selected=true]").wait_for()
    tab.press("e")
    until(lambda: dialog.get_by_label("Layout").input_value() == "facecam-top")
