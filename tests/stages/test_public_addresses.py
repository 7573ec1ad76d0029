"""A download that may not lead into this network does not, whichever way it is lured."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import ip_addresses
from video_site import WHOLE, Page, VideoSite

from autoclip.errors import DownloadError
from stages.download import download, entries_of
from stages.download_settings import DownloadSettings
from stages.public_addresses import PrivateAddressRefused, is_public, public_addresses_only

SETTINGS = DownloadSettings(attempts=3)


@pytest.fixture
def inner() -> Iterator[VideoSite]:
    """A server that only this machine may see."""
    with VideoSite(b"secret" * 1000, "127.0.0.2") as running:
        yield running


@pytest.fixture
def outer(monkeypatch: pytest.MonkeyPatch) -> Iterator[VideoSite]:
    """A server that stands for the internet: reached through a proxy, as the environment of many machines asks for."""
    with VideoSite(b"public" * 1000) as running:
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, running.base)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, "127.0.0.2,localhost")
        yield running


@pytest.mark.parametrize("name", ["127.0.0.2", "localhost"])
def test_an_address_in_this_network_is_refused_before_anything_is_sent(
    inner: VideoSite, tmp_path: Path, name: str
) -> None:
    address = f"http://{name}:{inner.port}{WHOLE}"
    with pytest.raises(DownloadError, match="in the local network; AUTOCLIP_ALLOW_PRIVATE_URLS=true allows that"):
        download(address, tmp_path, SETTINGS)
    with pytest.raises(DownloadError, match="in the local network"):
        entries_of(address, SETTINGS)
    assert inner.asked == []
    assert not list(tmp_path.iterdir())
    assert download(inner.base + WHOLE, tmp_path, SETTINGS, allow_private=True).path.read_bytes() == inner.video


def test_a_page_of_the_internet_is_fetched(outer: VideoSite, tmp_path: Path) -> None:
    outer.pages["http://films.example/a.mp4"] = Page(b"public" * 1000, "video/mp4")
    assert download("http://films.example/a.mp4", tmp_path, SETTINGS).path.read_bytes() == outer.video


@pytest.mark.parametrize("lure", ["redirect", "player", "stream", "thumbnail"])
def test_what_the_internet_says_does_not_lead_into_this_network(
    outer: VideoSite, inner: VideoSite, tmp_path: Path, lure: str
) -> None:
    target = inner.base + WHOLE
    poster = f'<video poster="{inner.base}/poster.jpg" src="http://films.example/b.mp4"></video>'
    outer.pages = {
        "http://films.example/redirect": Page("", status=302, location=target),
        "http://films.example/player": Page(f'<html><title>A</title><video src="{target}"></video></html>'),
        "http://films.example/stream": Page(
            f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.0,\n{target}\n#EXT-X-ENDLIST\n", "application/x-mpegurl"
        ),
        "http://films.example/thumbnail": Page(f"<html><title>A</title>{poster}</html>"),
        "http://films.example/b.mp4": Page(b"public" * 1000, "video/mp4"),
    }
    with pytest.raises(DownloadError, match=r"it leads to 127\.0\.0\.2 in the local network"):
        download(f"http://films.example/{lure}", tmp_path, SETTINGS)
    assert inner.asked == []
    assert not (tmp_path / "video.mp4").exists() or lure == "thumbnail"


def test_streams_that_another_program_would_fetch_are_refused(
    outer: VideoSite, inner: VideoSite, tmp_path: Path
) -> None:
    outer.pages["http://films.example/tv"] = Page(
        f'<html><title>A</title><video src="rtmp://127.0.0.2:{inner.port}/live/a.flv"></video></html>'
    )
    with pytest.raises(DownloadError, match="may lead into this network unseen"):
        download("http://films.example/tv", tmp_path, SETTINGS)


@given(ip_addresses(v=4))
def test_an_ipv6_address_is_as_public_as_the_ipv4_one_it_stands_for(address) -> None:
    number = int(address)
    for wrapped in (f"::ffff:{address}", f"64:ff9b::{address}", f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1"):
        assert is_public(ip_address(wrapped)) == is_public(address)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("8.8.8.8", True),
        ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.5", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False),
        ("255.255.255.255", False), ("::1", False), ("fe80::1", False), ("fd00::1", False), ("fec0::1", False),
        ("ff02::1", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


@pytest.fixture
def beside() -> Iterator[VideoSite]:
    """Another server at the proxy's address, on a port of its own."""
    with VideoSite(b"secret" * 1000) as running:
        yield running


def test_another_port_of_the_proxys_address_is_refused(outer: VideoSite, beside: VideoSite, tmp_path: Path) -> None:
    """The page that the proxy brings leads to its own machine, around the proxy."""
    name = "127.0.0.1"
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("no_proxy", "NO_PROXY"):
            patch.setenv(variable, name)
        with pytest.raises(DownloadError, match="in the local network"):
            download(f"http://{name}:{beside.port}{WHOLE}", tmp_path, SETTINGS)
    assert beside.asked == []


@pytest.mark.parametrize(
    ("variable", "proxy", "allowed"),
    [
        ("http_proxy", "http://127.0.0.1:3128", 3128),
        ("https_proxy", "127.0.0.1:3128", 3128),
        ("all_proxy", "socks5h://user:pass@127.0.0.1", 1080),
        ("http_proxy", "http://127.0.0.1", 80),
        ("HTTPS_PROXY", "https://127.0.0.1/", 443),
        ("no_proxy", "127.0.0.1:3128", None),
        ("other_proxy", "http://127.0.0.1:3128", None),
        ("http_proxy", "http://127.0.0.1:99999", None),
    ],
)
def test_a_proxy_is_exempt_at_its_port_alone(
    monkeypatch: pytest.MonkeyPatch, variable: str, proxy: str, allowed: int | None
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv(variable, proxy)
    passed = {port for port in (22, 80, 443, 1080, 3128, 4200) if passes(port)}
    assert passed == ({allowed} if allowed else set())


def passes(port: int) -> bool:
    """Whether a connection to a port of this machine is let through, be anything there or not."""
    with public_addresses_only(), socket.socket() as line:
        line.settimeout(1)
        try:
            line.connect(("127.0.0.1", port))
        except PrivateAddressRefused:
            return False
        except OSError:
            return True
        return True


def test_only_the_thread_that_downloads_is_looked_at(inner: VideoSite) -> None:
    reached: list[bool] = []

    def reach() -> None:
        with socket.create_connection(("127.0.0.2", inner.port)):
            reached.append(True)

    with public_addresses_only():
        thread = threading.Thread(target=reach)
        thread.start()
        thread.join()
        with pytest.raises(PrivateAddressRefused):
            reach()
    reach()
    assert reached == [True, True]


def test_a_socket_that_is_no_network_s_is_refused(tmp_path: Path) -> None:
    with (
        public_addresses_only(),
        socket.socket(socket.AF_UNIX) as plug,
        pytest.raises(PrivateAddressRefused),
    ):
        plug.connect(str(tmp_path / "docker.sock"))
