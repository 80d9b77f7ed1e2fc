"""A small set of digits, its archive on disk, and a mirror on this machine."""

import gzip
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mnist_growth.digits import ArchiveConfig, DigitSet
from mnist_growth.digits.idx import images_sha256, labels_sha256, write_images, write_labels
from mnist_growth.digits.idx_set import IDX_NAMES


@pytest.fixture(scope="session")
def small_set() -> DigitSet:
    """30 training and 20 test images of noise, with all ten classes in both parts."""
    generator = np.random.default_rng(0)
    return DigitSet.from_arrays(
        generator.integers(0, 256, (30, 28, 28), np.uint8),
        np.arange(30) % 10,
        generator.integers(0, 256, (20, 28, 28), np.uint8),
        np.arange(20) % 10,
        dataset="small",
        requested="small",
        source="noise",
        files={},
    )


@pytest.fixture
def idx_folder(small_set: DigitSet, tmp_path: Path) -> Path:
    """The four IDX files of the small set, not gzipped."""
    folder = tmp_path / "idx"
    write_images(folder / IDX_NAMES.train_images, small_set.train.images)
    write_labels(folder / IDX_NAMES.train_labels, small_set.train.labels)
    write_images(folder / IDX_NAMES.test_images, small_set.test.images)
    write_labels(folder / IDX_NAMES.test_labels, small_set.test.labels)
    return folder


@pytest.fixture
def mirror(idx_folder: Path, tmp_path: Path) -> Path:
    """A folder that offers the four files gzipped, as mirrors on the web do."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name in IDX_NAMES:
        (folder / f"{name}.gz").write_bytes(gzip.compress((idx_folder / name).read_bytes()))
    return folder


@pytest.fixture(scope="session")
def sha256(small_set: DigitSet) -> dict[str, str]:
    """The digests of the four decompressed files."""
    return {
        "train_images": images_sha256(small_set.train.images),
        "train_labels": labels_sha256(small_set.train.labels),
        "test_images": images_sha256(small_set.test.images),
        "test_labels": labels_sha256(small_set.test.labels),
    }


@pytest.fixture
def archive(sha256: dict[str, str]) -> ArchiveConfig:
    """The small set as a catalog describes it, with digests and without mirrors."""
    files = {
        part: {"name": name, "sha256": sha256[part]} for part, name in zip(IDX_NAMES._fields, IDX_NAMES, strict=True)
    }
    return ArchiveConfig.model_validate({"mirrors": [], "files": files})


class Server(http.server.ThreadingHTTPServer):
    """Serves the files of a folder; paths in `answers` get that status and body instead."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers: dict[str, tuple[int, bytes, int]] = {}
        self.requested: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def answer(self, name: str, status: int, body: bytes = b"", missing_bytes: int = 0) -> None:
        """Answer with a body that ends `missing_bytes` before the declared length."""
        self.answers[f"/{name}"] = (status, body, len(body) + missing_bytes)


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requested.append(self.path)
        path = self.server.folder / self.path.lstrip("/")
        body = path.read_bytes() if path.is_file() else b""
        found = (200 if path.is_file() else 404, body, len(body))
        if "gzip" in self.headers.get("Accept-Encoding", ""):  # like servers that compress every response
            found = (found[0], gzip.compress(body), len(gzip.compress(body)))
        status, body, length = self.server.answers.get(self.path, found)
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        if self.path.endswith(".gz") and status == 200:
            self.send_header("Content-Encoding", "gzip")  # like some servers for .gz files
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep the output of the tests quiet."""


@pytest.fixture
def server(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A local web server for the mirror."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server(mirror) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
