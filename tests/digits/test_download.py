import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mnist_growth.digits.download import Mirrors, NoMirrorError, WrongContentError
from mnist_growth.machine import files

NAME = "train-labels-idx1-ubyte"
NAMES = (f"{NAME}.gz", NAME)


def accept(path: Path) -> None:
    """Find nothing wrong with any content."""


def expect(content: bytes) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        if path.read_bytes() != content:
            raise ValueError(f"{path} has another content")

    return check


@pytest.fixture
def silent_address() -> Iterator[str]:
    """An address that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


@pytest.fixture
def dead_address() -> str:
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}/"


def test_file_is_downloaded_unchanged(server: Any, mirror: Path, tmp_path: Path) -> None:
    content = (mirror / NAMES[0]).read_bytes()
    used = Mirrors([server.address]).fetch(NAMES, tmp_path / "raw", expect(content))
    assert used == server.address
    assert (tmp_path / "raw" / NAMES[0]).read_bytes() == content
    assert len(list((tmp_path / "raw").iterdir())) == 1


def test_file_is_copied_from_a_folder(mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (mirror / NAMES[0]).read_bytes()
    monkeypatch.setenv("HOME", str(mirror.parent))
    monkeypatch.chdir(mirror.parent)
    for number, address in enumerate([str(mirror), "mirror", "~/mirror", "mirror/"]):
        folder = tmp_path / str(number)
        assert Mirrors([address]).fetch(NAMES, folder, expect(content)) == address
        assert (folder / NAMES[0]).read_bytes() == content


def test_mirror_may_provide_only_the_plain_file(server: Any, idx_folder: Path, tmp_path: Path) -> None:
    server.folder = idx_folder
    for address in (server.address, str(idx_folder)):
        Mirrors([address]).fetch(NAMES, tmp_path / "raw", accept)
        (tmp_path / "raw" / NAME).unlink()
    assert server.requested == [f"/{NAMES[0]}", f"/{NAME}"]


def test_next_mirror_is_tried_after_any_failure(server: Any, mirror: Path, dead_address: str, tmp_path: Path) -> None:
    good = (mirror / NAMES[0]).read_bytes()
    server.answer(f"wrong/{NAMES[0]}", 200, b"wrong")
    server.answer(f"cut/{NAMES[0]}", 200, good[:-9], missing_bytes=9)
    server.answer(f"broken/{NAMES[0]}", 418)
    bad = [dead_address, "no/such/folder", *(f"{server.address}{name}" for name in ("wrong", "cut", "broken", "gone"))]
    used = Mirrors([*bad, server.address]).fetch(NAMES, tmp_path / "raw", expect(good))
    assert used == server.address
    assert [path.name for path in (tmp_path / "raw").iterdir()] == [NAMES[0]]


def test_overloaded_server_is_retried(server: Any, mirror: Path, tmp_path: Path) -> None:
    server.answer(NAMES[0], 503)
    with pytest.raises(NoMirrorError, match="HTTP 503"):
        Mirrors([server.address]).fetch(NAMES, tmp_path / "raw", accept)
    assert server.requested == [f"/{NAMES[0]}"] * 3


def test_last_successful_mirror_is_tried_first_for_next_file(server: Any, dead_address: str, tmp_path: Path) -> None:
    mirrors = Mirrors([f"{server.address}gone/", server.address])
    mirrors.fetch(NAMES, tmp_path / "raw", accept)
    server.requested.clear()
    mirrors.fetch(("t10k-labels-idx1-ubyte.gz",), tmp_path / "raw", accept)
    assert server.requested == ["/t10k-labels-idx1-ubyte.gz"]


def test_error_names_each_mirror_with_its_reason(server: Any, dead_address: str, tmp_path: Path) -> None:
    mirrors = Mirrors([dead_address, f"{server.address}gone", "no/such/folder", str(tmp_path), "http://[bad/"])
    with pytest.raises(NoMirrorError, match="No mirror provides train-labels") as refusal:
        mirrors.fetch(NAMES, tmp_path / "raw", accept)
    for part in (
        f"{dead_address} (no connection)",
        f"{server.address}gone (HTTP 404 for {NAMES[0]})",
        "no/such/folder (the folder does not exist)",
        f"{tmp_path} ({NAMES[0]} not found)",
        "http://[bad/ (invalid address)",
    ):
        assert part in str(refusal.value)
    assert not list(tmp_path.rglob("*train-labels*tmp*"))


def test_error_for_wrong_content_names_address_and_no_file_is_kept(server: Any, tmp_path: Path) -> None:
    with pytest.raises(WrongContentError, match=rf"^{server.address}{NAMES[0]} has another content$"):
        Mirrors([server.address, "no/such/folder"]).fetch(NAMES, tmp_path / "raw", expect(b"right"))
    assert not list((tmp_path / "raw").iterdir())


def test_no_credentials_are_shown_or_returned(server: Any, mirror: Path, dead_address: str, tmp_path: Path) -> None:
    with_user, dead = (address.replace("//", "//me:secret@") for address in (server.address, dead_address))
    content = (mirror / NAMES[0]).read_bytes()
    assert Mirrors([with_user]).fetch(NAMES, tmp_path / "raw", expect(content)) == server.address.replace(
        "//", "//***@"
    )
    with pytest.raises(WrongContentError, match=r"//\*\*\*@127\.0\.0\.1.* has another content$"):
        Mirrors([with_user]).fetch(NAMES, tmp_path / "other", expect(b"right"))
    with pytest.raises(NoMirrorError, match=r"//\*\*\*@127\.0\.0\.1.* \(no connection\)$"):
        Mirrors([dead]).fetch(NAMES, tmp_path / "other", accept)


def test_lost_connection_leaves_no_file(server: Any, tmp_path: Path) -> None:
    server.answer(NAMES[0], 200, b"half", missing_bytes=4)
    with pytest.raises(NoMirrorError, match="the connection was lost"):
        Mirrors([server.address]).fetch(NAMES, tmp_path / "raw", accept)
    assert not list((tmp_path / "raw").iterdir())


def test_total_waiting_time_is_limited(server: Any, silent_address: str, tmp_path: Path) -> None:
    started = time.monotonic()
    mirrors = Mirrors([silent_address, f"{silent_address}second/"], seconds=0.4)
    for _ in range(5):
        with pytest.raises(NoMirrorError, match=r"no response within|as the time limit was reached"):
            mirrors.fetch(NAMES, tmp_path / "raw", accept)
    assert time.monotonic() - started < 1.8


def test_unresponsive_mirror_leaves_time_for_the_next(server: Any, silent_address: str, tmp_path: Path) -> None:
    used = Mirrors([silent_address, server.address], seconds=1.0).fetch(NAMES, tmp_path / "raw", accept)
    assert used == server.address


def test_dns_lookup_time_is_limited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def hang(*_: object, **__: object) -> None:
        time.sleep(1.0)
        raise OSError("unknown host")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    started = time.monotonic()
    with pytest.raises(NoMirrorError, match="no response within the time limit"):
        Mirrors(["http://mirror.invalid/"], seconds=0.2).fetch(NAMES, tmp_path / "raw", accept)
    assert time.monotonic() - started < 0.9


def test_interruption_leaves_no_file(mirror: Path, tmp_path: Path) -> None:
    def interrupt(path: Path) -> None:
        assert path.exists()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Mirrors([str(mirror)]).fetch(NAMES, tmp_path / "raw", interrupt)
    assert not list((tmp_path / "raw").iterdir())


def test_full_disk_is_not_reported_as_mirror_failure(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "flush_to_disk", full_disk)
    with pytest.raises(OSError, match=rf"^Cannot save .*{NAMES[0]}: No space left on device$"):
        Mirrors([server.address, "no/such/folder"]).fetch(NAMES, tmp_path / "raw", accept)
    assert not list((tmp_path / "raw").iterdir())


def test_error_names_folder_that_cannot_be_created(mirror: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"^Cannot save .*: Not a directory$"):
        Mirrors([str(mirror)]).fetch(NAMES, tmp_path / "file" / "raw", accept)


def test_a_mirror_may_be_an_https_address(dead_address: str, tmp_path: Path) -> None:
    secure = dead_address.replace("http://", "https://")
    with pytest.raises(NoMirrorError, match=re.escape(f"{secure} (no connection)")):
        Mirrors([secure]).fetch(("a",), tmp_path, lambda _: None)
