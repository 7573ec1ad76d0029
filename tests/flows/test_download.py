"""The download flow under a real Prefect server, from a real site: one video, a playlist, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prefect.states import State
from video_site import WHOLE, Page, VideoSite

from autoclip.errors import DownloadError
from flows.download import download
from stages.download_settings import DownloadSettings
from storage.catalog import open_catalog
from tasks.download_video import project_of_address

HASTY = DownloadSettings(attempts=1)
ITEM = '<item><title>{title}</title><guid>{title}</guid><enclosure url="{{base}}{path}" type="video/mp4"/></item>'


@pytest.fixture
def site(match: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[VideoSite]:
    monkeypatch.setenv("AUTOCLIP_ALLOW_PRIVATE_URLS", "true")
    with VideoSite(match().read_bytes()) as running:
        second = Page(match("second.mp4", seed=1).read_bytes(), "video/mp4")
        items = [("First half", WHOLE), ("Lost", "/lost.mp4"), ("Second half", "/second.mp4")]
        feed = "".join(ITEM.format(title=title, path=path) for title, path in items)
        content = f'<?xml version="1.0"?><rss version="2.0"><channel><title>All</title>{feed}</channel></rss>'
        running.pages = {"/feed": Page(content, "application/rss+xml"), "/second.mp4": second}
        yield running


def fetch(**parameters: object) -> State:
    return asyncio.run(download(**parameters, settings=HASTY, return_state=True))


def test_a_playlist_becomes_several_projects_and_one_that_fails_stops_none(data_dir: Path, site: VideoSite) -> None:
    state = fetch(url=f"{site.base}/feed")
    assert state.is_completed()
    assert str(state.message).startswith("2 fetched, 1 failed; Lost: ")
    with open_catalog(data_dir / "autoclip.duckdb").reading() as view:
        projects = {project.name: project for project in view.projects.page().items}
    assert set(projects) == {"First half", "Lost", "Second half"}
    assert [projects[name].state for name in ("First half", "Second half")] == ["ready", "ready"]
    assert projects["Lost"].path is None
    assert projects["First half"].source.address == site.base + WHOLE
    assert projects["First half"].path.read_bytes() == site.video
    assert {projects[name].id for name in ("First half", "Second half")} == set(state.result())

    site.asked.clear()
    again = fetch(project_id=projects["First half"].id)
    assert again.is_completed()
    assert site.asked == []  # it is there


def test_a_private_address_is_refused_in_one_sentence(
    data_dir: Path, site: VideoSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOCLIP_ALLOW_PRIVATE_URLS", "false")
    state = fetch(url=site.base + WHOLE)
    assert state.is_failed()
    assert "in the local network; AUTOCLIP_ALLOW_PRIVATE_URLS=true" in str(state.message)
    with pytest.raises(DownloadError):
        state.result()
    assert site.asked == []


def test_a_name_given_for_a_known_address_is_its_name_and_a_site_s_title_is_not(data_dir: Path) -> None:
    address = "https://93.184.216.34/watch?v=1"
    made = project_of_address(address, title="Title of the site")

    def called() -> str:
        with open_catalog(data_dir / "autoclip.duckdb").reading() as view:
            return view.projects.get(made).name

    assert called() == "Title of the site"
    assert project_of_address(address, "Cup final") == made
    assert called() == "Cup final"
    for given in ({}, {"title": "Another title"}, {"name": ""}):
        assert project_of_address(address, **given) == made
        assert called() == "Cup final"
