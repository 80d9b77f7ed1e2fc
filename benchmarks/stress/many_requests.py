"""Check that the memory of the service does not grow with the number of requests while it watches for drift.

Sends 20,000 requests, one in ten with an image that has to be decoded and prepared, over 8 connections. The resident
memory is measured 20 times, and the drift is asked for each time; a line is fitted to the second half. Writes
many_requests.json. Exit code 1 if the memory grows by more than 500 bytes per request, or an answer is not 200.
"""

import io
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.networks import network_file
from benchmarks.common.results import write_results
from benchmarks.serving.load_generator import generate, request
from benchmarks.serving.services import OURS, ask, memory_bytes, running, watches_drift
from mnist_growth.digits import sample_digits

NAME = "many_requests"
CONNECTIONS = 8
STEPS = 20
WARM_UP = 1_000  # requests
MAX_SLOPE = 500  # bytes per request: 10 MB over 20,000
QUICK_REQUESTS = 400


def main() -> None:
    """Send, fit a line, print and write."""
    options_parser = parser(__doc__, f"{QUICK_REQUESTS} requests; the slope is not checked")
    options_parser.add_argument("--requests", type=int, default=20_000)
    options = options_parser.parse_args()
    count = QUICK_REQUESTS if options.quick else options.requests
    circumstances = Circumstances.now(quick=options.quick)
    statuses: Counter[int] = Counter()
    resident = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with running(OURS, network_file(folder), folder) as (port, process):
            watching = watches_drift(port)
            requests = _requests()
            statuses += generate(port, requests, connections=CONNECTIONS, count=min(WARM_UP, count)).statuses
            for _ in range(STEPS):
                statuses += generate(port, requests, connections=CONNECTIONS, count=count // STEPS).statuses
                ask(port, "/drift")
                resident.append(memory_bytes(process))
    half = STEPS // 2
    slope = float(np.polyfit(np.arange(half) * (count // STEPS), resident[-half:], 1)[0])
    findings = {
        "watching_drift": watching,
        "statuses": {str(status): number for status, number in statuses.items()},
        "rss_bytes": resident,
        "bytes_per_request": round(slope, 1),
        "max_bytes_per_request": MAX_SLOPE,
    }
    path = write_results(NAME, circumstances, findings, n=count, quick=options.quick)
    start, middle, end = (resident[step] / 1e6 for step in (0, half, -1))
    print(f"{count:,} requests, answers {findings['statuses']}, watching for drift: {watching}.")
    print(
        f"Resident memory: {start:.1f} MB, {middle:.1f} MB, {end:.1f} MB; {slope:+.0f} bytes per request in the second"
    )
    print(f"half (at most {MAX_SLOPE}). Wrote {path}.")
    sys.exit(not watching or set(statuses) != {200} or (slope > MAX_SLOPE and not options.quick))


def _requests() -> list[bytes]:
    """Make different requests: digits, and one in ten a larger image on light paper."""
    requests = []
    for number, image in enumerate(sample_digits().test.images[:500]):
        if number % 10:
            requests.append(request(OURS.path, OURS.body(image[None])))
        else:
            file = io.BytesIO()
            Image.fromarray(255 - np.pad(image, 6)).resize((200, 200)).save(file, "JPEG")
            requests.append(_file_request(file.getvalue()))
    return requests


def _file_request(content: bytes) -> bytes:
    head = f"POST {OURS.path} HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


if __name__ == "__main__":
    main()
