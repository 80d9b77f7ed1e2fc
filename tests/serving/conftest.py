"""A small network that knows digits, and a service around it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from fastapi.testclient import TestClient
from served import Source, base64_of, png

import configured
from mnist_growth.digits import sample_digits
from mnist_growth.learning import GrowingAdamW
from mnist_growth.network import GrowingMLP, TrainedNetwork
from mnist_growth.serving.app import create_app
from mnist_growth.serving.service import Service

DIGITS = sample_digits()


@pytest.fixture(scope="session")
def trained() -> TrainedNetwork:
    """A network of 32 neurons that has seen the sample twice: about nine of ten digits are right."""
    generator = torch.Generator().manual_seed(0)
    network = GrowingMLP([32], generator=generator)
    optimizer = GrowingAdamW(network)
    images, labels = torch.from_numpy(DIGITS.train.images), torch.from_numpy(DIGITS.train.labels)
    for _ in range(2):
        for batch in torch.randperm(len(images), generator=generator).split(100):
            optimizer.zero_grad()
            F.cross_entropy(network(images[batch]), labels[batch]).backward()
            optimizer.step(learning_rate=0.005)
    network.eval().requires_grad_(False)
    return TrainedNetwork(network, dataset="sample", fingerprint=DIGITS.fingerprint, epochs=2)


@pytest.fixture
def source(trained: TrainedNetwork) -> Source:
    return Source(trained)


@pytest.fixture
def client_of(source: Source) -> Iterator[Callable[..., TestClient]]:
    """Makes clients of services: limits by name, and a token."""
    clients = []

    def make(token: str | None = None, **limits: Any) -> TestClient:
        service = Service(source, configured.serving(**limits))
        client = TestClient(create_app(service, token=token), raise_server_exceptions=False)
        client.service = service  # type: ignore[attr-defined]
        client.__enter__()
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """The test digits of the sample as base64 of PNG files."""
    return [base64_of(png(image)) for image in DIGITS.test.images]
