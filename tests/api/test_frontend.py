"""The page beside the API: a folder of files, confined; a clear word where there is none."""

import pytest

from autoclip.errors import ParameterError
from interfaces.api.app import create_app
from interfaces.api.routes import frontend
from interfaces.cli.serve import run_server

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def page(workspace):
    """A built page, with what must not be served beside and within it."""
    folder = workspace.root / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>autoclip</title>")
    (folder / "assets" / "app.js").write_text("console.log(1)")
    (folder / ".env").write_text("SECRET=1")
    (workspace.root / "secret.txt").write_text("SECRET=2")
    (folder / "link.txt").symlink_to(workspace.root / "secret.txt")
    (folder / "assets" / "up").symlink_to(workspace.root)
    workspace.variables |= {"AUTOCLIP_SERVE_FRONTEND": "true", "AUTOCLIP_FRONTEND_DIR": str(folder)}
    return folder


def test_a_page_is_served_beside_the_api(page, client):
    root = client.get("/", headers=BROWSER)
    assert (root.status_code, root.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<title>autoclip</title>" in root.text
    script = client.get("/assets/app.js")
    assert (script.text, script.headers["content-type"].partition(";")[0]) == ("console.log(1)", "text/javascript")
    for answer in (root, script):
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    known = client.get("/assets/app.js", headers={"If-None-Match": script.headers["etag"]})
    assert known.status_code == 304
    assert client.head("/").status_code == 200


def test_the_page_answers_for_its_own_addresses_but_not_for_the_apis(page, client):
    assert "<title>autoclip</title>" in client.get("/projects/0123", headers=BROWSER).text
    assert client.get("/assets/gone.js", headers=BROWSER).status_code == 404
    assert client.get("/projects/0123").status_code == 404  # a program asks for no page
    for method, path, status in (("GET", "/api/nowhere", 404), ("GET", "/api", 404), ("GET", "/api/links", 405)):
        answer = client.request(method, path, headers=BROWSER)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert client.post("/", json={}).status_code == 405
    assert client.get("/api/health").json() == {"status": "ok"}


OUTSIDE = [
    "/.env",
    "/assets/../.env",
    "/assets/%2e%2e/.env",
    "/link.txt",
    "/assets/up/secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "//etc/passwd",
    "/%2fetc/passwd",
    "/%00",
    "/assets/" + "x" * 5000 + ".js",
    "/..%5csecret.txt",
]


def test_nothing_but_the_folder_is_served(page, client):
    for path in OUTSIDE:
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json", path
        assert "SECRET" not in answer.text, path


def test_the_page_needs_no_token_but_the_api_does(page, open_client):
    client = open_client(AUTOCLIP_API_TOKEN="long enough to be one")
    assert client.get("/", headers=BROWSER).status_code == 200
    assert client.get("/api/projects").status_code == 401


def test_assets_are_kept_because_they_are_named_by_content_the_page_is_not(page, client):
    (page / "assets" / "index-B1aS_uR2.js").write_text("console.log(2)")
    assert "immutable" in client.get("/assets/index-B1aS_uR2.js").headers["cache-control"]
    for path in ("/", "/assets/app.js", "/projects/0123"):
        assert client.get(path, headers=BROWSER).headers["cache-control"] == "no-cache", path


def test_our_own_page_is_served_by_default_where_it_was_built(page, workspace, monkeypatch):
    del workspace.variables["AUTOCLIP_SERVE_FRONTEND"], workspace.variables["AUTOCLIP_FRONTEND_DIR"]
    monkeypatch.setattr(frontend, "BUILT_PAGE", page)
    assert frontend.page_folder(workspace.environment) == page
    monkeypatch.setattr(frontend, "BUILT_PAGE", workspace.root / "not built")
    assert frontend.page_folder(workspace.environment) is None
    workspace.variables["AUTOCLIP_SERVE_FRONTEND"] = "false"
    monkeypatch.setattr(frontend, "BUILT_PAGE", page)
    assert frontend.page_folder(workspace.environment) is None


def test_without_a_page_the_root_leads_to_the_documentation(open_client):
    client = open_client(AUTOCLIP_SERVE_FRONTEND="false")
    answer = client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/api/docs")
    assert client.get("/index.html").status_code == 404


def test_a_page_that_is_not_there_is_told_at_the_start(workspace):
    (workspace.root / "empty").mkdir()
    workspace.variables["AUTOCLIP_FRONTEND_DIR"] = str(workspace.root / "empty")
    for begin in (create_app, run_server):
        with pytest.raises(ParameterError, match=r"contains no index\.html"):
            begin(workspace.environment)
