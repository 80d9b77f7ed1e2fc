"""Where digits come from when they are not there yet."""

import gzip
import json

import numpy as np
import yaml

from mnist_growth.digits.idx import write_images, write_labels
from mnist_growth.digits.idx_set import IDX_NAMES


def test_another_set_is_a_catalog_entry_and_comes_from_the_mirror(project):
    mirror = project.folder / "mirror"
    _write_set(mirror)
    catalog = yaml.safe_load((project.folder / "conf/base/catalog_ingest.yml").read_text())
    names = {part: {"name": name} for part, name in zip(IDX_NAMES._fields, IDX_NAMES, strict=True)}
    entry = catalog["digit_archive"] | {"archives": {"tiny": {"mirrors": [], "files": names}}}
    (project.folder / "conf/tiny").mkdir()
    (project.folder / "conf/tiny/catalog_ingest.yml").write_text(yaml.safe_dump({"digit_archive": entry}))
    parameters = "dataset=tiny,training.epochs=1,training.batch_size=32,growth.initial_neurons=16"
    environment = {"MNIST_GROWTH_MIRROR": str(mirror)}

    result = project.succeed("run", "--env", "tiny", "--params", parameters, env=environment)

    assert "Test of the network on tiny" in result.stdout
    raw = project.folder / "data/01_raw/tiny"
    assert {path.name for path in raw.iterdir()} == {*(f"{name}.gz" for name in IDX_NAMES), "SHA256SUMS"}
    manifest = json.loads(project.path("02_intermediate/data_manifest.json").read_text())
    assert manifest["dataset"] == manifest["requested"] == "tiny"
    assert manifest["source"] == str(mirror)
    assert manifest["files"].keys() == set(IDX_NAMES)

    # From now on these bytes are the set: the digests were recorded at first use.
    write_labels(raw / IDX_NAMES.train_labels, np.zeros(200, np.int64))
    (raw / f"{IDX_NAMES.train_labels}.gz").unlink()
    before = project.files()
    refused = project.kedro("run", "--env", "tiny", "--params", parameters, env=environment)

    assert refused.code == 1
    assert refused.stderr.startswith(f"Error: {raw / IDX_NAMES.train_labels} has the SHA-256 (decompressed) digest ")
    assert refused.stderr.count("\n") == 1
    assert project.files() == before


def test_without_a_mirror_the_sample_stands_in_for_mnist_and_everything_says_so(project, mlflow):
    catalog = project.folder / "conf/base/catalog_ingest.yml"
    lines = catalog.read_text().splitlines()
    dead = [
        f"{line.partition('- http')[0]}- http://127.0.0.1:9/" if line.strip().startswith("- http") else line
        for line in lines
    ]
    catalog.write_text("\n".join(dead))

    result = project.succeed("run", "--env", "smoke", "--params", "dataset=mnist,training.epochs=1")

    assert "MNIST IS NOT AVAILABLE, so this run uses the sample of 5,000 digits" in result.stdout
    assert "MNIST_GROWTH_MIRROR" in result.stdout
    assert "THESE ARE NOT MNIST RESULTS" in result.stdout
    assert "Test of the network on sample" in result.stdout
    manifest = json.loads(project.path("02_intermediate/data_manifest.json").read_text())
    assert (manifest["dataset"], manifest["requested"]) == ("sample", "mnist")
    metrics = json.loads(project.path("08_reporting/test_metrics.json").read_text())
    assert (metrics["dataset"], metrics["requested_dataset"]) == ("sample", "mnist")
    [run] = mlflow(project).runs()
    assert (run.data.tags["dataset"], run.data.tags["dataset.requested"]) == ("sample", "mnist")
    for path in (project.folder / "data/08_reporting").glob("*_figure.json"):
        figure = json.loads(project.path(f"08_reporting/{path.name}").read_text())
        assert "dataset sample" in figure["layout"]["title"]["subtitle"]["text"], path.name


def _write_set(folder):
    """A gzipped set in the format of MNIST: 200 training and 50 test images, brighter the higher the digit."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    for count, images, labels in ((200, *IDX_NAMES[:2]), (50, *IDX_NAMES[2:])):
        digits = np.arange(count) % 10
        write_images(folder / images, (digits * 25 + generator.integers(0, 20, (28, 28, count))).T.astype(np.uint8))
        write_labels(folder / labels, digits)
    for name in IDX_NAMES:
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
        (folder / name).unlink()
