"""Two runs at once in one project folder."""

import json

import pytest
from safetensors import safe_open

SMOKE = ("run", "--env", "smoke")
NETWORK, METRICS, PREDICTIONS = (
    "06_models/network.safetensors",
    "08_reporting/test_metrics.json",
    "07_model_output/predictions.parquet",
)
EPOCHS = {2: "training.epochs=2,training.seed=1", 3: "training.epochs=3,training.seed=2"}


@pytest.mark.parametrize("database", ["new", "there"])
def test_they_do_not_touch_each_other_and_each_evaluates_its_own_network(project, mlflow, database):
    if database == "there":
        project.succeed(*SMOKE, "--pipeline", "ingest")
    commands = [project.start(*SMOKE, "--params", parameters) for parameters in EPOCHS.values()]
    results = [command.wait() for command in commands]

    assert [(result.code, result.stderr) for result in results] == [(0, ""), (0, "")]
    assert [line for result in results for line in result.stdout.splitlines() if "MLflow" in line] == []
    assert not [path for path in project.files() if ".tmp" in path]
    versions = project.versions(NETWORK)
    assert len(versions) == 2
    assert project.versions(METRICS) == project.versions(PREDICTIONS) == versions
    for version in versions:
        epochs = epochs_of(project.path(NETWORK, version))
        history = [path for path in project.checkpoints() if path.parent.name == version]
        assert history
        assert all(int(path.stem.split("-")[-1]) <= epochs for path in history)

    # What was measured while the other run went on is what its network gives by itself.
    for version in versions if database == "new" else ():
        again = project.succeed(*SMOKE, "--pipeline", "evaluate", "--load-versions", f"network:{version}")
        assert "Test of the network" in again.stdout
        mine, alone = (json.loads(project.path(METRICS, each).read_text()) for each in (version, None))
        assert mine == alone
    first, second = (project.path(METRICS, version).read_bytes() for version in versions)
    assert first != second

    runs = [run for run in mlflow(project).runs() if run.data.tags["pipeline"] == "__default__"]
    assert [run.info.status for run in runs] == ["FINISHED", "FINISHED"]
    for run in runs:
        version = run.data.tags["version.network"]
        epochs = int(run.data.params["training.epochs"])
        assert run.data.tags["version.test_metrics"] == version
        assert epochs_of(project.path(NETWORK, version)) == epochs
        assert [metric.step for metric in mlflow(project).history(run, "train_loss")] == list(range(1, epochs + 1))
        metrics = json.loads(project.path(METRICS, version).read_text())
        assert run.data.metrics["test_loss"] == metrics["loss"]
    assert len({run.data.tags["version.network"] for run in runs}) == 2


def epochs_of(path):
    """Number of epochs that a network was trained."""
    with safe_open(path, "np") as file:
        return json.loads(file.metadata()["mnist-growth"])["header"]["epochs"]
