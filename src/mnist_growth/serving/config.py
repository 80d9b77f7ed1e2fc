"""Parameters of the service."""

import re
from typing import Literal

from pydantic import Field, field_validator

from mnist_growth.config_model import ConfigModel

BackendName = Literal["auto", "torch", "onnx", "int8"]


class ServingConfig(ConfigModel):
    """Group ``serving`` of the parameters: the HTTP service."""

    host: str
    port: int = Field(ge=0, le=65_535)
    root_path: str
    backend: BackendName
    workers: int = Field(ge=1, le=64)
    start_seconds: float = Field(gt=0, le=3600)
    max_restarts: int = Field(ge=0, le=1000)
    restart_seconds: float = Field(gt=0, le=86_400)
    threads: int = Field(ge=1, le=256)
    max_batch: int = Field(ge=1, le=4096)
    max_wait_milliseconds: float = Field(ge=0, le=1000)
    max_requests: int = Field(ge=1, le=100_000)
    max_images: int = Field(ge=1, le=10_000)
    max_body_bytes: int = Field(ge=1000, le=1_000_000_000)
    max_pixels: int = Field(ge=784, le=1_000_000_000)
    max_decoding_bytes: int = Field(ge=1_000_000, le=100_000_000_000)
    min_confidence: float = Field(ge=0, le=1)
    timeout_seconds: float = Field(gt=0, le=3600)
    drain_seconds: float = Field(ge=0, le=3600)
    cors_origins: tuple[str, ...] = Field(strict=False)

    @field_validator("root_path")
    @classmethod
    def _is_prefix(cls, path: str) -> str:
        if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", path):
            raise ValueError(
                f"Parameter 'serving.root_path' is {path!r}; expected a path such as /digits, "
                "with a slash only before each name, or an empty text."
            )
        return path
