"""A training stays inside its memory: it takes smaller pieces, with the same result, or says that it does not fit."""

import numpy as np
import pandas as pd
import psutil
import pytest
from safetensors.numpy import load_file

from mnist_growth.digits.idx import write_images, write_labels
from mnist_growth.digits.idx_set import IDX_NAMES
from mnist_growth.machine import memory_limit_bytes

SMOKE = ("run", "--env", "smoke")
NETWORK, HISTORY = "06_models/network.safetensors", "06_models/training_history.parquet"
BATCH = 16_384
COUNT = 18_500  # a tenth of them is for validation


@pytest.fixture(scope="module")
def prepared(smoke_run, tmp_path_factory):
    """A project whose digits fill one batch of 16,384: bars at a height that gives the class, in noise."""
    project = smoke_run.project.copy(tmp_path_factory.mktemp("large") / "project")
    chance = np.random.default_rng(0)
    for count, images, labels in ((COUNT, *IDX_NAMES[:2]), (100, *IDX_NAMES[2:])):
        classes = np.arange(count) % 10
        pixels = chance.integers(0, 60, (count, 28, 28), dtype=np.uint8)
        for label in range(10):
            pixels[label::10, 4 + 2 * label : 6 + 2 * label, 6:22] += 180
        write_images(project.folder / "large" / images, pixels)
        write_labels(project.folder / "large" / labels, classes)
    project.succeed(*SMOKE, "--pipelines", "ingest,preprocess", "--params", "dataset=folder,archive.path=large")
    return project


def large(fraction):
    """Train with large batches, without batch norm, on a share of the memory."""
    parameters = {
        "training.batch_size": BATCH,
        "training.epochs": 4,
        "training.learning_rate_schedule.warmup_epochs": 0,
        "network.batch_norm": "false",
        "memory.budget_fraction": fraction,
    }
    return (*SMOKE, "--pipeline", "train", "--params", ",".join(f"{name}={value}" for name, value in parameters.items()))


def history(project):
    return pd.read_parquet(project.path(HISTORY))


def test_a_batch_that_does_not_fit_goes_through_in_pieces_with_the_same_loss_curve(prepared, mlflow):
    """Without batch norm, whose statistics would be those of the pieces."""
    prepared.succeed(*large(1.0))
    whole = history(prepared)
    assert whole["micro_batch_size"].tolist() == [BATCH] * 4
    extra = 150e6 / memory_limit_bytes()  # of the budget, beyond what the process needs without a batch
    told = prepared.succeed(*large(whole["overhead_bytes"].min() / memory_limit_bytes() + extra)).stdout
    tight = history(prepared)

    assert "images instead of 16384 go through the network at once" in told
    assert tight["micro_batch_size"].max() < BATCH / 2
    assert (tight["rss_bytes"] < whole["peak_rss_bytes"].max()).all()
    assert tight["peak_rss_bytes"].max() < whole["peak_rss_bytes"].max() - 200e6
    assert tight["train_loss"].to_numpy() == pytest.approx(whole["train_loss"].to_numpy(), rel=1e-5)
    assert tight["validation_loss"].to_numpy() == pytest.approx(whole["validation_loss"].to_numpy(), rel=1e-5)
    assert whole["train_loss"].iloc[-1] < whole["train_loss"].iloc[0]
    tags = mlflow(prepared).runs()[0].data.tags
    assert tags["micro_batch_size.epoch_0001"].startswith(f"{tight['micro_batch_size'].iloc[0]}: 16384 images need ")
