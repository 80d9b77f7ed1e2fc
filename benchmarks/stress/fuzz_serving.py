"""Send malformed requests to the service.

First sends 10,000 requests to a service in a process of its own: random bytes, mutated and nested JSON, and base64 of
image files of every format with flipped, missing, repeated and forged bytes. Then schemathesis, where it is installed,
reads the description of the interface (OpenAPI) and sends what it allows and what it forbids. No answer may have a
status of 500 or more, except 503 for too many concurrent requests; no answer may take longer than 20 seconds; and
afterwards the service must still answer correctly and use little more memory than before. Writes fuzz_serving.json.
Exit code 1 if one of these does not hold.
"""

import http.client
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.networks import network_file
from benchmarks.common.results import write_results
from benchmarks.serving.services import OURS, ask, digit_in, memory_bytes, running
from benchmarks.stress.malformed_requests import DIGIT, Request, malformed

NAME = "fuzz_serving"
ANSWER_TIMEOUT = 20  # seconds
MAX_GROWTH = 300e6  # bytes; decoding an image of 16 million pixels takes 64 MB and more
QUICK_CASES, QUICK_EXAMPLES = 200, 5
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"

Send = Callable[[Request], int]
"""Sends a request and returns the status of the answer."""


@dataclass
class Report:
    """The answers to many requests.

    Attributes:
        statuses: Number of answers by status.
        defects: Answers that the service must not give.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    defects: list[str] = field(default_factory=list)


def main() -> None:
    """Fuzz, let schemathesis test, and write."""
    options_parser = parser(__doc__, f"{QUICK_CASES} requests, {QUICK_EXAMPLES} examples of schemathesis")
    options_parser.add_argument("--cases", type=int, default=10_000, help="number of requests")
    options_parser.add_argument("--seed", type=int, default=0)
    options_parser.add_argument("--examples", type=int, default=200, help="of schemathesis, for each operation")
    options = options_parser.parse_args()
    if options.quick:
        options.cases, options.examples = QUICK_CASES, QUICK_EXAMPLES
    circumstances = Circumstances.now(quick=options.quick)
    with tempfile.TemporaryDirectory() as temporary:
        network = network_file(Path(temporary))
        with running(OURS, network, Path(temporary)) as (port, process):
            before, memory = ask_digit(port), memory_bytes(process)
            with Client(port) as send:
                report = fuzz(send, options.cases, options.seed)
            growth = memory_bytes(process) - memory
            if growth > MAX_GROWTH:
                report.defects.append(f"The memory grew by {growth / 1e6:.0f} MB.")
            examples = options.examples if find_spec("schemathesis") else 0
            if examples and not conforms(port, examples, options.seed):
                report.defects.append("schemathesis found defects; see its output.")
            if ask_digit(port) != before:
                report.defects.append("The service gives another answer than before.")
    findings: dict[str, Any] = {
        "seed": options.seed,
        "statuses": {str(status): count for status, count in sorted(report.statuses.items())},
        "memory_bytes": memory,
        "memory_growth_bytes": growth,
        "schemathesis_examples": examples,
        "defects": report.defects,
    }
    path = write_results(NAME, circumstances, findings, n=options.cases, quick=options.quick)
    print(f"{options.cases} requests, answers by status: {findings['statuses']}.")
    print(f"Memory: {memory / 1e6:.0f} MB, {growth / 1e6:+.1f} MB afterwards.")
    print("schemathesis is not installed." if not examples else f"schemathesis: {examples} examples per operation.")
    print("\n".join(report.defects) or "No defects.", f"Wrote {path}.", sep="\n")
    sys.exit(bool(report.defects))


def fuzz(send: Send, cases: int, seed: int) -> Report:
    """Send malformed requests, the same for the same seed.

    Args:
        send: Sends a request.
        cases: Number of requests.
        seed: Seed of the requests.
    """
    generator = random.Random(seed)
    report = Report()
    for number in range(cases):
        request = malformed(generator)
        name = f"Case {number} ({request.method} {request.path}, {len(request.body)} bytes: {request.body[:80]!r})"
        try:
            status = send(request)
        except Exception as error:  # any failure is a defect of the service
            report.defects.append(f"{name}: {type(error).__name__}: {error}")
            continue
        report.statuses[status] += 1
        if status >= 500 and status != 503:
            report.defects.append(f"{name}: status {status}")
    return report


class Client:
    """Sends requests over one connection, which is opened again whenever the service has closed it."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_TIMEOUT)

    def __enter__(self) -> Send:
        return self.send

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def send(self, request: Request) -> int:
        """Send a request and return the status of the answer."""
        self.connection.request(request.method, request.path, request.body, request.headers)
        response = self.connection.getresponse()
        response.read()
        return response.status


def ask_digit(port: int) -> int:
    """Ask the service for a known digit."""
    return digit_in(OURS, ask(port, OURS.path, OURS.body(DIGIT[None])))


def conforms(port: int, examples: int, seed: int) -> bool:
    """Return whether schemathesis finds no defect: no status of 500, and answers as described.

    Args:
        port: Port of the service.
        examples: Number of examples for each operation.
        seed: Seed of schemathesis.
    """
    command = [Path(sys.executable).with_name("schemathesis"), "run", f"http://127.0.0.1:{port}/openapi.json"]
    command += ["--max-examples", str(examples), "--seed", str(seed), "--request-timeout", str(ANSWER_TIMEOUT)]
    command += ["--checks", CHECKS, "--workers", "1", "--no-color"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)
    print(done.stdout[-6000:] + done.stderr[-2000:])
    return done.returncode == 0


if __name__ == "__main__":
    main()
