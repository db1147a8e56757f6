"""Registries for the tests: Debian's docker-registry on loopback, and one in
Python that serves images from memory and may lie.

    with registries.Fake() as fake:
        fake.add("box", "1", [layer])
        fake.hook = lambda request: ...     # True: it answered itself
"""

import gzip
import hashlib
import http.server
import json
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import harness
import test_images

TYPES = "application/vnd.oci.image."


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


# ---- the real one -----------------------------------------------------------

# "sesame", for the user "ali".
HTPASSWD = "ali:$2b$05$Y87Dr0K0nsJrnmG6RJN3j.dW5aF43YmVJ878Pzm3v4BEMkBRO9UCG\n"


class Real:
    """docker-registry, with its files in `place`.  `enter` comes before the
    command: to run it in another network."""

    def __init__(self, place, address="127.0.0.1", tls=None, password=False,
                 enter=()):
        self.name = "%s:%d" % (address, free_port())
        lines = ["version: 0.1", "storage:", "  filesystem:",
                 "    rootdirectory: %s/data" % place,
                 "  delete:", "    enabled: true",
                 "http:", "  addr: " + self.name]
        if tls:
            lines += ["  tls:", "    certificate: " + tls[0],
                      "    key: " + tls[1]]
        if password:
            with open(place + "/htpasswd", "w", encoding="utf-8") as file:
                file.write(HTPASSWD)
            lines += ["auth:", "  htpasswd:", "    realm: here",
                      "    path: %s/htpasswd" % place]
        with open(place + "/config.yml", "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        self.log = open(place + "/log", "wb")
        self.process = subprocess.Popen(
            [*enter, shutil.which("docker-registry"), "serve",
             place + "/config.yml"], stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log,
            env=harness.environment(OTEL_TRACES_EXPORTER="none"))
        self.wait(place)

    def wait(self, place):
        deadline = time.monotonic() + 20 * harness.SLOWER
        while time.monotonic() < deadline:
            with open(place + "/log", encoding="utf-8") as file:
                if "listening on" in file.read():
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        with open(place + "/log", encoding="utf-8") as file:
            raise AssertionError("docker-registry: " + file.read()[-2000:])

    def close(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def compressed(data):
    """The same each time, also a second later: gzip notes when it was."""
    return gzip.compress(data, mtime=0)


# ---- the one that may lie ---------------------------------------------------

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def cut(self):
        """Hang up, without a word."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def error(self, status, code, message=""):
        self.answer(status, json.dumps({"errors": [
            {"code": code, "message": message}]}).encode())

    def do_GET(self):
        fake = self.server.fake
        with fake.lock:
            fake.requests.append((self.command, self.path,
                                  dict(self.headers)))
            fake.now += 1
            fake.most = max(fake.most, fake.now)
        try:
            if not (fake.hook and fake.hook(self)):
                fake.serve(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with fake.lock:
                fake.now -= 1

    do_HEAD = do_POST = do_PUT = do_GET


class Fake:
    def __init__(self):
        self.blobs, self.manifests, self.requests = {}, {}, []
        self.lock, self.hook, self.now, self.most = \
            threading.Lock(), None, 0, 0
        self.knows_ranges = True
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.daemon_threads = True
        # Whoever is told lies hangs up.
        self.server.handle_error = lambda *_: None
        self.server.fake = self
        self.port = self.server.server_address[1]
        self.name = "localhost:%d" % self.port
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={"poll_interval": 0.02})
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def blob(self, data, kind, **more):
        self.blobs[digest_of(data)] = data
        return dict({"mediaType": TYPES + kind, "digest": digest_of(data),
                     "size": len(data)}, **more)

    def add(self, repository, tag, layers, compress=compressed,
            suffix="+gzip", change=None, **config):
        """An image of these tars; returns the digest of its manifest."""
        text = test_images.config_of(layers, **config)
        manifest = {"schemaVersion": 2,
                    "mediaType": TYPES + "manifest.v1+json",
                    "config": self.blob(text, "config.v1+json"),
                    "layers": [self.blob(compress(layer),
                                         "layer.v1.tar" + suffix)
                               for layer in layers]}
        if change:
            change(manifest)
        return self.put(repository, tag, manifest)

    def put(self, repository, tag, manifest):
        data = json.dumps(manifest).encode()
        for name in (tag, digest_of(data)):
            self.manifests[repository, name] = data
        return digest_of(data)

    def serve(self, request):
        path = request.path.partition("?")[0]
        manifest = re.fullmatch("/v2/(.+)/manifests/(.+)", path)
        blob = re.fullmatch("/v2/(.+)/blobs/(sha256:.+)", path)
        if path == "/v2/":
            request.answer(200, b"{}")
        elif manifest and manifest.groups() in self.manifests:
            data = self.manifests[manifest.groups()]
            request.answer(200, data, Content_Type=json.loads(data).get(
                "mediaType", "application/json"),
                Docker_Content_Digest=digest_of(data))
        elif blob and blob[2] in self.blobs:
            self.serve_blob(request, self.blobs[blob[2]])
        else:
            request.error(404, "MANIFEST_UNKNOWN" if manifest else
                          "BLOB_UNKNOWN", "not here")

    def serve_blob(self, request, data):
        wanted = re.fullmatch(r"bytes=(\d+)-",
                              request.headers.get("Range", ""))
        if not wanted or not self.knows_ranges:
            request.answer(200, data)
        elif int(wanted[1]) >= len(data):
            request.answer(416)
        else:
            start = int(wanted[1])
            request.answer(206, data[start:], Content_Range="bytes %d-%d/%d" %
                           (start, len(data) - 1, len(data)))

    def paths(self, part=""):
        return [path for _, path, _ in self.requests if part in path]
