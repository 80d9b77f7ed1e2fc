"""`kedro run --params network.kind=residual`: trained, reported and exported."""

import json

RESIDUAL = ("run", "--env", "smoke", "--params", "network.kind=residual,training.epochs=2")


def test_a_residual_network_is_trained_reported_and_exported(project):
    trained = project.succeed(*RESIDUAL)
    assert "network            48-48-48, 47,626 parameters, 2 epochs" in trained.stdout
    metrics = json.loads(project.path("08_reporting/test_metrics.json").read_text("utf-8"))
    assert metrics["accuracy"] > 0.8
    report = project.path("08_reporting/report.html").read_text("utf-8")
    assert all(name in report for name in ("stream", "block 2 in", "A network of kind residual with 48"))

    parameters = "export.calibration_digits=100,export.max_accuracy_loss=0.02"
    project.succeed("run", "--env", "smoke", "--pipeline", "export", "--params", parameters)
    exported = json.loads(project.path("08_reporting/export_metrics.json").read_text("utf-8"))
    assert exported["onnx"]["errors"] == exported["torch"]["errors"]
    assert exported["int8_accuracy_lost"] <= 0.02
