"""The service of a project, and questions to it."""

import json
import re
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kedro_project import Project


@contextmanager
def served(project: Project, *arguments: str) -> Iterator[str]:
    """Start the service, give its address, and stop it: in good order, with nothing to complain of."""
    command = project.start("serve", "--port", "0", *arguments)
    found = command.wait_until(lambda: re.search(r"Listening on (http://127\.0\.0\.1:\d+)\n", command.output))
    yield found[1]
    result = command.send(signal.SIGTERM)
    assert (result.code, result.stderr) == (0, "")


def ask(address: str, body: Any = None) -> Any:
    """Return the answer to a body, or to none."""
    content = None if body is None else json.dumps(body).encode()
    question = urllib.request.Request(address, content, {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(question, timeout=30) as response:
        return json.loads(response.read())
