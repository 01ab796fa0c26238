"""A sync whose answer is lost on the way, against a real Argo CD: was it begun? Its own operation says so, by our marker.

A proxy between the adapter and Argo CD does the losing: before it hands the request on, or after.
"""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from bot.adapters.argocd import ArgoAccess, connect
from bot.domain.delivery import EXECUTION_INFO, InfoItem, SyncWanted
from bot.domain.errors import AnswerLost, Conflict
from bot.ports import Deployments
from tests.contract.deployment_worlds import ADMIN_TOKEN, GIT, TOKEN, URL, RealWorld, real_world

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(
        not (URL and TOKEN and ADMIN_TOKEN and GIT),
        reason="CODEHEALER_TEST_ARGOCD, _TOKEN, _ADMIN_TOKEN or _GIT is not set (run make test-servers)",
    ),
]


class Proxy(ThreadingHTTPServer):
    """Hands requests on to Argo CD. `way`: cut_before, cut_after and answer_500 are what it does to a POST."""

    daemon_threads = True

    def __init__(self, way: str) -> None:
        super().__init__(("127.0.0.1", 0), Hand)
        self.way, self.posts, self.handed_on = way, 0, 0

    def handle_error(self, request, client_address) -> None:
        """The client has gone: that is what is tested."""


class Hand(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts += 1
        if self.server.way == "cut_before":
            self.close_connection = True
            return
        headers = {name: self.headers[name] for name in ("Authorization", "Content-Type")}
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(URL + self.path, data=body, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text[:300]
        self.server.handed_on += 1
        if self.server.way == "cut_after":
            self.close_connection = True
            return
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def losing(way: str) -> Iterator[tuple[Deployments, Proxy]]:
    proxy = Proxy(way)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    argo = connect("default", ArgoAccess(server=f"http://127.0.0.1:{proxy.server_address[1]}", token=lambda: TOKEN))
    try:
        yield argo, proxy
    finally:
        argo.close()
        proxy.shutdown()
        thread.join()
        proxy.server_close()


@pytest.fixture(scope="module")
def world() -> Iterator[RealWorld]:
    with real_world() as found:
        yield found


@pytest.mark.parametrize(("way", "begun"), [("cut_before", False), ("cut_after", True), ("answer_500", True)])
def test_the_operation_tells_whether_a_lost_sync_was_begun(world: RealWorld, way: str, begun: bool) -> None:
    name, mark = f"lost-{way.replace('_', '-')}-{uuid.uuid4().hex[:6]}", f"ex_{uuid.uuid4().hex}"
    world.create(name)
    world.push(name, "good")
    world.deployments.application(name, "hard")
    with losing(way) as (argo, proxy), pytest.raises(AnswerLost):
        argo.sync(SyncWanted(name=name, info=(InfoItem(name=EXECUTION_INFO, value=mark),)))
    assert (proxy.posts, proxy.handed_on) == (1, int(begun))
    operation = world.deployments.application(name).operation
    assert (operation is not None and operation.info_of(EXECUTION_INFO) == mark) is begun
    if begun:
        ended = world.ended(name)
        assert ended.operation is not None
        assert (ended.operation.phase, ended.operation.info_of(EXECUTION_INFO)) == ("Succeeded", mark)
        assert len(ended.history) == 2  # the first sync and this one, and no third
    assert world.settled(name, "Healthy", "Synced" if begun else "OutOfSync")


def test_of_ten_syncs_at_once_one_is_begun(world: RealWorld) -> None:
    """Argo CD's own guard: one operation at a time."""
    name = f"race-{uuid.uuid4().hex[:6]}"
    world.create(name)
    outcomes: dict[str, str] = {}
    barrier = threading.Barrier(10)

    def one(mark: str) -> None:
        barrier.wait(10)
        try:
            world.deployments.sync(SyncWanted(name=name, info=(InfoItem(name=EXECUTION_INFO, value=mark),)))
            outcomes[mark] = "begun"
        except Conflict:
            outcomes[mark] = "conflict"

    threads = [threading.Thread(target=one, args=(f"ex_{n}",)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    begun = [mark for mark, outcome in outcomes.items() if outcome == "begun"]
    ended = world.ended(name)
    assert len(outcomes) == 10
    assert begun
    assert len(ended.history) == 1 + len(begun)  # whoever was told that it began, began; nobody else did
    assert ended.operation is not None
    assert ended.operation.info_of(EXECUTION_INFO) in begun
