"""A real browser over a real service: what a person sees and does, with a film that plays."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from made_project import MadeProject, encode_film, make_project
from running_service import until
from served_site import Site, free_port

from interfaces.api.routes.frontend import BUILT_PAGE
from storage.environment import read_environment

FILM_SEC = 400
HARMLESS = ("Failed to load resource",)
"""What Chromium writes of every request that fails; the tests that make some fail look at what the page says of it."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Chromium, driven by Playwright; without either of them, or without a built page, the test is skipped.

    It ends with its module: as long as Playwright is open its event loop runs in this thread, and no flow can.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no chromium on PATH")
    if not (BUILT_PAGE / "index.html").exists():
        pytest.skip("the page was not built; run 'make page'")
    with sync_api.sync_playwright() as playwright:
        arguments = [
            "--disable-gpu",
            "--disable-gpu-compositing",
        ]  # a drawing card that is imitated costs twice as much
        arguments += ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses its sandbox to root
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@dataclass
class Template:
    """A data folder with one analyzed project, to be copied for each test."""

    data_dir: Path
    project: MadeProject


@pytest.fixture(scope="session")
def template(run_folder: Path) -> Template:
    """Make the folder once for all processes of a run."""
    root = run_folder / "review"
    with FileLock(run_folder / "review.lock"):
        if not root.exists():
            root.mkdir()
            film = encode_film(root / "film.mp4", FILM_SEC)
            made = make_project(root / "data", film, FILM_SEC, "Grand final")
            (root / "project").write_bytes(pickle.dumps(made))
    return Template(root / "data", pickle.loads((root / "project").read_bytes()))


@pytest.fixture
def open_site(template: Template, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Serve a copy of the made project, with further variables where a test needs them."""
    sites: list[Site] = []

    def start(**variables: str) -> Site:
        shutil.copytree(template.data_dir, tmp_path / "data")
        given = {
            "AUTOCLIP_DATA_DIR": str(tmp_path / "data"),
            "AUTOCLIP_REQUESTS_PER_SECOND": "0",
            "AUTOCLIP_PREFECT_PORT": "9",  # where nothing answers: jobs are tried in test_jobs.py
        }
        site = Site(read_environment(given | variables, tmp_path / "no.env"), template.project, free_port())
        site.start()
        sites.append(site)
        return site

    yield start
    for site in sites:
        site.stop()


@pytest.fixture
def site(open_site: Callable[..., Site]) -> Site:
    return open_site()


@dataclass
class Tab:
    """A page in the browser, and what a person does and reads there."""

    page: Any
    problems: list[str] = field(default_factory=list)

    def open(self, address: str) -> Tab:
        self.page.goto(address)
        return self

    def review(self, site: Site, address: str = "") -> Tab:
        """Open the review, and wait until the best clip is shown; earlier, keys of the player find nothing to do."""
        self.open(address or site.review_address)
        self.page.locator("[role=option][aria-selected=true]").wait_for()
        self.page.locator(".poster").wait_for(state="detached")
        return self

    def measure(self, site: Site) -> Tab:
        """Open the review, and wait until the timelines show what was measured."""
        self.review(site).page.locator(".strip[aria-busy=false]").wait_for()
        return self

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def current(self) -> str:
        """Id of the clip that is shown."""
        return str(self.page.locator("[role=option][aria-selected=true]").get_attribute("id")).removeprefix("clip-")

    def until(self, expression: str) -> None:
        """Wait until an expression holds; Playwright's own way to wait needs `eval`, which our policy forbids."""
        until(lambda: self.page.evaluate(expression), pause_sec=0.05)

    def saved(self) -> None:
        """Wait until the page says that everything is."""
        self.page.get_by_text("Saved", exact=True).wait_for()

    @contextmanager
    def late(self, pattern: str) -> Iterator[list[Any]]:
        """Within the block, the server answers what is read from addresses of a pattern, and the page gets it after."""
        answers: list[Any] = []

        def hold(route: Any) -> None:
            if route.request.method == "GET":
                answers.append((route, route.fetch()))
            else:
                route.continue_()

        self.page.route(pattern, hold)
        yield answers
        for route, answer in answers:
            route.fulfill(response=answer)
        self.page.unroute(pattern)

    def is_on(self, clip_id: str) -> None:
        """Wait until a clip is shown."""
        self.page.locator(f"#clip-{clip_id}[aria-selected=true]").wait_for()

    def says(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()


@pytest.fixture
def open_tab(chromium: Any) -> Iterator[Callable[..., Tab]]:
    """Open tabs, each like a browser of its own; in the end none may have complained of anything."""
    tabs: list[Tab] = []

    def start(**options: Any) -> Tab:
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", "reduced_motion": "reduce"} | options
        context = chromium.new_context(**options)
        context.set_default_timeout(240_000)
        tab = Tab(context.new_page())
        tab.page.on("console", lambda message: _note(tab, message))
        tab.page.on("pageerror", lambda error: tab.problems.append(str(error)))
        tabs.append(tab)
        return tab

    yield start
    for tab in tabs:
        tab.page.context.close()
    assert [problem for tab in tabs for problem in tab.problems] == []


@pytest.fixture
def tab(open_tab: Callable[..., Tab]) -> Tab:
    return open_tab()


def _note(tab: Tab, message: Any) -> None:
    if message.type in {"error", "warning"} and not message.text.startswith(HARMLESS):
        tab.problems.append(f"{message.type}: {message.text}")
