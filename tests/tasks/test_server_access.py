"""A server that comes back is waited for; other errors are passed on at once."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import httpx
import pytest
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from interfaces.prefect_server import open_client
from tasks import server_access
from tasks.server_access import await_until_reachable, retry_until_reachable


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_access, "PAUSE_SEC", 0.01)
    monkeypatch.setattr(server_access, "PATIENCE_SEC", 1.0)


def away(times: int) -> list[int]:
    return [0] * times


def test_it_waits_for_a_server_that_comes_back() -> None:
    left = away(3)

    def ask() -> str:
        if left:
            left.pop()
            raise httpx.ConnectError("refused")
        return "here"

    async def ask_too(_name: str = "") -> str:
        return ask()

    assert retry_until_reachable(ask) == "here"
    left.extend(away(2))
    assert asyncio.run(await_until_reachable(ask_too)) == "here"
    assert asyncio.run(await_until_reachable(lambda: ask_too("table"))) == "here"


def test_it_does_not_wait_for_ever_nor_for_anything_else() -> None:
    def refused() -> None:
        raise httpx.ConnectError("refused")

    def wrong() -> None:
        raise ValueError("wrong")

    with pytest.raises(httpx.ConnectError):
        retry_until_reachable(refused)
    with pytest.raises(ValueError, match="wrong"):
        retry_until_reachable(wrong)


class Burst:
    """A server that answers 503 a few times and then in full, as Prefect's does on SQLite while others write."""

    def __init__(self, refusals: int, status: int = 503) -> None:
        self.refusals, self.status, self.asked = refusals, status, 0
        burst = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                burst.asked += 1
                refused = burst.asked <= burst.refusals
                self.send_response(burst.status if refused else 200)
                if refused:
                    self.send_header("Retry-After", "0")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def ask(self) -> int:
        with open_client(f"http://127.0.0.1:{self.server.server_port}/api") as client:
            return client.request("GET", "/health").status_code


def test_our_client_asks_again_in_a_burst() -> None:
    with Burst(4) as burst:
        assert burst.ask() == 200
    assert burst.asked == 5


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_burst_longer_than_the_client_s_patience_is_waited_for(status: int) -> None:
    with Burst(3, status) as burst, temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
        assert retry_until_reachable(burst.ask) == 200
    assert burst.asked == 4


def test_a_refusal_is_no_burst() -> None:
    with (
        Burst(1, 422) as burst,
        temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}),
        pytest.raises(httpx.HTTPStatusError),
    ):
        retry_until_reachable(burst.ask)
    assert burst.asked == 1
