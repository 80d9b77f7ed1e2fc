"""What the documentation says is true: its commands, parameters, data sets, packages and examples."""

import os
import re
import subprocess
import sys
import tomllib

import numpy as np
import pytest
import yaml

import configured
import mnist_growth as mg
from documents import DOCS, README, ROOT, python_example
from mnist_growth.digits import PixelStatistics, sample_digits
from mnist_growth.growth import scheduled_neurons
from mnist_growth.nested import flatten
from mnist_growth.network import GrowingMLP, NetworkConfig, TrainedNetwork, kinds, save_network
from mnist_growth.pipeline_registry import register_pipelines
from mnist_growth.tracking import Status, Tracker

GETTING_STARTED = DOCS / "getting-started.md"
GROWTH = DOCS / "guides/growth.md"
TRACKING = DOCS / "guides/tracking.md"
COMMANDS = DOCS / "reference/commands.md"


def text_of_all_documents() -> str:
    """The README and all pages of the documentation but the decisions, which also tell of the past."""
    return "\n".join(
        path.read_text("utf-8") for path in [README, *sorted(DOCS.rglob("*.md"))] if path.parent.name != "decisions"
    )


@pytest.fixture(scope="module")
def network_file(tmp_path_factory):
    """A network where a run would keep it, in a project folder of its own."""
    project = tmp_path_factory.mktemp("project")
    path = project / "data/06_models/network.safetensors/2026-01-31T12.00.00.000Z/network.safetensors"
    path.parent.mkdir(parents=True)
    save_network(path, TrainedNetwork(GrowingMLP([8, 8]).eval(), "sample", sample_digits().fingerprint, epochs=1))
    return path


def test_the_schedule_in_the_text_is_that_of_conf_base():
    growth = configured.growth()
    last = next(epoch for epoch in range(10_000) if scheduled_neurons(epoch, growth) == growth.max_neurons)
    assert (
        f"By default a layer starts with {growth.initial_neurons} neurons and gains {growth.growth_rate} every "
        f"{growth.growth_epochs} epochs, until it reaches {growth.max_neurons} after {last} epochs."
    ) in " ".join(GROWTH.read_text("utf-8").split())


def known_environments():
    """The environments of the project, and the one that a run writes."""
    return {path.name for path in (ROOT / "conf").iterdir() if path.is_dir()} - {"base", "local"} | {"tuned"}


def test_the_tables_of_commands_are_complete():
    text = COMMANDS.read_text("utf-8")
    environments = known_environments()
    assert set(re.findall(r"--pipeline (\w+)", text)) == register_pipelines().keys() - {"__default__"}
    assert set(re.findall(r"--env (\w+)", text)) == environments


def test_every_pipeline_environment_and_parameter_in_a_command_exists():
    text = text_of_all_documents()
    environments = known_environments()
    arguments = re.findall(r"--params \"?([\w.=,]+)", text)
    named = {pair.split("=")[0] for argument in arguments for pair in argument.split(",")}
    assert set(re.findall(r"--pipeline (\w+)", text)) <= register_pipelines().keys()
    assert set(re.findall(r"--env (\w+)", text)) <= environments
    assert len(named) >= 4
    assert named <= flatten(configured.base()).keys()


def test_every_make_target_named_exists():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"(?:^|`)make ([\w-]+)", text_of_all_documents(), re.MULTILINE)) - {"them"}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_benchmark_named_exists():
    text = text_of_all_documents()
    modules = {name.replace(".", "/") + ".py" for name in re.findall(r"python -m (benchmarks[\w.]+\w)", text)}
    files = set(re.findall(r"`(benchmarks/[\w/]+\.\w+)`", text))
    assert len(modules | files) > 10
    assert {name for name in modules | files if not (ROOT / name).is_file()} == set()


def test_every_data_set_is_described():
    catalog = yaml.safe_load((ROOT / "conf/base/catalog_ingest.yml").read_text("utf-8"))
    described = set(re.findall(r"^\| `(\w+)` \|", (DOCS / "guides/data-sets.md").read_text("utf-8"), re.MULTILINE))
    assert described - {"dataset"} == {*catalog["digit_archive"]["archives"], "sample", "folder"}


def test_the_layout_names_every_package():
    layout = (DOCS / "architecture.md").read_text("utf-8").split("```")[1]
    packages = {path.parent.name for path in (ROOT / "src/mnist_growth").glob("*/__init__.py")}
    assert set(re.findall(r"^  (\w+)/", layout, re.MULTILINE)) == packages


def test_a_network_loads_with_plain_python(network_file, monkeypatch, capsys):
    monkeypatch.chdir(network_file.parents[4])
    exec(python_example(GETTING_STARTED.read_text("utf-8"), "newest network"), names := {})
    assert names["path"].resolve() == network_file
    assert capsys.readouterr().out.startswith("sample (8, 8) [")


@pytest.mark.slow
def test_a_network_loads_through_mlflow(network_file, monkeypatch):
    project = network_file.parents[4]
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    tracker = Tracker.start(project, name="test", parameters={}, tags={})
    tracker.log_network(network_file)
    tracker.end(Status.FINISHED)

    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
    code = python_example(TRACKING.read_text("utf-8"), "newest model in MLflow")
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=project, env=environment, capture_output=True, text=True, timeout=120
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.split()[:2] == ["prediction", "confidence"]
    assert len(process.stdout.splitlines()) == 6


def test_the_library_grows_a_network_without_kedro(capsys):
    code = python_example(GROWTH.read_text("utf-8"), "grow without Kedro")
    exec(code, names := {})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["(32, 32)", "(48, 48)", "(64, 64)"]
    assert names["change"] <= 1e-6 * np.abs(names["before"]).max()
    assert names["accuracy"] > 0.85
    assert not re.search("kedro|mlflow", code)


def test_the_citation_names_the_version_and_the_licence_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert citation["cff-version"] == "1.2.0"
    assert citation.keys() >= {"message", "title", "authors"}
    assert (citation["title"], citation["version"], citation["license"]) == (
        project["name"],
        project["version"],
        project["license"],
    )
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in project["authors"]]


def test_the_table_of_the_python_api_is_that_of_the_package():
    page = (DOCS / "reference/api/index.md").read_text("utf-8")
    described = {
        name for row in re.findall(r"^\| (\[`.*?) \|", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert described == set(mg.__all__)


def test_the_example_of_the_python_api_predicts_digits(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(python_example((DOCS / "reference/api/index.md").read_text("utf-8"), "predict"), {})
    assert re.fullmatch(r"\[(\d ?){5}\]\n", capsys.readouterr().out)


def test_the_network_of_the_documentation_grows_and_is_loaded_from_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr("mnist_growth.network.kinds._KINDS", dict(kinds._KINDS))  # forgets it after the test
    page = (DOCS / "add-a-network.md").read_text("utf-8")
    exec(python_example(page, "spec"), names := {})
    exec(python_example(page, "network"), names)
    digits = sample_digits()
    spec = NetworkConfig.model_validate({"kind": "tanh"}).spec(16)
    small = mg.build(spec, PixelStatistics(0.13, 0.31, count=1))

    for operator in ("zero_fan_out", "paired", "net2net_split"):
        large = mg.widen(small, 24, operator=operator)
        before, after = (mg.predict_logits(network, digits.test.images) for network in (small, large))
        np.testing.assert_allclose(after, before, atol=1e-6 * np.abs(before).max())
    path = tmp_path / "network.safetensors"
    mg.save_network(path, mg.TrainedNetwork(large.eval(), "sample", digits.fingerprint, epochs=1))
    loaded = mg.load_network(path).network
    assert type(loaded) is names["TanhNetwork"]
    np.testing.assert_array_equal(mg.predict_logits(loaded, digits.test.images), after)
