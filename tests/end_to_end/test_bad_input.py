"""Errors that a user can cause: one sentence, exit code 1, nothing half-written."""

import errno
import gzip
import hashlib
import json
import resource
import shutil
import struct

import numpy as np
import pytest

from mnist_growth.digits.idx import write_images, write_labels
from mnist_growth.digits.idx_set import IDX_NAMES
from mnist_growth.error_messages import ADVICE

SMOKE = ("run", "--env", "smoke")
EVALUATE = (*SMOKE, "--pipeline", "evaluate")


def refused(project, *arguments, kept: tuple[str, ...] = (), **options):
    """Run a command that must fail, and return its sentence; entries in `kept` are made whole before that."""
    before = project.files()
    result = project.kedro(*arguments, **options)
    assert result.code == 1, result
    assert "Test of the network" not in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert result.stderr.endswith("\n")
    assert [path for path in project.files() if path not in before and not path.startswith(kept)] == []
    assert [path for path in before if path not in project.files()] == []
    return result.stderr.removeprefix("Error: ").removesuffix("\n")


@pytest.fixture
def digits(project):
    """Four valid IDX files: 100 training and 50 test digits of noise."""
    folder = project.folder / "my_digits"
    generator = np.random.default_rng(0)
    for count, images, labels in ((100, *IDX_NAMES[:2]), (50, *IDX_NAMES[2:])):
        write_images(folder / images, generator.integers(0, 256, (count, 28, 28), np.uint8))
        write_labels(folder / labels, np.arange(count) % 10)
    return folder


def truncated(folder):
    path = folder / IDX_NAMES.train_images
    path.write_bytes(path.read_bytes()[:-1])
    return f"{path.name} is truncated: its header declares 100 x 28 x 28 images, but the file is shorter"


def wrong_magic(folder):
    path = folder / IDX_NAMES.test_images
    path.write_bytes(struct.pack(">I", 1234) + path.read_bytes()[4:])
    return f"{path.name} is a binary file of an unknown format, expected an IDX file of images (or gzip)"


def wrong_count(folder):
    write_labels(folder / IDX_NAMES.train_labels, np.zeros(99, np.int64))
    return f"{IDX_NAMES.train_labels} contains 99 labels, expected as many labels as images"


def label_above_nine(folder):
    path = folder / IDX_NAMES.test_labels
    path.write_bytes(path.read_bytes()[:-1] + b"\x0a")
    return "a test digit has the label 10, expected labels from 0 to 9, as in the training part"


def wrong_size(folder):
    path = folder / IDX_NAMES.train_images
    path.write_bytes(struct.pack(">4I", 2051, 100, 14, 14) + bytes(100 * 14 * 14))
    return f"{path.name} contains images of 14 x 14 pixels, expected 28 x 28"


def broken_gzip(folder):
    path = folder / IDX_NAMES.train_images
    packed = gzip.compress(path.read_bytes())
    path.write_bytes(packed[: len(packed) // 2])
    return f"{path.name} is not a valid gzip file"


def empty_test_set(folder):
    path = folder / IDX_NAMES.test_images
    path.write_bytes(struct.pack(">4I", 2051, 0, 28, 28))
    (folder / IDX_NAMES.test_labels).write_bytes(struct.pack(">2I", 2049, 0))
    return f"{path.name} is empty: its header declares 0 x 28 x 28 images, expected at least one"


@pytest.mark.parametrize(
    "damage", [empty_test_set, truncated, wrong_magic, wrong_count, label_above_nine, wrong_size, broken_gzip]
)
def test_damaged_files(project, digits, damage):
    expected = damage(digits)

    sentence = refused(project, *SMOKE, "--params", "dataset=folder,archive.path=my_digits")

    assert expected in sentence
    assert "my_digits/" in sentence


def test_files_of_another_set_than_mnist(project, digits):
    raw = project.folder / "data/01_raw/mnist"
    shutil.copytree(digits, raw)

    sentence = refused(project, "run")

    assert sentence.endswith(": delete it to download it again")
    assert "SHA-256 (decompressed) digest" in sentence
    assert "expected ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db" in sentence
    assert f"{raw}/train-images-idx3-ubyte has" in sentence


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--params", "trainng.epochs=3"), "Unknown parameter 'trainng'; did you mean 'training'?"),
        (
            ("--params", "training.epoch=3"),
            "Unknown parameter 'training.epoch'; did you mean 'training.epochs'?",
        ),
        (("--params", "training.epochs=0"), "Parameter 'training.epochs' is 0; expected a value of at least 1."),
        (("--params", "training.epochs=true"), "Parameter 'training.epochs' is true; expected an integer."),
        (("--params", "archive.path=my_digits"), "'archive.path' is 'my_digits', but 'dataset' is 'mnist'"),
        (("--params", "dataset=fashion"), "There is no dataset named 'fashion', expected one of mnist, fashion_mnist"),
        (("--pipeline", "trian"), "There is no pipeline 'trian'; expected one of __default__, "),
        (("--env", "smoky"), "There is no environment 'smoky'; expected one of attention, base, best, "),
        (("--pipeline", "evaluate"), "create one with `kedro run"),
    ],
)
def test_names_and_values_that_do_not_exist(project, arguments, expected):
    assert expected in refused(project, "run", *arguments)


def test_an_unknown_version(trained):
    [version] = trained.versions("06_models/network.safetensors")

    sentence = refused(trained, *EVALUATE, "--load-versions", "network:2020-01-01T00.00.00.000Z")

    assert "2020-01-01T00.00.00.000Z" in sentence
    assert version in sentence


@pytest.mark.parametrize("entry", ["test_digits", "train_digits", "split"])
def test_an_unknown_version_of_anything_else(trained, entry):
    made_before = ("07_model_output/", "08_reporting/")
    sentence = refused(trained, *EVALUATE, "--load-versions", f"{entry}:2020-01-01T00.00.00.000Z", kept=made_before)

    assert "2020-01-01T00.00.00.000Z" in sentence


def test_test_digits_of_another_size_are_not_evaluated(trained):
    [version] = trained.versions("02_intermediate/test_digits")
    path = trained.path("02_intermediate/test_digits", version) / "images.idx3-ubyte"
    path.unlink()  # may be a hard link
    path.write_bytes(struct.pack(">4I", 2051, 500, 14, 14) + bytes(500 * 14 * 14))

    assert "contains images of 14 x 14 pixels, expected 28 x 28" in refused(trained, *EVALUATE)


def test_an_empty_test_set_is_not_evaluated(trained):
    [version] = trained.versions("02_intermediate/test_digits")
    folder = trained.path("02_intermediate/test_digits", version)
    for name, header in (
        ("images.idx3-ubyte", struct.pack(">4I", 2051, 0, 28, 28)),
        ("labels.idx1-ubyte", struct.pack(">2I", 2049, 0)),
    ):
        (folder / name).unlink()
        (folder / name).write_bytes(header)

    sentence = refused(trained, *EVALUATE)

    assert "images.idx3-ubyte is empty" in sentence
    assert "expected at least one" in sentence


def test_a_class_without_test_digits_is_said(trained):
    [version] = trained.versions("02_intermediate/test_digits")
    folder = trained.path("02_intermediate/test_digits", version)
    labels = np.frombuffer((folder / "labels.idx1-ubyte").read_bytes()[8:], np.uint8).astype(np.int64)
    (folder / "labels.idx1-ubyte").unlink()
    write_labels(folder / "labels.idx1-ubyte", np.where(labels == 8, 3, labels))
    description = json.loads((folder / "digits.json").read_text())
    with (folder / "labels.idx1-ubyte").open("rb") as file:
        description["sha256"]["labels.idx1-ubyte"] = hashlib.file_digest(file, "sha256").hexdigest()
    (folder / "digits.json").unlink()  # the versions of a project share their files
    (folder / "digits.json").write_text(json.dumps(description))

    result = trained.succeed(*EVALUATE)

    told = " ".join(result.stdout.split())
    assert "The test digits of sample contain none of class 8" in told


def test_a_network_is_not_evaluated_on_another_set(trained, mlflow):
    sentence = refused(trained, *EVALUATE, "--params", "dataset=mnist")

    assert sentence.startswith("Parameter 'dataset' is 'mnist', but the newest digits are 'sample'; run `kedro run")

    digits = trained.folder / "my_digits"
    write_images(digits / IDX_NAMES.train_images, np.zeros((40, 28, 28), np.uint8))
    write_labels(digits / IDX_NAMES.train_labels, np.arange(40) % 10)
    write_images(digits / IDX_NAMES.test_images, np.zeros((20, 28, 28), np.uint8))
    write_labels(digits / IDX_NAMES.test_labels, np.arange(20) % 10)
    trained.succeed(*SMOKE, "--pipeline", "ingest", "--params", "dataset=folder,archive.path=my_digits")

    sentence = refused(trained, *EVALUATE)

    assert sentence.startswith("The network was trained on 'sample', but the test digits are from 'folder': evaluate")
    assert "--load-versions test_digits:<version>" in sentence
    assert [run.data.tags["pipeline"] for run in mlflow(trained).runs()] == ["ingest"]


def test_data_that_cannot_be_written_to(project):
    folder = project.folder / "data/02_intermediate"
    folder.rmdir()
    folder.touch()  # for root, who may run the tests, no folder is read-only

    sentence = refused(project, *SMOKE)

    assert "Cannot save" in sentence
    assert "data/02_intermediate/train_digits" in sentence


@pytest.mark.parametrize("kilobytes", [100, 1000])
def test_a_disk_that_is_full_while_digits_are_kept(project, kilobytes):
    sentence = refused(project, *SMOKE, limits={resource.RLIMIT_FSIZE: kilobytes * 1000})

    assert sentence.startswith(f"Cannot save {project.folder}/data/02_intermediate/train_digits/")
    assert sentence.endswith(": File too large; increase the limit of file sizes, then run again")


@pytest.mark.parametrize(
    ("pipeline", "bytes_left", "entry"),
    [
        ("train", 200_000, "06_models/checkpoints"),
        ("evaluate", 20_000, "07_model_output/predictions.parquet"),
    ],
)
def test_a_disk_that_is_full_later(trained, pipeline, bytes_left, entry):
    sentence = refused(trained, *SMOKE, "--pipeline", pipeline, limits={resource.RLIMIT_FSIZE: bytes_left})

    assert f"{trained.folder}/data/{entry}" in sentence
    assert "File too large" in sentence


def test_reports_that_cannot_be_written(project):
    folder = project.folder / "data/08_reporting"
    folder.rmdir()
    folder.touch()

    sentence = refused(project, *SMOKE, kept=("02_intermediate/", "03_primary/"))

    assert sentence == f"Cannot save {folder}/warps_figure.json: File exists{ADVICE[errno.EEXIST]}"
