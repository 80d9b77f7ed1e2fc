import json

import pytest

from benchmarks.common import results
from benchmarks.common.networks import network_or_untrained
from benchmarks.common.pages import block
from benchmarks.common.results import read_results
from benchmarks.inspection import side_by_side
from mnist_growth.network import save_network


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with two versions of a network, in which a pipeline writes its metrics at once."""
    trained = network_or_untrained()
    for version in ("1", "2"):
        folder = tmp_path / "project/data/06_models/network.safetensors" / version
        folder.mkdir(parents=True)
        save_network(folder / "network.safetensors", trained)
    commands = []

    def run(folder, *arguments):
        commands.append(arguments)
        pipeline = arguments[arguments.index("--pipeline") + 1]
        name = side_by_side.METRICS[pipeline]
        path = folder / "data/08_reporting" / name / "1" / name
        path.parent.mkdir(parents=True)
        metrics = {"hessian_largest": 4.0, "fgsm": {"0.1": 0.25}, "mean_corruption_error": None}
        path.write_text(json.dumps({**metrics, "network_sha256": trained.sha256}))
        return 12.34, 567_000_000

    monkeypatch.setattr(side_by_side, "measured_kedro", run)
    monkeypatch.setattr(results, "QUICK_RESULTS", tmp_path)
    return tmp_path / "project", commands


def test_each_pipeline_runs_once_for_a_network_and_the_groups_are_columns(project, monkeypatch, capsys, tmp_path):
    folder, commands = project
    arguments = ["--quick", "--project", str(folder), "--networks", "grown=1", "both=1,2"]
    monkeypatch.setattr("sys.argv", ["inspection", *arguments])

    side_by_side.main()

    pipelines = [arguments[arguments.index("--pipeline") + 1] for arguments in commands]
    assert pipelines == ["explain", "robustness", "landscape"]
    assert all("network:1" in arguments and arguments[-1] == "smoke" for arguments in commands)
    printed = capsys.readouterr().out
    assert "|  | grown (n = 1) | both (n = 2) |" in printed
    assert "| largest eigenvalue of the Hessian | 4.00 | 4.00 ± 0.00 |" in printed
    assert "| accuracy under FGSM, epsilon 0.1, % | 25.0 | 25.0 ± 0.0 |" in printed
    assert "| robustness, s | 12 | - |" in printed
    assert "mean corruption error" not in printed
    entry = json.loads((tmp_path / "inspection.json").read_text())
    assert entry["n"] == 2
    assert entry["networks"]["grown"][0]["peak_rss_mb"] == 567


def test_the_documented_table_is_that_of_the_results():
    text = side_by_side.PAGE.read_text("utf-8")
    assert block(text, side_by_side.MARK) == side_by_side.table(read_results(side_by_side.NAME, quick=False))


def test_an_unknown_version_is_named(project, monkeypatch):
    folder, _ = project
    monkeypatch.setattr("sys.argv", ["inspection", "--quick", "--project", str(folder), "--networks", "grown=3"])
    with pytest.raises(SystemExit, match="There is no network 3 in"):
        side_by_side.main()
