"""A small part of `benchmarks/fuzz_serving.py`: nothing that a client sends makes the service fail."""

import dataclasses
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from fastapi.testclient import TestClient

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "fuzz_serving.py"
LIMIT = 200_000  # bytes of a body here


@pytest.fixture(scope="module")
def fuzz() -> Iterator[ModuleType]:
    specification = importlib.util.spec_from_file_location("fuzz_serving", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["fuzz_serving"] = module
    specification.loader.exec_module(module)
    yield module
    del sys.modules["fuzz_serving"]


def sender(client: TestClient) -> Callable[[str, str, bytes, dict[str, str]], int]:
    return lambda method, path, body, headers: client.request(method, path, content=body, headers=headers).status_code


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_malformed_questions_are_refused(fuzz: ModuleType, client_of: Callable[..., TestClient]) -> None:
    report = fuzz.fuzz(sender(client_of(max_body_bytes=LIMIT, max_pixels=1_000_000)), cases=600, seed=1)
    assert report.defects == []
    assert report.statuses[200] > 30
    assert report.statuses[422] > 100
    assert sum(report.statuses.values()) == 600


def test_what_is_wrong_is_found(fuzz: ModuleType, client_of: Callable[..., TestClient]) -> None:
    client = client_of()

    def fail(images: object) -> None:
        raise ZeroDivisionError

    service = client.service  # type: ignore[attr-defined]
    service.model = dataclasses.replace(service.model, predict=fail)
    report = fuzz.fuzz(sender(client), cases=60, seed=1)
    assert any("status 500" in defect for defect in report.defects)
