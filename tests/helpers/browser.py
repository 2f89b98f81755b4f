"""A headless Chromium by its driver: pages are opened, clicked and typed into as by a reader.

The W3C's WebDriver in the few commands that are needed, so that nothing has to be installed beside
the system's ``chromium`` and ``chromium-driver``. Where these are missing, tests are skipped.
"""

import base64
import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request

BROWSER = next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None
)
DRIVER = shutil.which("chromedriver")
MISSING = "no Chromium with its driver on this machine (Debian: chromium, chromium-driver)"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # what an element is called in answers
SECONDS = 60
KEYS = {
    "Enter": "\ue007",
    "Tab": "\ue004",
    "Escape": "\ue00c",
    "Space": " ",
    "ArrowLeft": "\ue012",
    "ArrowRight": "\ue014",
}


class Browser:
    """A window. It reaches no network; what it logs, and refuses, is kept."""

    def __init__(self, profile):
        self.driver = subprocess.Popen(
            [DRIVER, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for line in self.driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                break
        self.address = f"http://127.0.0.1:{found[1]}/session"
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        arguments += [f"--user-data-dir={profile}", "--host-resolver-rules=MAP * ~NOTFOUND"]
        capabilities = {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": BROWSER, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        answer = self._ask("", {"capabilities": {"alwaysMatch": capabilities}})
        self.address += "/" + answer["sessionId"]

    def close(self):
        try:
            self._ask("", method="DELETE")
        finally:
            self.driver.terminate()
            self.driver.wait(SECONDS)
            self.driver.stdout.close()

    def open(self, path):
        self._ask("/url", {"url": path.as_uri()})

    def run(self, script, *arguments):
        """Return what a script returns."""
        return self._ask("/execute/sync", {"script": script, "args": arguments})

    def find(self, selector):
        found = self._ask("/element", {"using": "css selector", "value": selector})
        return found[ELEMENT]

    def click(self, selector):
        self._ask(f"/element/{self.find(selector)}/click", {})

    def write(self, selector, text):
        self._ask(f"/element/{self.find(selector)}/value", {"text": text})

    def press(self, *keys):
        """Press keys where the focus is."""
        strokes = [
            {"type": kind, "value": KEYS[key]} for key in keys for kind in ("keyDown", "keyUp")
        ]
        keyboard = {"type": "key", "id": "keyboard", "actions": strokes}
        self._ask("/actions", {"actions": [keyboard]})

    def point(self, selector, x=0, y=0):
        """Move the pointer to an element, so far from its middle."""
        origin = {ELEMENT: self.find(selector)}
        move = {"type": "pointerMove", "origin": origin, "x": x, "y": y}
        self._ask("/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [move]}]})

    def texts(self, selector):
        """Return what all elements say that are seen."""
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)"
        return self.run(script, selector)

    def logged(self):
        """Return what the page has logged, errors and refusals of the browser among it."""
        return [entry["message"] for entry in self._ask("/se/log", {"type": "browser"})]

    def tell(self, command, **parameters):
        """Ask what only Chromium knows, by its own protocol."""
        return self._ask("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def resize(self, width, height, scheme="light"):
        """Show the page as wide and high as some screen, light or dark."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.tell("Emulation.setDeviceMetricsOverride", **size)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.tell("Emulation.setEmulatedMedia", media="", features=features)

    def picture(self, *, whole=False):
        """Return a PNG of what is seen, or of the whole page."""
        shot = self.tell("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(shot["data"])

    def _ask(self, path, content=None, method=None):
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self.address + path, data, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:  # such as an element below another one
            raise AssertionError(json.load(error)["value"]["message"]) from error
