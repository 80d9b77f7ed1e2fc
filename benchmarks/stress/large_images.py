"""Send images that are costly to decode to the service, one at a time and twenty at once.

One at a time, the largest increase of its memory over idle is measured. Twenty at once, `GET /health` is asked ten
times a second, and another client sends a digit again and again. Writes large_images.json. Exit code 1 if a request
takes more than 100 MB, `/health` takes more than 100 ms in the median or 1 s once, or the other client is not answered.
Needs Linux.
"""

import contextlib
import http.client
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.networks import network_file
from benchmarks.common.results import write_results
from benchmarks.serving.services import OURS, running
from benchmarks.stress.costly_images import KINDS, CostlyImage
from benchmarks.stress.malformed_requests import DIGIT

NAME = "large_images"
AT_ONCE = 20
MAX_BYTES = 100e6
MAX_MEDIAN, MAX_WORST = 0.1, 1.0  # seconds of GET /health
TIMEOUT = 120.0
_RESET_PEAK = "5"  # man 5 proc: /proc/pid/clear_refs


def main() -> None:
    """Send, print and write."""
    options_parser = parser(__doc__, "four images at once, without limits for the times")
    options_parser.add_argument("--only", nargs="+", default=list(KINDS), choices=list(KINDS))
    options = options_parser.parse_args()
    at_once = 4 if options.quick else AT_ONCE
    circumstances = Circumstances.now(quick=options.quick)
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        network = network_file(Path(temporary))
        for name in options.only:
            image = KINDS[name]()
            with running(OURS, network, Path(temporary)) as (port, process):
                rows.append({"kind": name, **one(port, process, image), **many(port, image, at_once)})
            print(_line(rows[-1]), flush=True)
    path = write_results(NAME, circumstances, {"at_once": at_once, "kinds": rows}, n=len(rows), quick=options.quick)
    defects = [defect for row in rows for defect in _defects(row, options.quick)]
    print("\n".join([*defects, f"Wrote {path}."]))
    sys.exit(bool(defects))


def one(port: int, process: psutil.Process, image: CostlyImage) -> dict[str, Any]:
    """Send one image; return its status, its duration and the largest increase of the memory of the service."""
    for _ in range(3):
        _post(port, OURS.body(DIGIT[None]), {"Content-Type": "application/json"})
    idle = process.memory_info().rss
    Path(f"/proc/{process.pid}/clear_refs").write_text(_RESET_PEAK)
    started = time.monotonic()
    status = _post(port, image.body, image.headers)
    seconds = time.monotonic() - started
    return {
        "body_bytes": len(image.body),
        "status": status,
        "seconds": round(seconds, 3),
        "idle_bytes": idle,
        "more_bytes": _peak_bytes(process.pid) - idle,
    }


def many(port: int, image: CostlyImage, at_once: int) -> dict[str, Any]:
    """Send images at once, and ask for the health and for a digit meanwhile."""
    done = threading.Event()
    health: list[float] = []
    digits: Counter[int] = Counter()

    def ask_health() -> None:
        while not done.is_set():
            started = time.monotonic()
            _get(port, "/health")
            health.append(time.monotonic() - started)
            time.sleep(0.1)

    def ask_digit() -> None:
        while not done.is_set():
            digits[_post(port, OURS.body(DIGIT[None]), {"Content-Type": "application/json"})] += 1

    others = [threading.Thread(target=function) for function in (ask_health, ask_digit)]
    for other in others:
        other.start()
    time.sleep(0.3)
    with ThreadPoolExecutor(at_once) as pool:
        statuses = Counter(pool.map(lambda _: _post(port, image.body, image.headers), range(at_once)))
    done.set()
    for other in others:
        other.join()
    return {
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
        "health_median": round(median(health), 4),
        "health_worst": round(max(health), 4),
        "health_count": len(health),
        "digits": {str(status): count for status, count in sorted(digits.items())},
    }


def _defects(row: dict[str, Any], quick: bool) -> list[str]:
    defects = []
    if row["more_bytes"] > MAX_BYTES:
        defects.append(f"{row['kind']}: one request takes {row['more_bytes'] / 1e6:.0f} MB")
    if set(row["digits"]) != {"200"}:
        defects.append(f"{row['kind']}: the other client received {row['digits']}")
    if not quick and (row["health_median"] > MAX_MEDIAN or row["health_worst"] > MAX_WORST):
        defects.append(f"{row['kind']}: /health takes {row['health_median']} s, at most {row['health_worst']} s")
    return defects


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['kind']:24} {row['body_bytes']:>10,} bytes: {row['status']} after {row['seconds']:.2f} s, "
        f"{row['more_bytes'] / 1e6:+6.1f} MB; at once {row['statuses']}, /health {row['health_median'] * 1000:.0f} ms, "
        f"at most {row['health_worst'] * 1000:.0f} ms, digits {row['digits']}"
    )


def _post(port: int, body: bytes, headers: dict[str, str]) -> int:
    """Send an image and return the status; 0 if the connection failed."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)) as connection:
        try:
            connection.request("POST", OURS.path, body, headers)
            response = connection.getresponse()
            response.read()
        except OSError:
            return 0
        return response.status


def _get(port: int, path: str) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)) as connection:
        connection.request("GET", path)
        connection.getresponse().read()


def _peak_bytes(pid: int) -> int:
    """Return the largest resident memory since it was last reset."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
