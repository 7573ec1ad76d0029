"""A server that comes back is waited for; other errors are passed on at once."""

import asyncio

import httpx
import pytest

from tasks import server_access
from tasks.server_access import await_until_reachable, retry_until_reachable


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_access, "PAUSE_SEC", 0.01)
    monkeypatch.setattr(server_access, "PATIENCE_SEC", 0.3)


def away(times: int) -> list[int]:
    return [0] * times


def test_it_waits_for_a_server_that_comes_back() -> None:
    left = away(3)

    def ask() -> str:
        if left:
            left.pop()
            raise httpx.ConnectError("refused")
        return "here"

    async def ask_too() -> str:
        return ask()

    assert retry_until_reachable(ask) == "here"
    left.extend(away(2))
    assert asyncio.run(await_until_reachable(ask_too)) == "here"


def test_it_does_not_wait_for_ever_nor_for_anything_else() -> None:
    def refused() -> None:
        raise httpx.ConnectError("refused")

    def wrong() -> None:
        raise ValueError("wrong")

    with pytest.raises(httpx.ConnectError):
        retry_until_reachable(refused)
    with pytest.raises(ValueError, match="wrong"):
        retry_until_reachable(wrong)
