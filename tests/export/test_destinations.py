"""Files get where they are sent, a hiccup is tried again, and an installed package adds a destination."""

import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import fsspec
import pytest

from autoclip.errors import ExportError, ParameterError
from autoclip.export.destinations import (
    AddressDestination,
    Delivery,
    deliver_file,
    destination_names,
    find_destination,
)

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "destinations.md"


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "Tor émission.mp4"
    path.write_bytes(bytes(range(256)) * 40_000)
    return path


def test_a_folder_takes_files_and_replaces_none(tmp_path, clip):
    reports = []
    delivery = Delivery(clip, "Tor", options={"folder": str(tmp_path / "there")})
    receipts = [deliver_file("folder", delivery, reports.append) for _ in range(2)]
    assert [Path(receipt.address).name for receipt in receipts] == ["Tor émission.mp4", "Tor émission (2).mp4"]
    assert all(Path(receipt.address).read_bytes() == clip.read_bytes() for receipt in receipts)
    assert reports[-1].fraction == 1.0
    assert len(list((tmp_path / "there").iterdir())) == 2


def test_any_address_takes_files_and_replaces_none(clip):
    delivery = Delivery(clip, "Tor", options={"address": "memory://clips/2025"})
    receipts = [deliver_file("address", delivery) for _ in range(2)]
    assert [receipt.address for receipt in receipts] == [
        "memory://clips/2025/Tor émission.mp4",
        "memory://clips/2025/Tor émission (2).mp4",
    ]
    with fsspec.open(receipts[1].address, "rb") as file:
        assert file.read() == clip.read_bytes()


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("folder", {}, "needs the option 'folder'"),
        ("address", {"address": "nonsense://x"}, "can't be used"),
        ("foldre", {"folder": "x"}, "did you mean 'folder'"),
    ],
)
def test_what_can_not_be_meant_is_refused(clip, name, options, said):
    with pytest.raises(ParameterError, match=said):
        deliver_file(name, Delivery(clip, "Tor", options=options), pause=lambda _: None)


def test_an_address_that_hiccups_is_tried_again(clip, monkeypatch):
    from fsspec.implementations.memory import MemoryFileSystem

    real, failures = MemoryFileSystem.open, iter([OSError("connection reset")] * 2)

    def shaky(self, *args, **kwargs):
        for failure in failures:
            raise failure
        return real(self, *args, **kwargs)

    monkeypatch.setattr(MemoryFileSystem, "open", shaky)
    waited = []
    delivery = Delivery(clip, "Tor", options={"address": "memory://shaky"})
    receipt = deliver_file("address", delivery, pause=waited.append)
    assert receipt.size_bytes == clip.stat().st_size
    assert waited == [1.0, 2.0]


def test_an_address_that_stays_away_is_given_up(clip, monkeypatch):
    from fsspec.implementations.memory import MemoryFileSystem

    def broken(self, *args, **kwargs):
        raise OSError("connection reset")

    monkeypatch.setattr(MemoryFileSystem, "open", broken)
    delivery = Delivery(clip, "Tor", options={"address": "memory://broken"})
    with pytest.raises(ExportError, match="connection reset; tried 4 times"):
        deliver_file("address", delivery, pause=lambda _: None)


@pytest.fixture
def example_package(tmp_path, monkeypatch):
    """Install the package of docs/destinations.md as pip would: a module and its entry points."""
    (code,) = re.findall(r"<!-- tested: (?:\S+) -->\n```python\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)
    site = tmp_path / "site-packages"
    (site / "autoclip_example").mkdir(parents=True)
    (site / "autoclip_example" / "__init__.py").write_text(code)
    facts = site / "autoclip_example-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: autoclip-example\nVersion: 1.0\n")
    entry = re.search(r'\[project\.entry-points\."(\S+)"\]\n(\S+) = "(\S+)"', DOCUMENTATION.read_text())
    (facts / "entry_points.txt").write_text(f"[{entry[1]}]\n{entry[2]} = {entry[3]}\n")
    monkeypatch.syspath_prepend(str(site))
    yield
    sys.modules.pop("autoclip_example", None)


@pytest.fixture
def server():
    """Serve a platform that is busy once and then takes what it is given."""

    class Handler(BaseHTTPRequestHandler):
        received, busy, keys = {}, [503], []

        def do_PUT(self):
            data = self.rfile.read(int(self.headers["Content-Length"]))
            code = self.busy.pop() if self.busy else 201
            self.keys.append(self.headers["Authorization"])
            if code == 201:
                self.received[self.path] = data
            self.send_response(code)
            self.send_header("Location", f"https://example.com{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running, Handler
        running.shutdown()


def test_the_documented_package_adds_a_destination(clip, example_package, server, monkeypatch):
    running, handler = server
    monkeypatch.setenv("EXAMPLE_KEY", "secret")
    assert destination_names() == ("folder", "address", "example")
    delivery = Delivery(clip, "Goal", options={"server": f"http://127.0.0.1:{running.server_port}"})
    receipt = deliver_file("example", delivery, pause=lambda _: None)
    assert receipt.address == "https://example.com/clips/Goal"
    assert handler.received == {"/clips/Goal": clip.read_bytes()}
    assert handler.keys == ["Bearer secret"] * 2


def test_a_documented_refusal_is_final(clip, example_package, server, monkeypatch):
    running, handler = server
    monkeypatch.setenv("EXAMPLE_KEY", "wrong")
    handler.busy[:] = [403]
    delivery = Delivery(clip, "Goal", options={"server": f"http://127.0.0.1:{running.server_port}"})
    with pytest.raises(ExportError, match="answered 403"):
        deliver_file("example", delivery, pause=lambda _: None)
    assert len(handler.keys) == 1


def test_a_package_that_fails_in_its_own_way_is_told_as_our_error(clip, example_package, monkeypatch):
    monkeypatch.delenv("EXAMPLE_KEY", raising=False)
    with pytest.raises(ExportError, match="destination 'example' failed"):
        deliver_file("example", Delivery(clip, "Goal", options={"server": "http://127.0.0.1:1"}))


def test_a_package_without_the_method_is_refused(tmp_path, monkeypatch):
    facts = tmp_path / "broken-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[autoclip.destinations]\nhollow = builtins:object\ngone = nowhere:Thing\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ParameterError, match="no method deliver"):
        find_destination("hollow")
    with pytest.raises(ParameterError, match="can't be loaded"):
        find_destination("gone")


def test_a_built_in_name_can_not_be_taken_over(tmp_path, monkeypatch):
    facts = tmp_path / "thief-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: thief\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[autoclip.destinations]\naddress = builtins:object\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert isinstance(find_destination("address"), AddressDestination)
    assert destination_names() == ("folder", "address")
