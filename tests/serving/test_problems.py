"""Requests that no route answers."""

import dataclasses
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

Make = Callable[..., TestClient]


@pytest.mark.parametrize(
    ("method", "path", "allow", "sentence"),
    [
        ("GET", "/predict", "POST", "/predict does not accept GET; expected POST"),
        ("HEAD", "/predict", "POST", ""),
        ("PUT", "/explain", "POST", "/explain does not accept PUT; expected POST"),
        ("POST", "/health", "GET, HEAD", "/health does not accept POST; expected GET or HEAD"),
        ("DELETE", "/", "GET, HEAD", "/ does not accept DELETE; expected GET or HEAD"),
    ],
)
def test_another_method_gets_the_right_one(client_of: Make, method: str, path: str, allow: str, sentence: str) -> None:
    response = client_of().request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allow)
    assert response.text == (f'{{"detail":"{sentence}"}}' if sentence else "")


@pytest.mark.parametrize("path", ["/predictions", "/predict//", "/page/nothing.js"])
def test_an_unknown_path_is_named(client_of: Make, path: str) -> None:
    response = client_of().post(path) if path != "/page/nothing.js" else client_of().get(path)
    assert (response.status_code, response.json()["detail"]) == (404, f"There is no path {path}; /docs lists all paths")


def test_a_failure_is_a_sentence_without_its_cause(client_of: Make, texts: list[str]) -> None:
    client = client_of()

    def fail(images: object) -> None:
        raise ZeroDivisionError("a secret")

    service = client.service  # type: ignore[attr-defined]
    service.model = dataclasses.replace(service.model, predict=fail)
    response = client.post("/explain", json={"image": texts[0]})
    assert (response.status_code, response.json()) == (
        500,
        {"detail": "The service failed to answer this request; its log has the reason"},
    )
