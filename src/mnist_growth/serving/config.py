"""Parameters of the service."""

from typing import Literal

from pydantic import Field

from mnist_growth.config_model import ConfigModel

BackendName = Literal["torch", "onnx", "int8"]


class ServingConfig(ConfigModel):
    """How the service listens, what it accepts, and how it computes; group ``serving`` of the parameters."""

    host: str
    """Address to listen on; the default is reachable from this machine only."""
    port: int = Field(ge=0, le=65_535)
    """Port to listen on; 0 takes one that is free."""
    backend: BackendName
    """What computes the network: torch, or onnxruntime with what the pipeline ``export`` has made of it."""
    canonical_form: bool
    """Whether images are brought to MNIST form; if not, they have to be 28 x 28 pixels, as the network was trained."""
    workers: int = Field(ge=1, le=64)
    """Processes that answer, each with a copy of the network."""
    threads: int = Field(ge=1, le=256)
    """Threads of each process for the products of matrices."""
    max_batch: int = Field(ge=1, le=4096)
    """Images that go through the network together at most."""
    max_wait_milliseconds: float = Field(ge=0, le=1000)
    """Longest time that an image waits for others to share its batch; 0: only for those that have arrived already."""
    max_requests: int = Field(ge=1, le=100_000)
    """Requests in work at a time and process; more are answered with 503."""
    max_images: int = Field(ge=1, le=10_000)
    """Images in one request."""
    max_body_bytes: int = Field(ge=1000, le=1_000_000_000)
    """Largest body of a request, in bytes; more is answered with 413."""
    max_pixels: int = Field(ge=784, le=200_000_000)
    """Largest height times width of an image."""
    timeout_seconds: float = Field(gt=0, le=3600)
    """Longest time to receive and answer a request, and to finish what was begun when the service is stopped."""
    drain_seconds: float = Field(ge=0, le=3600)
    """Time between a stop and the end of listening: clients with open connections are told to leave in it."""
    cors_origins: tuple[str, ...] = Field(strict=False)
    """Addresses of other sites whose pages may use the service, such as https://example.org."""
