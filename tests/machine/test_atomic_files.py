import pytest

from mnist_growth.machine import atomic_folder


def names(folder):
    """Paths below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_folder_appears_in_one_step_with_its_content(tmp_path):
    folder = tmp_path / "name" / "version" / "name"
    with atomic_folder(folder) as temporary:
        (temporary / "sub").mkdir()
        (temporary / "sub" / "file").write_text("content")
        assert not folder.exists()

    assert names(tmp_path) == [
        "name",
        "name/version",
        "name/version/name",
        "name/version/name/sub",
        "name/version/name/sub/file",
    ]
    assert (folder / "sub" / "file").read_text() == "content"


def fail(folder, error):
    """Write half of a folder."""
    with atomic_folder(folder) as temporary:
        (temporary / "file").write_text("half")
        raise error


@pytest.mark.parametrize("error", [ValueError("wrong"), KeyboardInterrupt()])
def test_a_folder_that_fails_leaves_nothing(tmp_path, error):
    with pytest.raises(type(error)):
        fail(tmp_path / "name" / "version" / "name", error)

    assert names(tmp_path) == []


def test_an_earlier_version_is_kept_if_a_later_one_fails(tmp_path):
    with atomic_folder(tmp_path / "name" / "first" / "name") as temporary:
        (temporary / "file").write_text("first")
    with pytest.raises(OSError, match="full") as raised:
        fail(tmp_path / "name" / "second" / "name", OSError(28, "The disk is full"))

    assert raised.value.__notes__ == [f"Cannot save {tmp_path}/name/second/name"]
    assert names(tmp_path) == ["name", "name/first", "name/first/name", "name/first/name/file"]


def test_a_folder_with_content_is_not_replaced(tmp_path):
    folder = tmp_path / "name"
    folder.mkdir()
    (folder / "file").write_text("first")
    with pytest.raises(OSError, match="not empty"), atomic_folder(folder) as temporary:
        (temporary / "file").write_text("second")

    assert (folder / "file").read_text() == "first"
    assert names(tmp_path) == ["name", "name/file"]
