"""What a person did is never lost: not by a service that is killed, nor by a line that breaks."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading

import httpx
import pytest
from made_project import encode_film
from running_service import AUTOCLIP, until
from served_site import free_port

DECISIONS = 60
KEYS = {"Shift+P": "kept", "Shift+X": "rejected", "Shift+U": "undecided"}
FILLING_BYTES = 6_000_000


@pytest.fixture
def killable(template, tmp_path):
    """A copy of the made project, served by a process of its own; call `start` and `kill`."""
    shutil.copytree(template.data_dir, tmp_path / "data")
    service = KillableService(tmp_path / "data", template, free_port())
    service.start()
    yield service
    service.kill()


class KillableService:
    """``autoclip serve`` over the data folder of a test."""

    def __init__(self, data_dir, template, port):
        self.variables = {
            "AUTOCLIP_DATA_DIR": str(data_dir),
            "AUTOCLIP_REQUESTS_PER_SECOND": "0",
            "AUTOCLIP_PREFECT_PORT": "9",
        }
        self.project, self.port = template.project, port
        self.address = f"http://127.0.0.1:{port}/"
        self.review_address = f"{self.address}#/projects/{self.project.id}"

    def start(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "AUTOCLIP_"))}
        command = [*AUTOCLIP, "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, env=kept | self.variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self.answers)

    def answers(self):
        try:
            return httpx.get(f"{self.address}api/health", timeout=2).is_success
        except httpx.HTTPError:
            return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)

    def get(self, path):
        answer = httpx.get(f"{self.address}api/projects/{self.project.id}/{path}", params={"limit": 1000}, timeout=60)
        return answer.json()["items"]


def decide(tab, order, numbers, verdicts):
    """Decide about clip after clip, down the list and up again; note in `verdicts` what should come of it."""
    there_and_back = [*range(len(order)), *range(len(order) - 2, 0, -1)]
    for number in numbers:
        place, following = (there_and_back[n % len(there_and_back)] for n in (number, number + 1))
        key = list(KEYS)[number * 7 % 3]
        tab.press(key, "ArrowDown" if following > place else "ArrowUp")
        verdicts[order[place]] = KEYS[key]


def test_decisions_survive_a_service_that_is_killed_and_the_log_replays_to_the_same_state(killable, tab):
    tab.review(killable)
    clips = sorted(killable.get("clips"), key=lambda clip: -clip["quality_score"])
    order, verdicts = [clip["id"] for clip in clips], {clip["id"]: "undecided" for clip in clips}
    decide(tab, order, range(DECISIONS // 3), verdicts)
    killable.kill()
    decide(tab, order, range(DECISIONS // 3, DECISIONS * 2 // 3), verdicts)
    tab.page.get_by_text("Offline").wait_for()
    killable.start()
    decide(tab, order, range(DECISIONS * 2 // 3, DECISIONS), verdicts)
    tab.page.get_by_text("Saved", exact=True).wait_for()
    assert {clip["id"]: clip["verdict"] for clip in killable.get("clips")} == verdicts
    replayed = dict.fromkeys(order, "undecided")
    for operation in reversed([o for o in killable.get("operations") if o["kind"] == "verdict"]):
        for change in operation["changes"]:
            assert replayed[change["id"]] == change["before"]["verdict"]
            replayed[change["id"]] = change["after"]["verdict"]
    assert replayed == verdicts


class BreakingLine:
    """Passes on what goes to a port and back; it breaks off once, when a connection has sent so many bytes.

    Before that, it waits until something has arrived.
    """

    def __init__(self, port, break_after, arrived):
        self.target, self.left, self.arrived, self.broken = port, break_after, arrived, False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):  # closed at the end of the test
            while True:
                client = self.listener.accept()[0]
                server = socket.create_connection(("127.0.0.1", self.target))
                threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source, target, sent_by_client):
        total = 0
        with contextlib.suppress(OSError), source, target:
            while data := source.recv(65536):
                target.sendall(data)
                total += len(data)
                if sent_by_client and total > self.left and not self.broken:
                    self.broken = True
                    until(self.arrived)
                    for end in (source, target):
                        end.shutdown(socket.SHUT_RDWR)


def test_an_upload_that_breaks_off_goes_on_where_it_was(site, tab, tmp_path):
    film = encode_film(tmp_path / "long.mp4", 20)
    with film.open("ab") as file:  # a box that players pass over makes it large enough to be broken off
        file.write((8 + FILLING_BYTES).to_bytes(4, "big") + b"free" + bytes(FILLING_BYTES))
    offsets = []
    tab.page.on("request", lambda r: offsets.append(int(r.headers["upload-offset"])) if r.method == "PATCH" else None)
    uploads = site.environment.data_dir / "uploads"
    line = BreakingLine(
        site.port, FILLING_BYTES // 2, lambda: any(path.stat().st_size > 100_000 for path in uploads.glob("*"))
    )
    tab.open(f"http://127.0.0.1:{line.port}/")
    tab.page.locator("input[type=file]").set_input_files(film)
    tab.page.get_by_role("heading", name="long", exact=True).wait_for()
    line.listener.close()
    assert line.broken
    assert offsets[0] == 0
    assert offsets[-1] > 0
    with site.catalog.reading() as view:
        (project,) = [p for p in view.projects.page().items if p.name == "long"]
    assert project.path.read_bytes() == film.read_bytes()
