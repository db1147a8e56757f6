"""A headless Chromium, spoken to over a pair of pipes.

The browser reads commands from descriptor 3 and writes answers and events to
descriptor 4, each a JSON object with a zero byte behind it (the Chrome DevTools
protocol; --remote-debugging-pipe).  No port is opened and nothing is fetched.
"""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

FLAGS = ["--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--no-default-browser-check", "--disable-background-networking",
         "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--remote-debugging-pipe",
         "--host-resolver-rules=MAP * ~NOTFOUND"]
PATIENCE = 60       # seconds for one answer; a cold start takes a few


def program():
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="book-browser-")
        to_browser, self.commands = os.pipe()
        self.answers, from_browser = os.pipe()
        self.process = subprocess.Popen(
            # The shell gives the descriptors the numbers they must have.
            ["sh", "-c", 'exec "$0" "$@" 3<&%d 4>&%d' %
             (to_browser, from_browser), program(), *FLAGS,
             *(["--no-sandbox"] if os.geteuid() == 0 else []),
             "--user-data-dir=" + self.profile, "about:blank"],
            pass_fds=(to_browser, from_browser), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self.profile, "TMPDIR": self.profile},
            start_new_session=True)
        os.close(to_browser)
        os.close(from_browser)
        self.buffer, self.number, self.events = b"", 0, []
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")
        self.session = self.call("Target.attachToTarget", flatten=True,
                                 targetId=target["targetId"])["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")

    def close(self):
        """The browser ends, its helpers with it, and then its profile."""
        try:
            self.session = None
            self.call("Browser.close")
            self.process.wait(PATIENCE)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
            os.close(self.commands)
            os.close(self.answers)
            shutil.rmtree(self.profile, ignore_errors=True)

    def receive(self, deadline):
        while b"\0" not in self.buffer:
            left = max(0, deadline - time.monotonic())
            if not select.select([self.answers], [], [], left)[0]:
                raise TimeoutError("no answer from the browser")
            data = os.read(self.answers, 1 << 16)
            if not data:
                raise EOFError("the browser ended")
            self.buffer += data
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self.receive(deadline)
            if "method" in answer:
                self.events.append(answer)
            elif answer["id"] == self.number:
                if "error" in answer:
                    raise RuntimeError("%s: %s" % (method, answer["error"]))
                return answer["result"]

    def open(self, path, width, height, dark=False):
        """Load a file in a window of this size; returns what went wrong."""
        self.call("Emulation.setDeviceMetricsOverride", width=width,
                  height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme",
             "value": "dark" if dark else "light"}])
        self.events.clear()
        self.call("Page.navigate", url="file://" + path)
        deadline = time.monotonic() + PATIENCE
        while not any(e["method"] == "Page.loadEventFired"
                      for e in self.events):
            self.events.append(self.receive(deadline))
        return self.troubles()

    def troubles(self):
        """Exceptions, console errors and failed loads since the last open."""
        self.run("0")       # what was said before this has arrived by then
        found = []
        for event in self.events:
            about = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(json.dumps(about["exceptionDetails"]))
            elif event["method"] == "Runtime.consoleAPICalled" and \
                    about["type"] in ("error", "assert", "warning"):
                found.append(json.dumps(about["args"]))
            elif event["method"] == "Log.entryAdded" and \
                    about["entry"]["level"] in ("error", "warning"):
                found.append(json.dumps(about["entry"]))
        return found

    def run(self, script):
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=script,
                           returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
