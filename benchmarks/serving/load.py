"""Measure the capacity of the service, compared with the server of MLflow and with LitServe.

All services answer with the same network, in turn, A B C A B C ..., each with one worker and one thread, on this
machine; the load comes from one more process, which shares its cores. Ratios compare the same round. Measures requests
per second and latency against the number of connections, latency against the number of images in a request, and the
memory of our service over 200,000 requests. Our service watches for drift and novelty, as it does after `kedro run`.
Prints tables, and writes serving.json and a figure.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.networks import network_file
from benchmarks.common.results import write_results
from benchmarks.page import write_page
from benchmarks.serving.load_generator import Load, generate, request
from benchmarks.serving.load_tables import draw, tables
from benchmarks.serving.services import (
    LITSERVE,
    MLFLOW,
    OURS,
    Service,
    ask,
    digit_in,
    memory_bytes,
    running,
    watches_drift,
)
from mnist_growth.digits import sample_digits
from mnist_growth.network import load_network

NAME = "serving"
CONNECTIONS = (1, 4, 16, 64)
BATCHES = (1, 4, 16, 64, 256)
WARM_UP = 500  # requests
MEMORY_STEPS = 20  # number of memory measurements
QUICK_REQUESTS = 4000


def main() -> None:
    """Measure, print, write and draw."""
    options_parser = parser(__doc__, "one short round and few requests")
    options_parser.add_argument("--network", type=Path, help="file of the network; the newest one without it")
    options_parser.add_argument("--rounds", type=int, default=3, help="of all services in turn")
    options_parser.add_argument("--seconds", type=float, default=3, help="for each number of connections")
    options_parser.add_argument("--requests", type=int, default=200_000, help="over which memory is measured")
    options = options_parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.requests = 1, 0.3, QUICK_REQUESTS
    services = [OURS, MLFLOW, *([LITSERVE] if find_spec("litserve") else [])]

    circumstances = Circumstances.now(quick=options.quick)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        path = network_file(folder, options.network)
        images = sample_digits().test.images
        findings: dict[str, Any] = {
            "widths": list(load_network(path).network.widths),
            "seconds": options.seconds,
            **measure(services, path, folder, images, options.rounds, options.seconds),
            **memory(path, folder, images, options.requests),
        }
    written = write_results(NAME, circumstances, findings, n=options.rounds, quick=options.quick)
    results = {**asdict(circumstances), **findings}
    print(tables(results))
    draw(results).write_html(written.with_suffix(".html"), include_plotlyjs="cdn")
    print(f"\nWrote {written} and {written.stem}.html.")
    if not options.quick:
        write_page()


def measure(
    services: Sequence[Service],
    network: Path,
    folder: Path,
    images: NDArray[np.uint8],
    rounds: int,
    seconds: float,
) -> dict[str, list[dict[str, Any]]]:
    """Load every service in turn.

    Args:
        services: The services.
        network: File of the network.
        folder: Folder for the files of the services.
        images: Images uint8 [N, 28, 28].
        rounds: Number of rounds.
        seconds: Duration for each number of connections.

    Returns:
        A row for each round, service and number of connections or images.

    Raises:
        RuntimeError: Two services gave different answers.
    """
    load, batches = [], []
    for number in range(rounds):
        answers = {}
        for service in services:
            requests = [request(service.path, service.body(image[None])) for image in images[:200]]
            with running(service, network, folder) as (port, process):
                bodies = [service.body(image[None]) for image in images[:20]]
                answers[service.name] = [digit_in(service, ask(port, service.path, body)) for body in bodies]
                generate(port, requests, connections=8, count=WARM_UP)
                for connections in CONNECTIONS:
                    row = {"service": service.name, "round": number, "connections": connections}
                    load.append(row | figures(generate(port, requests, connections=connections, seconds=seconds)))
                    print(".", end="", flush=True)
                load[-1]["memory_bytes"] = memory_bytes(process)
                if service.batch_body is None or service.batch_path is None:
                    continue
                for size in BATCHES:
                    batch = [request(service.batch_path, service.batch_body(images[:size]))]
                    row = {"service": service.name, "round": number, "images": size}
                    batches.append(row | figures(generate(port, batch, connections=1, seconds=seconds / 2)))
        if len({tuple(each) for each in answers.values()}) > 1:
            raise RuntimeError(f"The services give different answers: {answers}.")
    print()
    return {"connections": load, "batches": batches}


def figures(load: Load) -> dict[str, Any]:
    """Return requests per second, and quantiles of the latency in milliseconds.

    Raises:
        RuntimeError: The status of an answer was not 200.
    """
    if set(load.statuses) != {200}:
        raise RuntimeError(f"The answers have the statuses {dict(load.statuses)}; expected 200 only.")
    p50, p95, p99 = (np.quantile(load.latencies, [0.5, 0.95, 0.99]) * 1000).round(3).tolist()
    rate = round(len(load.latencies) / load.seconds, 1)
    return {"requests": len(load.latencies), "requests_per_second": rate, "p50": p50, "p95": p95, "p99": p99}


def memory(network: Path, folder: Path, images: NDArray[np.uint8], count: int) -> dict[str, Any]:
    """Measure the resident memory of our service over many requests, some with images that need conversion.

    Args:
        network: File of the network.
        folder: Folder for the log of the service.
        images: Images uint8 [N, 28, 28].
        count: Number of requests.
    """
    variants = [*images[:200], *(255 - np.pad(image, 60) for image in images[200:210])]
    requests = [request(OURS.path, OURS.body(image[None])) for image in variants]
    step_count = count // MEMORY_STEPS
    rows = []
    with running(OURS, network, folder) as (port, process):
        generate(port, requests, connections=32, count=step_count)
        watching = watches_drift(port)
        rows.append({"requests": 0, "memory_bytes": memory_bytes(process)})
        for step in range(1, MEMORY_STEPS + 1):
            generate(port, requests, connections=32, count=step_count)
            rows.append({"requests": step * step_count, "memory_bytes": memory_bytes(process)})
    return {"drift_watching": watching, "memory": rows}


if __name__ == "__main__":
    main()
