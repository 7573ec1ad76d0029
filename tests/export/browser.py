"""A real browser for tests: chromedriver spoken to over the W3C WebDriver protocol, by the standard library alone."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request


def missing() -> str:
    """Why there is no browser to test with; empty when there is one."""
    if not (shutil.which("chromium") or shutil.which("google-chrome")):
        return "no chromium on PATH"
    return "" if shutil.which("chromedriver") else "no chromedriver on PATH"


class Browser:
    """A headless Chromium of a given size; `dark` prefers dark colors, `phone` makes it a touch device."""

    def __init__(self, width=1280, height=900, *, dark=False, phone=False, scale=1):
        self._port = _free_port()
        self._driver = subprocess.Popen(
            [shutil.which("chromedriver"), f"--port={self._port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        arguments = ["--headless=new", "--disable-gpu", "--hide-scrollbars", f"--window-size={width},{height}"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # Chromium refuses its sandbox to root
        options = {"args": arguments, "binary": shutil.which("chromium") or shutil.which("google-chrome")}
        if phone:
            options["mobileEmulation"] = {"deviceMetrics": {"width": width, "height": height, "pixelRatio": scale}}
        try:
            self._wait()
            session = self._send(
                "POST",
                "/session",
                {
                    "capabilities": {
                        "alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
                    }
                },
            )
            self._session = f"/session/{session['sessionId']}"
            features = [
                {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ]
            self.command("Emulation.setEmulatedMedia", features=features)
            if not phone:
                self.command(
                    "Emulation.setDeviceMetricsOverride",
                    width=width,
                    height=height,
                    deviceScaleFactor=scale,
                    mobile=False,
                )
        except BaseException:
            self._driver.kill()
            self._driver.wait()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._send("DELETE", self._session)
        self._driver.terminate()
        self._driver.wait(60)

    def open(self, path):
        self._send("POST", f"{self._session}/url", {"url": path.as_uri() if hasattr(path, "as_uri") else path})

    def run(self, script, *arguments):
        """Run JavaScript; `return` gives its value."""
        return self._send("POST", f"{self._session}/execute/sync", {"script": script, "args": list(arguments)})

    def click(self, selector):
        """Click the way a person does: scrolled into view, at its middle."""
        element = self._send("POST", f"{self._session}/element", {"using": "css selector", "value": selector})
        self._send("POST", f"{self._session}/element/{next(iter(element.values()))}/click", {})

    def pointer(self, *moves):
        """Move the mouse along points; ``"down"`` and ``"up"`` press and release its button."""
        actions = [
            {"type": "pointerDown", "button": 0} if move == "down"
            else {"type": "pointerUp", "button": 0} if move == "up"
            else {"type": "pointerMove", "x": round(move[0]), "y": round(move[1]), "duration": 20}
            for move in moves
        ]  # fmt: skip
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions}
        self._send("POST", f"{self._session}/actions", {"actions": [mouse]})

    def keys(self, selector, text):
        element = self._send("POST", f"{self._session}/element", {"using": "css selector", "value": selector})
        self._send("POST", f"{self._session}/element/{next(iter(element.values()))}/value", {"text": text})

    def console(self):
        """What the page complained about so far."""
        return [entry["message"] for entry in self._send("POST", f"{self._session}/se/log", {"type": "browser"})]

    def command(self, name, **parameters):
        return self._send("POST", f"{self._session}/goog/cdp/execute", {"cmd": name, "params": parameters})

    def screenshot(self, path, *, whole=False):
        shot = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def _wait(self):
        deadline = time.monotonic() + 120
        while True:
            try:
                if self._send("GET", "/status")["ready"]:
                    return
            except OSError:
                if time.monotonic() > deadline or self._driver.poll() is not None:
                    raise
            time.sleep(0.05)

    def _send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from error


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
