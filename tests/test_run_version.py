import logging

import pytest

from mnist_growth.run_version import RunStore, later_version

NOW = "2026-03-01T12.00.00.000Z"


@pytest.fixture
def data(tmp_path):
    """Versions of two datasets, and names that are no times."""
    for name in (
        "06_models/network.safetensors/2026-02-28T23.59.59.999Z",
        "08_reporting/report.html/2026-02-01T00.00.00.000Z",
        "08_reporting/report.html/latest",
        "01_raw/mnist/zzz",
    ):
        (tmp_path / "data" / name).mkdir(parents=True)
    return tmp_path / "data"


def test_the_time_is_the_version_while_the_clock_goes_forward(data, caplog):
    assert later_version(NOW, data) == NOW
    assert caplog.records == []


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        (NOW, "2026-03-01T12.00.00.001Z"),
        ("2027-12-31T23.59.59.999Z", "2028-01-01T00.00.00.000Z"),
        ("2026-03-01T12.00.00.419Z", "2026-03-01T12.00.00.420Z"),
    ],
)
def test_after_the_clock_was_set_back_a_version_still_follows_all_others(data, caplog, newest, expected):
    (data / "06_models" / "checkpoints" / newest).mkdir(parents=True)
    with caplog.at_level(logging.WARNING):
        assert later_version(NOW, data) == expected
    assert f"this run saves version {expected}" in caplog.text


def test_without_data_the_time_is_the_version(tmp_path):
    assert later_version(NOW, tmp_path / "data") == NOW


def test_the_store_of_a_session_moves_only_its_id(data):
    (data / "06_models" / "checkpoints" / NOW).mkdir(parents=True)
    store = RunStore((data.parent / "sessions").as_posix(), NOW)
    store.update({"session_id": NOW, "env": NOW})
    assert store.data == {"session_id": "2026-03-01T12.00.00.001Z", "env": NOW}
