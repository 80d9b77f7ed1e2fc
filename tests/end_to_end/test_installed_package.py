"""The wheel of `kedro package`, in a folder that is no project."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from kedro_project import REPOSITORY


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The content of the wheel, as it is installed."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    for name in ("src", "conf"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(REPOSITORY / name, source / name, ignore=ignored)
    (source / "conf/local/credentials.yml").write_text("key: secret\n")
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run([sys.executable, *build, "--wheel-dir", source / "dist", source], check=True, capture_output=True)
    [wheel] = (source / "dist").glob("*.whl")
    installed = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(installed)
    return installed


def run(site, folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


COMMAND = "-c", "from mnist_growth.__main__ import command; command()"
PREPARE = "run", "--env", "smoke", "--pipelines", "ingest,preprocess"


def test_the_wheel_has_the_configuration_but_no_local_one(site):
    configuration = site / "mnist_growth/conf"

    assert (configuration / "base/catalog_train.yml").read_bytes() == (
        REPOSITORY / "conf/base/catalog_train.yml"
    ).read_bytes()
    assert [path.name for path in (configuration / "local").iterdir()] == [".gitkeep"]
    assert "mnist-growth = mnist_growth.__main__:command" in next(site.glob("*.dist-info/entry_points.txt")).read_text()


def test_an_installed_package_runs_in_an_empty_folder(site, tmp_path):
    done = run(site, tmp_path, *COMMAND, *PREPARE)

    assert (done.returncode, done.stderr) == (0, "")
    said = "digits of sample: 4,500 for training, 500 for testing; source: "
    assert any(line.startswith(said) for line in done.stdout.splitlines())
    assert {path.name for path in tmp_path.iterdir()} - {"mlartifacts"} == {"data", "info.log", "mlflow.db"}
    assert len(list((tmp_path / "data/03_primary/split.parquet").iterdir())) == 1

    listed = run(site, tmp_path, *COMMAND, "--help").stdout
    assert {"run", "serve"} <= set(listed.split())
    served = run(site, tmp_path, *COMMAND, "serve", "--port", "0")
    assert (served.returncode, served.stderr.startswith("Error: There is no trained network in ")) == (1, True)
    misspelt = run(site, tmp_path, *COMMAND, "run", "--env", "smok")
    assert misspelt.stderr.startswith("Error: There is no environment 'smok'; expected one of attention, base, best, ")


def test_the_module_runs_with_a_configuration_of_its_own(site, tmp_path):
    shutil.make_archive(str(tmp_path / "conf"), "gztar", REPOSITORY, "conf")

    done = run(site, tmp_path, "-m", "mnist_growth", *PREPARE[1:], "--conf-source", "conf.tar.gz")

    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((tmp_path / "data/03_primary/split.parquet").iterdir())) == 1
