"""The services that are compared, each in a process of its own that answers with the same network.

All of them listen on this machine only, with one worker and one thread for matrix products.
Our service watches for drift and novelty, as it does after `kedro run`.
`python -m benchmarks.serving.services FILE FOLDER CONFIGURATION` serves a network with this project.
"""

import base64
import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
from numpy.typing import NDArray
from PIL import Image

from benchmarks.common.paths import PROJECT

if TYPE_CHECKING:
    from mnist_growth.serving import ServedModel

START_TIMEOUT = 120.0  # seconds


@dataclass(frozen=True)
class Service:
    """A way to serve a network.

    Attributes:
        name: Name in the tables.
        path: Path for one image.
        body: Makes the request for one image, uint8 [1, 28, 28].
        batch_path: Path for several images; None where a request holds one image only.
        batch_body: Makes the request for images uint8 [N, 28, 28].
    """

    name: str
    path: str
    body: Callable[[NDArray[np.uint8]], bytes]
    batch_path: str | None = None
    batch_body: Callable[[NDArray[np.uint8]], bytes] | None = None


def _png(image: NDArray[np.uint8]) -> str:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def _one_png(images: NDArray[np.uint8]) -> bytes:
    return json.dumps({"image": _png(images[0])}).encode()


def _pngs(images: NDArray[np.uint8]) -> bytes:
    return json.dumps({"images": [_png(image) for image in images]}).encode()


def _numbers(images: NDArray[np.uint8]) -> bytes:
    return json.dumps({"inputs": images.tolist()}).encode()


OURS = Service("mnist-growth", "/predict", _one_png, "/predict/batch", _pngs)
MLFLOW = Service("mlflow models serve", "/invocations", _numbers, "/invocations", _numbers)
LITSERVE = Service("LitServe", "/predict", _one_png)


def digit_in(service: Service, answer: bytes) -> int:
    """Read the digit from the answer to a request for one image."""
    content = json.loads(answer)
    return int(content["predictions"][0]["prediction"] if service is MLFLOW else content["prediction"])


@contextlib.contextmanager
def running(service: Service, network: Path, folder: Path, **serving: Any) -> Iterator[tuple[int, psutil.Process]]:
    """Start a service, wait until it answers, give its port and process, and stop it.

    Args:
        service: The service.
        network: File of the network.
        folder: Folder for the files of the service and its log.
        serving: Parameters of the group `serving` for our service, other than those of conf/base.

    Raises:
        RuntimeError: The service does not start.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / f"{service.name.split()[0]}.log"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "NO_PROXY": "127.0.0.1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    with log.open("w") as output:
        process = subprocess.Popen(
            _command(service, network, port, folder, serving),
            stdout=output,
            stderr=output,
            cwd=PROJECT,
            env=environment,
            start_new_session=True,
        )
    try:
        _wait_for(service, port, process, log)
        yield port, psutil.Process(process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def memory_bytes(process: psutil.Process) -> int:
    """Return the resident memory of a service, all its processes together."""
    return sum(each.memory_info().rss for each in [process, *process.children(recursive=True)])


def ask(port: int, path: str, body: bytes | None = None) -> bytes:
    """Send one request, GET without a body and POST with one, and return the answer.

    Raises:
        OSError: The service cannot be reached, or answers with an error.
    """
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as response:
        return bytes(response.read())


def watches_drift(port: int) -> bool:
    """Return whether our service compares images with its drift reference."""
    return bool(json.loads(ask(port, "/drift"))["watching"])


def _command(service: Service, network: Path, port: int, folder: Path, serving: dict[str, Any]) -> list[str]:
    """Return the command that serves a network."""
    if service is MLFLOW:
        model = folder / "model"
        if not model.exists():
            _save_mlflow_model(model, network)
        options = ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        return [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(model), *options]
    if service is LITSERVE:
        return [sys.executable, "-m", "benchmarks.serving.litserve_service", str(network), str(port)]
    from benchmarks.serving.monitors import REFERENCE, write_monitors

    if not (folder / REFERENCE).exists():
        write_monitors(network, folder)
    configuration = _configuration({"port": port, **serving})
    return [sys.executable, "-m", "benchmarks.serving.services", str(network), str(folder), configuration]


def _wait_for(service: Service, port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    body = service.body(np.eye(28, dtype=np.uint8)[None] * 255)
    while time.monotonic() < deadline and process.poll() is None:
        try:
            ask(port, service.path, body)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"{service.name} does not answer:\n{log.read_text()[-2000:]}")


def _save_mlflow_model(model: Path, network: Path) -> None:
    """Save the network as a training logs it."""
    import mlflow.pyfunc

    from mnist_growth import pyfunc
    from mnist_growth.digits import NUM_CLASSES
    from mnist_growth.tracking.model import _signature

    mlflow.pyfunc.save_model(
        model,
        loader_module=pyfunc.__name__,
        data_path=str(network),
        signature=_signature(NUM_CLASSES),
        pip_requirements=[],
    )


def _configuration(serving: dict[str, Any]) -> str:
    """Return the configuration of our service as JSON: the measured process does not load the configuration itself."""
    from benchmarks.common.base_parameters import base_with

    groups = base_with(serving=serving)
    return json.dumps({name: groups[name] for name in ("serving", "drift", "novelty")})


@dataclass(frozen=True)
class _Source:
    """Loads the network with its monitors; workers receive it pickled."""

    network: Path
    folder: Path
    drift: dict[str, Any]
    novelty: dict[str, Any]

    def __call__(self) -> "ServedModel":
        from benchmarks.serving.monitors import read_monitors
        from mnist_growth.drift import DriftConfig
        from mnist_growth.network import load_network
        from mnist_growth.novelty import NoveltyConfig
        from mnist_growth.serving import ServedModel

        reference, detector = read_monitors(self.folder)
        drift = reference, DriftConfig.model_validate(self.drift)
        novelty = detector, NoveltyConfig.model_validate(self.novelty)
        return ServedModel.of(load_network(self.network), "benchmark", drift=drift, detector=novelty)


def _serve_ours(network: Path, folder: Path, configuration: str) -> None:
    from mnist_growth.serving import ServingConfig
    from mnist_growth.serving.server import serve

    groups = json.loads(configuration)
    source = _Source(network, folder, groups["drift"], groups["novelty"])
    serve(source, ServingConfig.model_validate(groups["serving"]))


if __name__ == "__main__":
    _serve_ours(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
