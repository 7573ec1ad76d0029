"""The guards in front of every endpoint: host, origin, token, links, rates, sizes, headers."""

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from starlette.requests import Request

from autoclip.errors import ParameterError
from interfaces.api.guards.rate_limits import FAILURE_WAIT_SEC, FREE_FAILURES, TokenBuckets, client_of
from interfaces.api.guards.signed_links import Links
from interfaces.cli.serve import require_guarded
from storage.environment import read_environment

HOST = "http://127.0.0.1:8000"

TOKEN = "correct horse battery staple"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "127.0.0.1:80:80", "[::1", "localhost@evil"]
)
def test_another_host_name_is_refused(client, host):
    answer = client.get("/api/health", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["code"] == "wrong-host"


def test_our_own_names_are_answered(open_client):
    client = open_client(AUTOCLIP_ALLOWED_HOSTS="clips.example")
    for host in ("127.0.0.1:8000", "localhost", "[::1]:8000", "LOCALHOST:1", "clips.example"):
        assert client.get("/api/health", headers={"Host": host}).status_code == 200, host


def test_every_route_asks_for_the_token(open_client):
    client = open_client(AUTOCLIP_API_TOKEN=TOKEN)
    paths = client.app.openapi()["paths"]
    assert len(paths) > 40
    assert client.get("/api/health").status_code == 200  # says only that something listens
    for path, operations in paths.items():
        if path == "/api/health":
            continue
        for method in operations:
            answer = client.request(method, path.replace("{", "").replace("}", ""))
            assert answer.status_code == 401, (method, path)
            if method != "head":
                assert answer.json()["code"] == "token-needed"
    for path in ("/api/openapi.json", "/api/docs", "/api/nowhere"):
        assert client.get(path).status_code == 401
    assert client.get("/api/projects", headers=BEARER).status_code == 200


def test_anything_but_the_token_is_refused(open_client):
    client = open_client(AUTOCLIP_API_TOKEN=TOKEN)
    wrong = ("Bearer wrong", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer \xff")
    for given in wrong:
        answer = client.get("/api/projects", headers={"Authorization": given.encode("latin-1")})
        assert answer.status_code == 401, given


@pytest.mark.parametrize("token", ["schlüssel", "ключ 🔑"])
def test_a_token_in_any_script_is_compared_by_its_bytes(open_client, token):
    client = open_client(AUTOCLIP_API_TOKEN=token)
    assert client.get("/api/projects", headers={"Authorization": f"Bearer {token}".encode()}).status_code == 200
    assert client.get("/api/projects", headers={"Authorization": f"Bearer {token}x".encode()}).status_code == 401


@pytest.mark.parametrize("token", ["", "  "])
def test_an_empty_token_is_none_and_guards_nothing(token, tmp_path):
    environment = read_environment({"AUTOCLIP_HOST": "0.0.0.0", "AUTOCLIP_API_TOKEN": token}, tmp_path / "none")
    assert environment.api_token is None
    with pytest.raises(ParameterError, match="AUTOCLIP_API_TOKEN"):
        require_guarded(environment, force=False)


def test_guessing_tokens_is_slowed_down(open_client):
    client = open_client(AUTOCLIP_API_TOKEN=TOKEN)
    statuses = [
        client.get("/api/projects", headers={"Authorization": f"Bearer guess{number}"}).status_code
        for number in range(FREE_FAILURES + 3)
    ]
    assert statuses == [401] * FREE_FAILURES + [429] * 3
    even_right = client.get("/api/projects", headers=BEARER)
    assert even_right.status_code == 429
    assert 0 < int(even_right.headers["retry-after"]) <= 60


def test_a_signed_link_opens_one_path_for_a_while(open_client, workspace, small_film):
    client = open_client(AUTOCLIP_API_TOKEN=TOKEN)
    project = workspace.add_project(path=small_film)
    path = f"/api/projects/{project.id}/video"
    link = client.post("/api/links", json={"path": path, "lifetime_sec": 60}, headers=BEARER).json()
    assert client.get(link["url"]).status_code == 200
    assert client.get(path).status_code == 401
    other = workspace.add_project(path=small_film)
    assert client.get(link["url"].replace(project.id, other.id)).status_code == 401
    assert client.delete(link["url"]).status_code == 401
    longer = link["url"].replace(str(link["expires_at"]), str(link["expires_at"] + 9999))
    assert client.get(longer).status_code == 401
    assert client.get(link["url"][:-1]).status_code == 401


@pytest.mark.parametrize(
    "path", ["/api/projects", "/etc/passwd", "/api/projects/../clips", "https://evil.example/api/jobs/events"]
)
def test_links_lead_to_files_and_streams_only(client, path):
    assert client.post("/api/links", json={"path": path}).status_code == 422


def test_a_link_expires_and_a_new_token_voids_it():
    links = Links(SecretStr(TOKEN))
    link = links.sign("/api/jobs/events", 60, now=1000.0)
    query = link.url.partition("?")[2].encode()
    request = Request(
        {"type": "http", "method": "GET", "path": "/api/jobs/events", "query_string": query, "headers": []}
    )
    assert links.is_signed(request, now=1059.0)
    assert not links.is_signed(request, now=1061.0)
    assert not Links(SecretStr("another")).is_signed(request, now=1000.0)
    assert not Links(None).is_signed(request, now=1000.0)


def test_pages_of_strangers_may_change_nothing(open_client, workspace):
    client = open_client(AUTOCLIP_CORS_ORIGINS="https://friend.example")
    project = workspace.add_project()
    order = {"start": 1, "end": 2}
    address = f"/api/projects/{project.id}/clips"
    for origin in ("https://evil.example", "null", "http://127.0.0.1:9999"):
        assert client.post(address, json=order, headers={"Origin": origin}).status_code == 403
    for origin in ("https://friend.example", "http://127.0.0.1:8000"):
        assert client.post(address, json=order, headers={"Origin": origin}).status_code == 201
    assert client.post(address, json=order).status_code == 201


def test_only_configured_origins_may_read(open_client):
    client = open_client(AUTOCLIP_CORS_ORIGINS="https://friend.example", AUTOCLIP_API_TOKEN=TOKEN)
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization, if-match"}
    friend = client.options("/api/clips/x", headers={"Origin": "https://friend.example", **asked})
    assert friend.status_code == 200
    assert friend.headers["access-control-allow-origin"] == "https://friend.example"
    stranger = client.options("/api/clips/x", headers={"Origin": "https://evil.example", **asked})
    assert "access-control-allow-origin" not in stranger.headers


def test_a_client_that_asks_too_often_waits(open_client):
    client = open_client(AUTOCLIP_REQUESTS_PER_SECOND="0.01")
    answers = [client.get("/api/health") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 429, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 100


def test_behind_a_trusted_proxy_each_client_has_its_own_rate(open_client):
    proxied = open_client(AUTOCLIP_REQUESTS_PER_SECOND="0.01", AUTOCLIP_TRUSTED_PROXIES="10.0.0.0/8")
    proxied = TestClient(proxied.app, base_url=HOST, client=("10.1.2.3", 1234))
    for client, status in (("203.0.113.1", 200), ("203.0.113.2", 200), ("203.0.113.1", 429), ("203.0.113.3", 200)):
        assert proxied.get("/api/health", headers={"X-Forwarded-For": client}).status_code == status, client
    # What the client itself writes comes before what the proxy adds, and counts for nothing.
    forged = {"X-Forwarded-For": "198.51.100.7, 203.0.113.1"}
    assert proxied.get("/api/health", headers=forged).status_code == 429


def test_nobody_else_is_believed_who_the_client_is(open_client):
    client = open_client(AUTOCLIP_REQUESTS_PER_SECOND="0.01", AUTOCLIP_TRUSTED_PROXIES="10.0.0.1")
    answers = [client.get("/api/health", headers={"X-Forwarded-For": f"203.0.113.{n}"}).status_code for n in (1, 2)]
    assert answers == [200, 429]


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        ("x" * 5000, "x" * 100),
    ],
)
def test_a_client_is_an_address_or_the_network_of_one(host, client):
    assert client_of({"client": (host, 1)}) == client
    assert client_of({}) == ""


def test_buckets_fill_with_time_and_forget_the_oldest():
    now = [0.0]
    buckets = TokenBuckets(2.0, 4.0, lambda: now[0])
    for _ in range(4):
        assert buckets.seconds_to_wait("a") == 0
        buckets.take("a")
    assert buckets.seconds_to_wait("a") == 1
    now[0] = 0.5
    assert buckets.seconds_to_wait("a") == 0
    for number in range(10_500):
        buckets.take(str(number))
    assert len(buckets._buckets) == 10_000
    failures = TokenBuckets(1.0 / FAILURE_WAIT_SEC, FREE_FAILURES, lambda: now[0])
    for _ in range(FREE_FAILURES):
        failures.take("a")
    assert failures.seconds_to_wait("a") == 60
    assert failures.seconds_to_wait("b") == 0


def test_every_answer_keeps_browsers_careful(client, workspace, small_film):
    project = workspace.add_project(path=small_film)
    for path in ("/api/health", "/api/nowhere", f"/api/projects/{project.id}/video", "/api/clips/x" * 3):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_no_trace_leaves_the_house(client):
    client.app.state.services = None  # the worst that can happen inside: nothing works at all
    answer = client.get("/api/projects")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "internal-error"
    assert "Traceback" not in answer.text
    assert "NoneType" not in answer.text


def test_a_body_that_is_too_large_is_refused(client, workspace):
    project = workspace.add_project()
    big = {"start": 1, "end": 2, "name": "x" * 2_000_000}
    assert client.post(f"/api/projects/{project.id}/clips", json=big).status_code == 413
    chunks = (b" " * 100_000 for _ in range(20))
    untold = client.post(
        f"/api/projects/{project.id}/clips", content=chunks, headers={"Content-Type": "application/json"}
    )
    assert untold.status_code == 413


def test_wrong_methods_and_paths_are_problems_too(client):
    wrong = client.put("/api/projects")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method-not-allowed")
    assert wrong.headers["allow"] == "GET"
    assert client.put("/api/clips/abc").headers["allow"] == "DELETE, GET, PATCH"
    nowhere = client.get("/api/nowhere")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not-found")
    broken = client.post("/api/links", content=b'{"path": ', headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.headers["content-type"]) == (422, "application/problem+json")


def test_health_and_version(client):
    assert client.get("/api/health").json() == {"status": "ok"}
    ready = client.get("/api/health/ready")
    assert ready.status_code == 503
    checks = {check["name"]: check for check in ready.json()["checks"]}
    assert checks["catalog"]["ok"]
    assert checks["store"] == {"name": "store", "ok": True, "detail": "none; the data folder holds everything"}
    assert not checks["prefect"]["ok"]
    assert "autoclip up" in checks["prefect"]["detail"]
    assert client.get("/api/version").json()["autoclip"]
