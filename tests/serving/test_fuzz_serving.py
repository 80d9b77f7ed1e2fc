"""A small part of `benchmarks.stress.fuzz_serving`: nothing that a client sends makes the service fail."""

import dataclasses
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from benchmarks.stress.fuzz_serving import fuzz
from benchmarks.stress.malformed_requests import Request

LIMIT = 200_000  # bytes of a body in these tests


def sender(client: TestClient) -> Callable[[Request], int]:
    def send(request: Request) -> int:
        headers = request.headers
        return client.request(request.method, request.path, content=request.body, headers=headers).status_code

    return send


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_malformed_requests_are_refused(client_of: Callable[..., TestClient]) -> None:
    report = fuzz(sender(client_of(max_body_bytes=LIMIT, max_pixels=1_000_000)), cases=600, seed=1)
    assert report.defects == []
    assert report.statuses[200] > 30
    assert report.statuses[422] > 100
    assert sum(report.statuses.values()) == 600


def test_a_service_that_fails_is_a_defect(client_of: Callable[..., TestClient]) -> None:
    client = client_of()

    def fail(images: object) -> None:
        raise ZeroDivisionError

    service = client.service  # type: ignore[attr-defined]
    service.model = dataclasses.replace(service.model, predict=fail)
    report = fuzz(sender(client), cases=60, seed=1)
    assert any("status 500" in defect for defect in report.defects)
