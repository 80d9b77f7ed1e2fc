"""A disk that fills up: one sentence, nothing half-written, and after making room it goes on."""

import resource
import shutil
import subprocess

import numpy as np
import pytest
from safetensors.numpy import load_file

from mnist_growth.digits.idx import write_images, write_labels
from mnist_growth.digits.idx_set import IDX_NAMES

SMOKE = ("run", "--env", "smoke")
NETWORK = "06_models/network.safetensors"


@pytest.fixture
def small_disk():
    """Puts a folder, with what is in it, on a disk of so many bytes; a second time changes its size."""
    mounted = []

    def mount(folder, size):
        how = f"remount,size={size // 1024}k" if folder in mounted else f"size={size // 1024}k"
        aside = folder.with_name(f"{folder.name}-aside")
        if folder not in mounted:
            folder.mkdir(exist_ok=True)
            shutil.copytree(folder, aside)
        try:
            done = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", how, "tmpfs", folder], capture_output=True, check=False
            )
        except FileNotFoundError:
            pytest.skip("there is no command to mount a small disk with")
        if done.returncode:
            pytest.skip("only root may mount a small disk")
        if folder not in mounted:
            mounted.append(folder)
            shutil.copytree(aside, folder, dirs_exist_ok=True)
            shutil.rmtree(aside)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize("limit", ["disk", "file"])
def test_in_the_middle_of_a_checkpoint(project, smoke_run, small_disk, limit):
    """The checkpoints of the first epochs fit, those of the grown network do not."""
    models = project.folder / "data/06_models"
    project.succeed(*SMOKE, "--pipelines", "ingest,preprocess")
    if limit == "disk":
        small_disk(models, 2_200_000)
    often = ("--pipeline", "train", "--params", "training.checkpoint_seconds=0.1")
    failed = project.kedro(*SMOKE, *often, limits={resource.RLIMIT_FSIZE: 700_000} if limit == "file" else {})

    told = "No space left on device" if limit == "disk" else "File too large"
    assert failed.code == 1
    assert failed.stderr.startswith(f"Error: {models}/checkpoints/")
    assert told in failed.stderr
    assert failed.stderr.count("\n") == 1
    assert "Traceback" not in failed.stdout
    assert not [name for name in project.files() if ".tmp" in name]
    assert not project.versions(NETWORK)
    checkpoints = project.checkpoints()
    assert checkpoints
    for path in checkpoints:
        load_file(path)  # whole

    if limit == "disk":
        small_disk(models, 50_000_000)
    project.succeed(*SMOKE, "--pipeline", "resume")

    mine, others = (load_file(each.path(NETWORK)) for each in (project, smoke_run.project))
    assert mine.keys() == others.keys()
    assert {name for name in mine if mine[name].tobytes() != others[name].tobytes()} == set()


def test_in_the_middle_of_a_dataset(trained, small_disk):
    folder = trained.folder / "data/02_intermediate"
    used = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    small_disk(folder, used + 1_000_000)
    digits = trained.folder / "my_digits"  # others than before, which would not be kept a second time
    for count, images, labels in ((4000, *IDX_NAMES[:2]), (50, *IDX_NAMES[2:])):
        write_images(digits / images, np.arange(count * 784, dtype=np.uint32).astype(np.uint8).reshape(-1, 28, 28))
        write_labels(digits / labels, np.arange(count) % 10)
    ingest = (*SMOKE, "--pipeline", "ingest", "--params", "dataset=folder,archive.path=my_digits")
    before = {name: (trained.folder / "data" / name).read_bytes() for name in trained.files()}

    failed = trained.kedro(*ingest)

    assert failed.code == 1
    assert failed.stderr.startswith(f"Error: Cannot save {folder}/train_digits")
    assert failed.stderr.endswith(": No space left on device; free some space, then run again\n")
    assert failed.stderr.count("\n") == 1
    assert {name: (trained.folder / "data" / name).read_bytes() for name in trained.files()} == before
    trained.succeed(*SMOKE, "--pipeline", "evaluate")

    small_disk(folder, 50_000_000)
    trained.succeed(*ingest)


def test_in_the_middle_of_the_record(trained, mlflow, small_disk):
    """A training is worth more than its record: one warning, and it goes on."""
    artifacts = trained.folder / "mlartifacts"
    small_disk(artifacts, 100_000)  # less than the network takes

    result = trained.succeed(*SMOKE, "--pipeline", "resume", "--params", "training.epochs=5")

    warning = next(line for line in result.stdout.splitlines() if "MLflow cannot" in line)
    assert warning.startswith("MLflow cannot be used (")
    assert "No space left on device" in warning
    assert warning.endswith("): the run continues without tracking")
    assert "Test of the network on sample" in result.stdout
    assert len(trained.versions("08_reporting/test_metrics.json")) == 2

    small_disk(artifacts, 50_000_000)
    assert "MLflow" not in trained.succeed(*SMOKE, "--pipeline", "evaluate").stdout
    newest = mlflow(trained).runs()[0]
    assert newest.info.status == "FINISHED"
