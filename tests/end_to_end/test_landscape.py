"""`kedro run --pipeline landscape`."""

import json
import signal

import pandas as pd
import pytest

SMOKE = ("run", "--env", "smoke", "--pipeline", "landscape")


@pytest.fixture(scope="module")
def landscape(smoke_run, tmp_path_factory, empty_database):
    """A project with a landscape of its network, and a report that shows it."""
    project = smoke_run.project.copy(tmp_path_factory.mktemp("landscape") / "project", empty_database)
    project.succeed(*SMOKE[:-2], "--pipeline", "train", "--params", "training.seed=1,checkpoints.keep=0")
    [network, _] = sorted(path.name for path in (project.folder / "data/06_models/network.safetensors").iterdir())
    result = project.succeed(*SMOKE, "--load-versions", f"network:{network}")
    project.succeed("run", "--env", "smoke", "--pipeline", "report", "--load-versions", f"network:{network}")
    return project, result, network


def test_it_leaves_metrics_tables_and_figures_and_records_them(landscape, mlflow):
    project, _, _ = landscape
    metrics = json.loads(project.path("08_reporting/landscape_metrics.json").read_text())

    promised = {"hessian_largest", "hessian_smallest", "condition_number", "hessian_trace", "sharpness"}
    assert promised <= metrics.keys()
    assert metrics["barrier"].keys() == {"straight", "matched", "curve"}
    trajectory = pd.read_parquet(project.path("08_reporting/trajectory.parquet"))
    assert trajectory["event"].tolist()[:4] == ["start", "before growth", "after growth", "before growth"]
    surface = pd.read_parquet(project.path("08_reporting/loss_surface.parquet"))
    assert surface["plane"].value_counts().to_dict() == {"random": 49, "trajectory": 49}
    record = mlflow(project)
    _report, run, *_ = record.runs()
    assert run.data.metrics["landscape_hessian_largest"] == pytest.approx(metrics["hessian_largest"])
    artifacts = record.artifacts(run)
    assert {"landscape_metrics.json", "tables/trajectory.csv", "tables/loss_surface.csv"} <= artifacts
    assert {"figures/trajectory_figure.json", "figures/loss_relief_figure.json"} <= artifacts


def test_the_report_shows_it(landscape):
    project, _, _ = landscape
    page = project.path("08_reporting/report.html").read_text("utf-8")

    for title in ("Loss around the network", "Path of the training", "Paths to another network"):
        assert title in page
    assert "Curvature at the network, with 95 % intervals" in page
    assert "just before the growth" in page


def test_a_network_without_snapshots_says_how_to_keep_them(landscape, empty_database, tmp_path):
    """The second training kept none; there is another network of the same shape, that of the first."""
    project = landscape[0].copy(tmp_path / "project", empty_database)

    result = project.succeed(*SMOKE)

    assert "train with checkpoints.keep=10 or more to keep them" in " ".join(result.stdout.split())
    assert pd.read_parquet(project.path("08_reporting/trajectory.parquet")).empty
    assert not pd.read_parquet(project.path("08_reporting/loss_paths.parquet")).empty


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("landscape.surface.points=1", "Parameter 'landscape.surface.points' is 1; expected a value of at least 3"),
        ("landscape.hessian.tolerence=1", "Unknown parameter 'landscape.hessian.tolerence'; did you mean"),
        ("landscape.digits=501", "Parameter 'landscape.digits' asks for 501 test digits, but there are 500"),
        ("landscape.interpolation.network=never", "never"),
    ],
)
def test_bad_input_is_one_sentence(trained, parameters, message):
    before = trained.files()

    result = trained.kedro(*SMOKE, "--params", parameters)

    assert result.code == 1
    assert message in " ".join(result.stderr.split())
    assert len(result.stderr.strip().splitlines()) <= 2
    new = {path for path in set(trained.files()) - set(before) if "08_reporting" in path}
    assert not new


def test_a_run_that_is_stopped_leaves_no_incomplete_tables(trained):
    command = trained.start(
        *SMOKE, "--params", "landscape.hessian.density_steps=500,landscape.hessian.density_probes=50"
    )
    log = trained.folder / "info.log"
    log.unlink(missing_ok=True)
    command.wait_until(lambda: log.exists() and "measure_curvature" in log.read_text())

    result = command.send(signal.SIGINT)

    assert (result.code, result.stderr) == (130, "Stopped.\n")
    left = {path for path in trained.files() if "hessian_" in path or "landscape_" in path or ".tmp" in path}
    assert not {path for path in left if path.startswith("08_reporting")}
    assert not left
