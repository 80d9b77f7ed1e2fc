import pytest
from kedro.io import DataCatalog, MemoryDataset
from versioned import numbers


@pytest.fixture
def catalog(tmp_path):
    return DataCatalog(
        {
            "start": MemoryDataset(1),
            "made": numbers(tmp_path, "made"),
            "given": numbers(tmp_path, "given"),
            "network": numbers(tmp_path, "network"),
        }
    )
