import json
from pathlib import Path

import numpy as np
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

import configured
from mnist_growth.datasets import DigitsDataset
from mnist_growth.digits import Digits, DigitSet, sample_digits
from mnist_growth.pipelines.ingest import create_pipeline

ARCHIVE = configured.archive()


def test_ingest_takes_a_set_apart_and_describes_it() -> None:
    digit_set = sample_digits(requested="mnist")
    catalog = DataCatalog(
        {"digit_archive": MemoryDataset(digit_set, copy_mode="assign"), "params:archive": MemoryDataset(ARCHIVE)}
    )
    outputs = SequentialRunner().run(create_pipeline(), catalog)
    assert set(outputs) == {"train_digits", "test_digits", "data_manifest"}
    train, test, manifest = (outputs[name].load() for name in ("train_digits", "test_digits", "data_manifest"))
    assert isinstance(train, Digits)
    np.testing.assert_array_equal(test.images, digit_set.test.images)
    assert (manifest["dataset"], manifest["requested"]) == ("sample", "mnist")
    assert manifest["train"]["count"] == len(train) == 4500
    assert manifest["fingerprint"] == train.fingerprint == test.fingerprint


def test_ingest_keeps_digits_and_manifest_on_disk(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    images, labels = generator.integers(0, 256, (20, 28, 28), np.uint8), np.arange(20) % 10
    digit_set = DigitSet.from_arrays(
        images, labels, images, labels, dataset="own", requested="own", source="", files={}
    )
    kept = {
        name: {
            "type": "mnist_growth.datasets.DigitsDataset",
            "filepath": f"{tmp_path}/{name}",
            "versioned": True,
        }
        for name in ("train_digits", "test_digits")
    }
    manifest = {"type": "json.JSONDataset", "filepath": f"{tmp_path}/data_manifest.json", "versioned": True}
    catalog = DataCatalog.from_config({**kept, "data_manifest": manifest}, save_version="now")
    catalog["digit_archive"] = MemoryDataset(digit_set, copy_mode="assign")
    catalog["params:archive"] = MemoryDataset(ARCHIVE)
    SequentialRunner().run(create_pipeline(), catalog)

    assert isinstance(catalog["train_digits"], DigitsDataset)
    np.testing.assert_array_equal(catalog["train_digits"].load().images, images)
    written = json.loads((tmp_path / "data_manifest.json" / "now" / "data_manifest.json").read_text())
    assert written["fingerprint"] == catalog["test_digits"].load().fingerprint == digit_set.fingerprint
