"""The services that are compared, each as a process of its own that answers with the same network.

All of them listen on this machine only, with one worker and one thread for the products of matrices.
`python -m benchmarks.serving.services FILE PORT` is what the process of our own runs.
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

import numpy as np
import psutil
from numpy.typing import NDArray
from PIL import Image

from benchmarks.common.paths import PROJECT

SECONDS_TO_START = 120


@dataclass(frozen=True)
class Rival:
    """A way to serve a network.

    Attributes:
        name: For a reader.
        path: That is asked.
        body: Makes the question for one image, uint8 [1, 28, 28].
        many_path: That is asked for several images; None where one question holds one image only.
        many_body: Makes the question for images uint8 [N, 28, 28].
    """

    name: str
    path: str
    body: Callable[[NDArray[np.uint8]], bytes]
    many_path: str | None = None
    many_body: Callable[[NDArray[np.uint8]], bytes] | None = None


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


RIVALS = (
    Rival("mnist-growth", "/predict", _one_png, "/predict/batch", _pngs),
    Rival("mlflow models serve", "/invocations", _numbers, "/invocations", _numbers),
    Rival("LitServe", "/predict", _one_png),
)


def digit_in(rival: Rival, answer: bytes) -> int:
    """What a service has answered to one image."""
    content = json.loads(answer)
    return int(content["predictions"][0]["digit"] if rival.name == "mlflow models serve" else content["digit"])


@contextlib.contextmanager
def running(rival: Rival, network: Path, folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    """Start a service, wait until it answers, give its port and process, and stop it.

    Args:
        rival: Which.
        network: File of the network.
        folder: For what it needs on disk, and its log.

    Raises:
        RuntimeError: It does not start.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    if rival.name == "mlflow models serve":
        model = folder / "model"
        if not model.exists():
            _save_mlflow_model(model, network)
        command = [Path(sys.executable).with_name("mlflow"), "models", "serve", "--model-uri", model]
        command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    else:
        ours = rival.name == "mnist-growth"
        module, argument = ("services", _configuration(port)) if ours else ("litserve_service", str(port))
        command = [sys.executable, "-m", f"benchmarks.serving.{module}", network, argument]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "NO_PROXY": "127.0.0.1"}
    log = folder / f"{rival.name.split()[0]}.log"
    path = str(Path(sys.executable).parent)
    environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=output,
            stderr=output,
            cwd=PROJECT,
            env=environment,
            start_new_session=True,
        )
    try:
        _wait_for(rival, port, process, log)
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
    """Resident memory of a service with all its processes."""
    return sum(each.memory_info().rss for each in [process, *process.children(recursive=True)])


def ask(port: int, path: str, body: bytes) -> bytes:
    """One question and its answer.

    Raises:
        OSError: The service cannot be reached, or answers with an error.
    """
    question = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(question, timeout=10) as response:
        return bytes(response.read())


def _wait_for(rival: Rival, port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    body = rival.body(np.eye(28, dtype=np.uint8)[None] * 255)
    while time.monotonic() < deadline and process.poll() is None:
        try:
            ask(port, rival.path, body)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"{rival.name} does not answer:\n{log.read_text()[-2000:]}")


def _save_mlflow_model(model: Path, network: Path) -> None:
    """The model as a training logs it."""
    import mlflow.pyfunc

    from mnist_growth.tracking import model as logged

    mlflow.pyfunc.save_model(
        model, loader_module=logged.__name__, data_path=str(network), signature=logged._signature(), pip_requirements=[]
    )


def _configuration(port: int) -> str:
    """The configured service as JSON, so that the process that is measured does not read the configuration."""
    from benchmarks.common.base_parameters import from_base
    from mnist_growth.serving import ServingConfig

    return from_base(ServingConfig, "serving", port=port).model_dump_json()


def _serve_ours(network: Path, config: str) -> None:
    from mnist_growth.network import load_network
    from mnist_growth.serving import ServedModel, ServingConfig
    from mnist_growth.serving.server import serve

    serve(lambda: ServedModel.of(load_network(network), "benchmark"), ServingConfig.model_validate_json(config))


if __name__ == "__main__":
    _serve_ours(Path(sys.argv[1]), sys.argv[2])
