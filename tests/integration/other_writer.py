"""Another writer at exactly the worst moment: an admission webhook that the API server calls in the midst of the bot's requests.

While a PATCH is under way the API server asks the webhook, which first does what a test orders (as admin) and then
answers. So a conflict does not depend on luck: the object moves between the server's reading and its writing.
"""

import base64
import json
import ssl
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.contract.cluster_worlds import RealWorld, until

Act = Callable[[], object]


class OtherWriter:
    """What to do while the API server handles the bot's next dry runs and writes: each act once, in order.

    Without an act the request just passes. `refuse` (a text): every write of the bot is denied by policy.
    """

    def __init__(self) -> None:
        self.at_dry_run: deque[Act] = deque()
        self.at_write: deque[Act] = deque()
        self.refuse = ""
        self.asked = 0
        self.failures: list[Exception] = []

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        self.asked += 1
        verdict: dict[str, Any] = {"uid": request["uid"], "allowed": True}
        if request["userInfo"]["username"] != "bot":
            return verdict
        acts = self.at_dry_run if request.get("dryRun") else self.at_write
        if self.refuse and not request.get("dryRun"):
            return verdict | {"allowed": False, "status": {"code": 403, "message": self.refuse}}
        if acts:
            try:
                acts.popleft()()
            except Exception as error:  # in the server's thread: kept for the test, which looks
                self.failures.append(error)
        return verdict


@contextmanager
def other_writer(world: RealWorld, folder: Path) -> Iterator[OtherWriter]:
    """The webhook on the namespace's Deployments, once the API server asks it."""
    writer = OtherWriter()
    certificate, key = _certificate(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(writer))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, name="other writer")
    thread.start()
    try:
        with _registered(world, server.server_address[1], certificate):
            until("the webhook is asked", lambda: _probe(world) and writer.asked)
            yield writer
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
    assert not writer.failures


@contextmanager
def again_and_again(act: Act, every: float) -> Iterator[Act]:
    """Do it every so many seconds in a thread; what is given stops that and returns when the last one is done."""
    ended = threading.Event()
    busy = threading.Lock()

    def work() -> None:
        while not ended.wait(every):
            with busy:
                act()

    def stop() -> None:
        ended.set()
        with busy:
            pass

    thread = threading.Thread(target=work, name="again and again")
    thread.start()
    try:
        yield stop
    finally:
        stop()
        thread.join(10)


def _probe(world: RealWorld) -> bool:
    """Let admin make a dry run, so that the API server has something to ask about."""
    found = world._apps.list_namespaced_deployment(world.namespace).items
    for each in found:
        world._apps.patch_namespaced_deployment(
            each.metadata.name, world.namespace, {"metadata": {"labels": {"probe": "x"}}}, dry_run="All"
        )
    return bool(found)


@contextmanager
def _registered(world: RealWorld, port: int, certificate: Path) -> Iterator[None]:
    api = world._client.AdmissionregistrationV1Api(world._admin)
    name = f"other-writer-{world.namespace}"
    hook = {
        "name": "deployments.testbed.example.com",
        "clientConfig": {
            "url": f"https://127.0.0.1:{port}/",
            "caBundle": base64.b64encode(certificate.read_bytes()).decode(),
        },
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": world.namespace}},
        "rules": [
            {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["deployments"]}
        ],
        "admissionReviewVersions": ["v1"],
        "sideEffects": "NoneOnDryRun",
        "timeoutSeconds": 10,
        "failurePolicy": "Fail",
    }
    api.create_validating_webhook_configuration({"metadata": {"name": name}, "webhooks": [hook]})
    try:
        yield
    finally:
        api.delete_validating_webhook_configuration(name)


def _handler(writer: OtherWriter) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
            body = json.dumps({**said, "response": writer.answer(review["request"])}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself. The testbed needs openssl too, so it is there."""
    certificate, key = folder / "webhook.crt", folder / "webhook.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=webhook"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return certificate, key
