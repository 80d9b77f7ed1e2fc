"""`kedro run --pipeline evaluate` in a process of its own."""

import json


def test_evaluating_again_gives_the_same_bytes_and_older_networks_can_be_picked(trained):
    older = trained.versions("06_models/network.safetensors")[0]
    metrics = trained.path("08_reporting/test_metrics.json").read_bytes()

    trained.succeed("run", "--env", "smoke", "--pipeline", "evaluate")

    assert len(trained.versions("08_reporting/test_metrics.json")) == 2
    assert trained.path("08_reporting/test_metrics.json").read_bytes() == metrics
    assert trained.versions("06_models/network.safetensors") == [older]

    # Results of a time when the clock was ahead: what is made now is the newest nevertheless.
    (trained.folder / "data/08_reporting/report.html/2100-01-01T00.00.00.000Z").mkdir()
    result = trained.succeed("run", "--env", "smoke", "--pipeline", "train", "--params", "training.epochs=1")
    assert "this run saves version 2100-01-01T00.00.00.001Z" in result.stdout
    newest = trained.succeed("run", "--env", "smoke", "--pipeline", "evaluate")

    assert "32-32-32, " in newest.stdout
    assert json.loads(trained.path("08_reporting/test_metrics.json").read_text())["hidden_widths"] == [32, 32, 32]
    assert _subtitle(trained, "confusion_matrix_figure").endswith("network 32-32-32 after 1 epochs")

    trained.succeed("run", "--env", "smoke", "--pipeline", "evaluate", "--load-versions", f"network:{older}")

    assert trained.path("08_reporting/test_metrics.json").read_bytes() == metrics
    assert _subtitle(trained, "confusion_matrix_figure").endswith("network 64-64-64 after 4 epochs")


def _subtitle(project, figure):
    return json.loads(project.path(f"08_reporting/{figure}.json").read_text())["layout"]["title"]["subtitle"]["text"]
