"""SIGTERM and Ctrl-C while there is no training that could be gone on with."""

import http.server
import signal
import threading

import pytest
import yaml

from mnist_growth.digits.idx_set import IDX_NAMES

SMOKE = ("run", "--env", "smoke")
SIGNALS = [(signal.SIGTERM, 143, "stopped by SIGTERM"), (signal.SIGINT, 130, "stopped by Ctrl-C")]


class Slow(http.server.BaseHTTPRequestHandler):
    """Begins to send a file, and does not end."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.write(b"\x1f\x8b" + bytes(100_000))
        self.wfile.flush()
        self.server.ending.wait(60)

    def log_message(self, *_):
        pass


@pytest.fixture
def slow_mirror():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    server.ending = threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.ending.set()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("stop", "code", "reason"), SIGNALS)
def test_while_downloading(project, mlflow, slow_mirror, stop, code, reason):
    catalog = yaml.safe_load((project.folder / "conf/base/catalog_ingest.yml").read_text())
    names = {part: {"name": name} for part, name in zip(IDX_NAMES._fields, IDX_NAMES, strict=True)}
    entry = catalog["digit_archive"] | {"archives": {"slow": {"mirrors": [slow_mirror], "files": names}}}
    (project.folder / "conf/smoke/catalog_ingest.yml").write_text(yaml.safe_dump({"digit_archive": entry}))
    before = project.files()

    command = project.start(*SMOKE, "--params", "dataset=slow")
    command.wait_until(lambda: [name for name in project.files() if ".tmp" in name])
    result = command.send(stop)

    assert (result.code, result.stderr) == (code, "Stopped.\n")
    assert project.files() == before
    [run] = mlflow(project).runs()
    assert (run.info.status, run.data.tags["ended"]) == ("KILLED", reason)


@pytest.mark.parametrize(("stop", "code", "reason"), SIGNALS)
def test_while_evaluating(trained, mlflow, stop, code, reason):
    log = trained.folder / "info.log"
    log.unlink(missing_ok=True)

    command = trained.start(*SMOKE, "--pipeline", "evaluate")
    command.wait_until(lambda: log.exists() and "Running node: " in log.read_text())
    result = command.send(stop)

    assert (result.code, result.stderr) == (code, "Stopped.\n")
    assert "Test of the network" not in result.stdout
    assert not [name for name in trained.files() if ".tmp" in name]
    [run] = mlflow(trained).runs()
    assert (run.info.status, run.data.tags["ended"]) == ("KILLED", reason)

    again = trained.succeed(*SMOKE, "--pipeline", "evaluate")  # what was left behind is in nobody's way
    assert "Test of the network" in again.stdout
