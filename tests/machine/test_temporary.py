import subprocess
import sys

import pytest

from mnist_growth.machine import folder_in_use, is_in_use, remove_abandoned, temporary_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot lock a folder")

HOLD = """
import sys
from pathlib import Path
from mnist_growth.machine.temporary import temporary_folder
with temporary_folder(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("half")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that uses a temporary folder below this one."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "below" / "file"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline().startswith(f"{tmp_path}/below/.file.")
    yield process
    process.kill()
    process.communicate()


def test_a_temporary_folder_is_removed_on_exit(tmp_path):
    with temporary_folder(tmp_path / "file") as folder:
        (folder / "content").write_text("x")
        assert folder.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_a_temporary_folder_is_removed_after_an_error(tmp_path):
    with pytest.raises(KeyboardInterrupt), temporary_folder(tmp_path / "file"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_temporary_folder_is_kept_until_its_process_is_killed(tmp_path, other):
    assert remove_abandoned(tmp_path) == []
    assert len(list(tmp_path.rglob("half"))) == 1
    other.kill()
    other.wait()

    assert remove_abandoned(tmp_path, below=False) == []
    (removed,) = remove_abandoned(tmp_path)

    assert removed.parent == tmp_path / "below"
    assert list((tmp_path / "below").iterdir()) == []


def test_folders_in_use_and_folders_with_other_names_are_kept(tmp_path):
    (tmp_path / ".file.tmp").write_text("a file of somebody else")
    with temporary_folder(tmp_path / "file") as folder:
        assert remove_abandoned(tmp_path) == []
        assert folder.is_dir()
    assert [path.name for path in tmp_path.iterdir()] == [".file.tmp"]


def test_a_folder_that_is_removed_before_it_is_locked_is_created_again(tmp_path, monkeypatch):
    from mnist_growth.machine import temporary

    opened, taken = temporary.os.open, []

    def open_too_late(path, flags):
        descriptor = opened(path, flags)
        if not taken:
            taken.append(path)
            path.rmdir()
        return descriptor

    monkeypatch.setattr(temporary.os, "open", open_too_late)
    with temporary_folder(tmp_path / "file") as folder:
        assert folder.is_dir()
        assert taken == [folder]
        monkeypatch.undo()
        assert remove_abandoned(tmp_path) == []


def test_a_folder_is_in_use_until_its_process_is_killed(tmp_path, other):
    (folder,) = (tmp_path / "below").iterdir()
    assert is_in_use(folder)
    other.kill()
    other.wait()
    assert not is_in_use(folder)
    assert not is_in_use(tmp_path / "nothing")


def test_only_an_empty_folder_is_removed_on_exit(tmp_path):
    for name in ("empty", "full"):
        with folder_in_use(tmp_path / name):
            assert is_in_use(tmp_path / name)
    with folder_in_use(tmp_path / "full"):
        (tmp_path / "full" / "file").write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
    assert not is_in_use(tmp_path / "full")
