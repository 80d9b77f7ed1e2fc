"""The storage of a search, in moments that an end-to-end test cannot choose."""

import optuna
import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from mnist_growth.studies import tuning_storage

RDBStorage = optuna.storages.RDBStorage


@pytest.fixture
def fails(monkeypatch):
    """Lets the first attempts to open a database fail; gives the list of the pauses."""
    pauses = []

    def install(error, attempts):
        left = [error] * attempts

        def opened(url, **options):
            if left:
                raise left.pop()
            return RDBStorage(url, **options)

        monkeypatch.setattr(optuna.storages, "RDBStorage", opened)
        monkeypatch.setattr(tuning_storage.time, "sleep", pauses.append)
        return pauses

    return install


def test_a_database_whose_tables_another_process_makes_is_opened_again(fails, tmp_path):
    pauses = fails(IntegrityError("CREATE TYPE", None, Exception("already exists")), 2)
    storage = tuning_storage.open_storage(f"sqlite:///{tmp_path / 'study.db'}", tmp_path / "journal")
    assert len(pauses) == 2
    assert storage.get_all_studies() == []
    storage.engine.dispose()


def test_a_database_that_cannot_be_reached_is_refused_at_once(fails, tmp_path):
    pauses = fails(OperationalError("connect", None, Exception("connection refused")), 1)
    with pytest.raises(ConnectionError, match=r"tune\.storage, sqlite:.* \(connection refused\); finished trainings"):
        tuning_storage.open_storage(f"sqlite:///{tmp_path / 'study.db'}", tmp_path / "journal")
    assert pauses == []
