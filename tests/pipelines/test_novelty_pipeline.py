"""The novelty detector of a network, in the pipeline."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

import configured
from mnist_growth.digits import Preparation, sample_digits, stratified_split
from mnist_growth.network import GrowingMLP, TrainedNetwork
from mnist_growth.novelty import Features
from mnist_growth.pipelines.novelty import create_pipeline, nodes

DIGITS = sample_digits().train
SPLIT = stratified_split(DIGITS.labels, configured.split())


@pytest.fixture(scope="module")
def trained():
    network = GrowingMLP((8,), generator=torch.Generator().manual_seed(0)).eval()
    return TrainedNetwork(network, "sample", DIGITS.fingerprint, epochs=1)


def detector_of(trained, digits):
    catalog = DataCatalog(
        {
            "network": MemoryDataset(trained, copy_mode="assign"),
            "train_digits": MemoryDataset(digits, copy_mode="assign"),
            "split": MemoryDataset(SPLIT, copy_mode="assign"),
            "params:novelty": MemoryDataset(configured.novelty(digits=200, epochs=1, units=8)),
        }
    )
    return SequentialRunner().run(create_pipeline(), catalog)["novelty_detector"].load()


def test_a_detector_is_calibrated_with_validation_digits(trained):
    detector = detector_of(trained, DIGITS)
    scores = detector.score(Features(trained.network)(DIGITS.images[SPLIT.validation]))
    assert detector.network_sha256 == trained.sha256
    assert np.median(scores) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "digit_outliers"),
        ({"preparation": Preparation(form="as_is", ink="light")}, "image_outliers"),
        ({"class_names": tuple("abcdefghij")}, "image_outliers"),
    ],
)
def test_letters_are_outliers_only_of_digits(trained, monkeypatch, changes, expected):
    called = []
    for name in ("digit_outliers", "image_outliers"):
        original = getattr(nodes, name)
        monkeypatch.setattr(
            nodes, name, lambda *arguments, name=name, original=original: called.append(name) or original(*arguments)
        )
    detector_of(trained, replace(DIGITS, **changes))
    assert called == [expected]


def test_digits_of_another_set_are_refused(trained):
    with pytest.raises(ValueError, match="was trained on 'sample', but the digits ingested last are of another set"):
        detector_of(trained, replace(DIGITS, fingerprint="0" * 64))
