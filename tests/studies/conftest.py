import pytest
from small_study import Laboratory


@pytest.fixture
def laboratory(tmp_path):
    return Laboratory(tmp_path / "trainings")
