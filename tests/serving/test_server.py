"""A service as a process: signals under load, workers, and a port that is taken."""

import asyncio
import contextlib
import errno
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import configured
from mnist_growth.network import TrainedNetwork, save_network
from mnist_growth.serving.process import Reloads
from mnist_growth.serving.server import bind

ONE_WORKER = """
import sys, time
sys.path.insert(0, {folder!r})
from service import Source
from mnist_growth.serving import ServingConfig
from mnist_growth.serving.server import bind
from mnist_growth.serving.worker import Worker

if __name__ == "__main__":
    with bind("127.0.0.1", 0) as listener:
        listener.listen()
        Worker(Source(), ServingConfig(**{config!r}), None, listener)
        print("http://127.0.0.1:%d" % listener.getsockname()[1], flush=True)
        time.sleep(600)
"""
CODE = """
import sys
from pathlib import Path
from mnist_growth.network import load_network
from mnist_growth.serving import ServedModel, ServingConfig
from mnist_growth.serving.server import serve

class Source:
    def __call__(self):
        path = max(Path({folder!r}).glob("*.safetensors"))
        return ServedModel.of(load_network(path), path.stem)

if __name__ == "__main__":
    serve(Source(), ServingConfig(**{config!r}), {token!r}, lambda address: print(address, flush=True))
"""
SECONDS = 30  # that a process may take to start, on a busy machine


class Running:
    """A service in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], folder: Path, network: TrainedNetwork) -> None:
        self.process = process
        self.folder = folder
        self.network = network
        assert process.stdout is not None
        self.address = process.stdout.readline().strip()
        self.port = int(self.address.rsplit(":", 1)[1])

    def add_version(self, version: str) -> None:
        save_network(self.folder / f"{version}.safetensors", self.network)

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> bytes:
        request = urllib.request.Request(self.address + path, body, headers)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
            return response.read()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if condition():
                    return
            time.sleep(0.05)
        pytest.fail("it did not happen in time")


@pytest.fixture
def run(tmp_path: Path, trained: TrainedNetwork) -> Iterator[Callable[..., Running]]:
    """Starts services with limits and a token."""
    started: list[subprocess.Popen[str]] = []

    def start(token: str | None = None, code: str = "", **limits: float) -> Running:
        values = {"folder": str(tmp_path), "config": configured.serving(port=0, **limits).model_dump(), "token": token}
        service = tmp_path / "service.py"
        service.write_text(CODE.format(**values))
        script = tmp_path / "script.py" if code else service
        script.write_text((code or CODE).format(**values))
        save_network(tmp_path / "1.safetensors", trained)
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment)
        started.append(process)
        return Running(process, tmp_path, trained)

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


class Client:
    """Asks over connections that stay open, one question after the other on each, until it is told to leave.

    Opens a new connection when the service closes one, until it is refused.
    """

    def __init__(self, port: int, text: str, **headers: str) -> None:
        body = json.dumps({"image": text}).encode()
        lines = ["POST /predict HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.request = "\r\n".join([*lines, "", ""]).encode() + body
        self.port = port
        self.stop = False
        self.statuses: Counter[bytes] = Counter()
        self.versions: Counter[str] = Counter()
        self.closed = self.refused = self.lost = 0

    async def run(self, connections: int) -> None:
        await asyncio.gather(*(self._ask_repeatedly() for _ in range(connections)))

    async def _ask_repeatedly(self) -> None:
        while not self.stop:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except ConnectionRefusedError:
                self.refused += 1
                return
            await self._ask_over(reader, writer)
            writer.close()

    async def _ask_over(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not self.stop:
            try:
                writer.write(self.request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
            except (OSError, EOFError):
                self.lost += 1
                return
            self.statuses[head.split()[1]] += 1
            self.versions[json.loads(body).get("model_version", "")] += 1
            if b"connection: close" in head.lower():
                self.closed += 1
                return


def test_nothing_is_lost_when_the_network_is_replaced_under_load(run: Callable[..., Running], texts: list[str]) -> None:
    service = run()
    client = Client(service.port, texts[0])

    async def replace_under_load() -> None:
        load = asyncio.create_task(client.run(connections=16))
        for version in ("2", "3"):
            await asyncio.sleep(0.3)
            service.add_version(version)
            service.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + SECONDS
        while not client.versions["3"] and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        client.stop = True
        await load

    asyncio.run(replace_under_load())
    assert client.lost == 0
    assert set(client.statuses) == {b"200"}
    assert client.versions["1"] > 0
    assert client.versions["3"] > 0


def stop_under_load(service: Running, text: str, number: signal.Signals = signal.SIGTERM, **headers: str) -> None:
    """Stop a service while clients ask and connect again without a pause, and check that all are answered."""
    client = Client(service.port, text, **headers)

    async def stop() -> None:
        load = asyncio.create_task(client.run(connections=50))
        await asyncio.sleep(0.5)
        service.process.send_signal(number)
        await load

    asyncio.run(stop())
    assert service.process.wait(timeout=SECONDS) == 0
    assert client.lost == 0
    assert client.refused == 50
    assert client.closed >= 50
    assert set(client.statuses) == {b"200"}


def test_nothing_is_lost_when_the_service_is_stopped_under_load(run: Callable[..., Running], texts: list[str]) -> None:
    stop_under_load(run(), texts[0], signal.SIGINT)


def test_while_it_stops_open_and_new_connections_are_answered_and_then_it_ends(
    run: Callable[..., Running], texts: list[str]
) -> None:
    service = run(drain_seconds=3)
    body = json.dumps({"image": texts[0]})
    open_connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=SECONDS)
    open_connection.request("POST", "/predict", body)
    assert open_connection.getresponse().read()

    service.process.send_signal(signal.SIGTERM)
    stopped = time.monotonic()
    new_connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=SECONDS)
    for connection in (new_connection, open_connection):
        time.sleep(0.5)
        connection.request("POST", "/predict", body)
        response = connection.getresponse()
        assert (response.status, response.headers["connection"]) == (200, "close")
        connection.close()

    assert service.process.wait(timeout=15) == 0
    assert time.monotonic() - stopped >= 3


def test_many_requests_to_reload_load_the_network_twice() -> None:
    """What the first one loads may be older than the last request; the second one is not."""
    loads: list[int] = []

    class Service:
        lock = asyncio.Lock()

        async def reload(self) -> None:
            async with self.lock:
                await asyncio.sleep(0.01)
                loads.append(len(loads))

    async def ask() -> list[int]:
        reloads = Reloads(Service())  # type: ignore[arg-type]
        counts = []
        for _ in range(2):
            for _ in range(60):
                reloads.request()
            await asyncio.sleep(0.1)
            counts.append(len(loads))
        return counts

    assert asyncio.run(ask()) == [2, 4]


def test_a_damaged_newer_network_is_not_taken(run: Callable[..., Running]) -> None:
    service = run(token="secret")
    (service.folder / "2.safetensors").write_bytes(b"damaged")
    service.process.send_signal(signal.SIGHUP)
    authorization = {"Authorization": "Bearer secret"}
    service.wait_for(lambda: b'reloads_total{outcome="failed"} 1.0' in service.ask("/metrics", **authorization))
    assert json.loads(service.ask("/model", **authorization))["version"] == "1"


def test_workers_share_the_port_reload_together_are_replaced_and_stop_together(
    run: Callable[..., Running], texts: list[str]
) -> None:
    service = run(token="secret", workers=2)
    authorization = {"Authorization": "Bearer secret", "Content-Type": "application/json"}
    service.wait_for(lambda: b"ok" in service.ask("/health"))
    service.add_version("2")
    assert json.loads(service.ask("/model/reload", b"", **authorization)) == {"version": "2", "previous": "1"}
    # Each worker counts its own reloads; the sum is that of the one that was asked and of both that were told.
    service.wait_for(lambda: b'reloads_total{outcome="done"} 3.0' in service.ask("/metrics", **authorization))
    body = json.dumps({"image": texts[0]}).encode()
    for _ in range(20):
        assert json.loads(service.ask("/predict", body, **authorization))["model_version"] == "2"
    killed = min(serving(service))
    os.kill(killed, signal.SIGKILL)
    service.wait_for(lambda: killed not in serving(service))
    stop_under_load(service, texts[0], **authorization)


def serving(service: Running) -> set[int]:
    """The workers that have loaded a network, by the files of their gauges."""
    return {
        int(path.stem.rsplit("_", 1)[1]) for path in service.folder.glob("mnist-growth-metrics-*/gauge_livemax_*.db")
    }


def test_a_port_in_use_is_named() -> None:
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ValueError, match=f"Port {port} of 127.0.0.1 is in use by another process: stop it, or"):
            bind("127.0.0.1", port)


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(ValueError, match=r"192\.0\.2\.1 is not an address of this machine"):
        bind("192.0.2.1", 0)


def test_it_listens_on_this_machine_only_unless_told_otherwise() -> None:
    assert configured.serving().host == "127.0.0.1"
    assert os.environ.get("PROMETHEUS_MULTIPROC_DIR") is None


def test_a_worker_frees_the_port_when_its_supervisor_was_killed(run: Callable[..., Running]) -> None:
    service = run(code=ONE_WORKER)
    service.wait_for(lambda: b"ok" in service.ask("/health"))
    service.process.kill()
    service.process.wait()
    service.wait_for(lambda: _is_refused(service.port))


def _is_refused(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED
