import pytest

from mnist_growth import cleaning
from mnist_growth.machine import folder_in_use

NAMES = [f"2026-01-0{day}T00.00.00.000Z" for day in (4, 3, 2, 1)]


@pytest.fixture
def data(tmp_path):
    """Four versions of two datasets, raw data, and what an interrupted save left."""
    for dataset in ("06_models/checkpoints", "08_reporting/report.html", "01_raw/mnist"):
        for name in NAMES:
            folder = tmp_path / dataset / name
            folder.mkdir(parents=True)
            (folder / "file").write_bytes(b"12345")
    (tmp_path / "08_reporting/.report.html.x.tmp").mkdir()
    (tmp_path / "08_reporting/.gitkeep").touch()
    return tmp_path


def chosen(data, keep=1, kept=None, since=None):
    found = cleaning.versions(data)
    names = [
        (version.folder.parent.name, version.name) for version in cleaning.removable(found, keep, kept or {}, since)
    ]
    assert all(folder.parent.name != "01_raw" for folder in found)
    return [NAMES.index(name) for dataset, name in names if dataset == "report.html"], [
        NAMES.index(name) for dataset, name in names if dataset == "checkpoints"
    ]


def test_the_newest_versions_stay(data):
    assert chosen(data) == ([1, 2, 3], [1, 2, 3])
    assert chosen(data, keep=3) == ([3], [3])
    assert chosen(data, keep=9) == ([], [])


def test_versions_of_kept_networks_stay(data):
    assert chosen(data, kept={"": [NAMES[2]], "report.html": [NAMES[3]]}) == ([1], [1, 3])


def test_versions_since_a_running_run_began_stay(data):
    assert chosen(data, since=NAMES[2]) == ([3], [3])
    assert chosen(data, since="2026-01-02T12.00.00.000Z") == ([2, 3], [2, 3])


def test_versions_since_a_running_training_began_stay(data):
    with folder_in_use(data / "06_models/checkpoints" / NAMES[1]):
        assert chosen(data) == ([2, 3], [2, 3])


def test_removed_versions_are_gone_and_their_size_is_known(data):
    found = cleaning.versions(data)
    versions = cleaning.removable(found, 3, {}, None)

    cleaning.remove(versions)

    assert [version.size for version in versions] == [5, 5]
    assert sorted(path.name for path in (data / "08_reporting/report.html").iterdir()) == sorted(NAMES[:3])
    assert len(list((data / "01_raw/mnist").iterdir())) == 4
