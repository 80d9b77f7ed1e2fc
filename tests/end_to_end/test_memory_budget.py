"""A training stays inside its memory: it takes smaller pieces, with the same result, or says that it does not fit."""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from mnist_growth.digits.idx import write_images, write_labels
from mnist_growth.digits.idx_set import IDX_NAMES
from mnist_growth.machine import memory_limit_bytes

SMOKE = ("run", "--env", "smoke")
NETWORK, HISTORY = "06_models/network.safetensors", "06_models/training_history.parquet"
BATCH, EPOCHS = 16_384, 3
COUNT = 18_500  # a tenth of them is for validation
SMALLER = "images instead of 16384 go through the network at once"


def large(fraction):
    """Train with large batches, without batch norm, on a share of the memory."""
    parameters = {
        "training.batch_size": BATCH,
        "training.epochs": EPOCHS,
        "training.learning_rate_schedule.warmup_epochs": 0,
        "network.batch_norm": "false",
        "memory.budget_fraction": fraction,
    }
    given = ",".join(f"{name}={value}" for name, value in parameters.items())
    return (*SMOKE, "--pipeline", "train", "--params", given)


class Whole:
    """A training whose batches go through in one piece, on digits that fill one batch.

    Attributes:
        project: the project it was run in.
        history: of the training.
        data_before: bytes of private writable memory that the process had before the training.
        data_most: the most that it had.
    """

    def __init__(self, project):
        self.project = project
        command = project.start(*large(1.0), env={"ARROW_DEFAULT_MEMORY_POOL": "system"})
        self.data_before = self.data_most = 0
        while command.running:
            self.data_most = max(self.data_most, data_bytes(command.process.pid))
            if "Training on" not in command.output:
                self.data_before = self.data_most
            time.sleep(0.002)
        assert command.wait().code == 0
        self.history = pd.read_parquet(project.path(HISTORY))

    def assert_same_curve(self):
        """The newest training of the project learned as this one did, in smaller pieces."""
        history = pd.read_parquet(self.project.path(HISTORY))
        assert history["micro_batch_size"].iloc[-1] < BATCH
        for loss in ("train_loss", "validation_loss"):
            assert history[loss].tolist() == pytest.approx(self.history[loss].tolist(), rel=1e-5)
        return history


def data_bytes(process):
    """Private writable memory of a process, which RLIMIT_DATA limits; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData")), 0)


@pytest.fixture(scope="module")
def whole(smoke_run, tmp_path_factory, empty_database):
    if not sys.platform.startswith("linux"):
        pytest.skip("memory is watched and limited as Linux does it")
    project = smoke_run.project.copy(tmp_path_factory.mktemp("large") / "project", empty_database)
    chance = np.random.default_rng(0)
    for count, images, labels in ((COUNT, *IDX_NAMES[:2]), (100, *IDX_NAMES[2:])):
        pixels = chance.integers(0, 60, (count, 28, 28), dtype=np.uint8)
        for label in range(10):  # a bar at a height that gives the class
            pixels[label::10, 4 + 2 * label : 6 + 2 * label, 6:22] += 180
        write_images(project.folder / "large" / images, pixels)
        write_labels(project.folder / "large" / labels, np.arange(count) % 10)
    project.succeed(*SMOKE, "--pipelines", "ingest,preprocess", "--params", "dataset=folder,archive.path=large")
    return Whole(project)


def test_without_a_limit_a_large_batch_goes_through_in_one_piece_and_needs_much_memory(whole):
    assert whole.history["micro_batch_size"].tolist() == [BATCH] * EPOCHS
    assert whole.history["train_loss"].is_monotonic_decreasing
    assert whole.data_most - whole.data_before > 2 * BATCH * 784 * 4  # two copies of the images in single precision


def test_under_a_budget_that_cannot_hold_it_smaller_pieces_give_the_same_loss_curve(whole, mlflow):
    """Without batch norm, whose statistics would be those of the pieces."""
    room = (whole.data_most - whole.data_before) / 2
    fraction = (whole.history["overhead_bytes"].iloc[0] + room) / memory_limit_bytes()

    told = whole.project.succeed(*large(fraction)).stdout

    assert SMALLER in told
    history = whole.assert_same_curve()
    first = history["micro_batch_size"].iloc[0]
    tags = mlflow(whole.project).runs()[0].data.tags
    assert tags["micro_batch_size.epoch_0001"].startswith(f"{first}: 16384 images need ")


def test_where_not_even_the_smallest_piece_fits_a_checkpoint_and_a_sentence_are_left(project, smoke_run, mlflow):
    failed = project.kedro(*SMOKE, "--params", "memory.budget_fraction=0.0001")

    assert failed.code == 1
    assert failed.stderr.startswith("Error: ")
    assert "(memory.budget_fraction) has no room for 2 image(s): a checkpoint was written; free memory" in failed.stderr
    assert failed.stderr.count("\n") == 1
    assert "Traceback" not in failed.stdout
    assert len(project.checkpoints()) == 1
    assert mlflow(project).runs()[0].info.status == "FAILED"

    project.succeed(*SMOKE, "--pipeline", "resume")

    mine, others = (load_file(each.path(NETWORK)) for each in (project, smoke_run.project))
    assert {name for name in mine.keys() | others.keys() if mine[name].tobytes() != others[name].tobytes()} == set()
