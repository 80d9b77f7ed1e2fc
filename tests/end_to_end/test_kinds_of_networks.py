"""`kedro run --params network.kind=...` for every kind but the perceptron: all that a network goes through."""

import base64
import io
import json
import signal

import pandas as pd
import pytest
from PIL import Image
from safetensors.numpy import load_file
from service import ask, served

from mnist_growth.digits import sample_digits
from mnist_growth.network import load_network

BATCHES_PER_EPOCH = 63
NETWORK = "06_models/network.safetensors"
SMOKE = ("run", "--env", "smoke")


@pytest.mark.parametrize(
    ("kind", "widths", "parameters", "accuracy", "named"),
    [
        ("residual", [48, 48, 48], 47_626, 0.8, ("stream", "block 2 in")),
        ("attention", [3, 48, 3, 48], 15_418, 0.3, ("attention 1", "feed-forward 2")),
        ("capsules", [48, 48, 6], 50_160, 0.8, ("primary capsules", "routing")),
    ],
)
def test_a_kind_goes_through_every_command(project, kind, widths, parameters, accuracy, named):
    train = f"network.kind={kind},training.epochs=2"
    command = project.start(*SMOKE, "--params", f"{train},training.checkpoint_seconds=0.01")
    command.wait_until(lambda: _has_grown(project))
    assert command.send(signal.SIGKILL).code == -9
    resumed = project.succeed(*SMOKE, "--pipeline", "resume")
    [version] = project.versions(NETWORK)
    metrics = json.loads(project.path("08_reporting/test_metrics.json").read_text("utf-8"))
    assert f"network            {'-'.join(map(str, widths))}, {parameters:,} parameters, 2 epochs" in resumed.stdout
    assert (metrics["hidden_widths"], metrics["parameters"]) == (widths, parameters)
    assert metrics["accuracy"] > accuracy
    report = project.path("08_reporting/report.html").read_text("utf-8")
    assert all(name in report for name in (*named, f"A network of kind {kind} with {widths[0]}"))

    predictions = pd.read_parquet(project.path("07_model_output/predictions.parquet"))["prediction"]
    with served(project) as address:
        answers = [ask(f"{address}/predict", {"image": _png(image)}) for image in sample_digits().test.images[:20]]
    assert [answer["prediction"] for answer in answers] == predictions.tolist()[:20]

    parameters = "export.calibration_digits=100,export.max_accuracy_loss=0.02"
    project.succeed(*SMOKE, "--pipeline", "export", "--params", parameters)
    exported = json.loads(project.path("08_reporting/export_metrics.json").read_text("utf-8"))
    assert exported["onnx"]["errors"] == exported["torch"]["errors"]

    project.succeed(*SMOKE, "--pipeline", "train", "--params", train)
    again = project.versions(NETWORK)[-1]
    tensors, others = (load_file(project.path(NETWORK, each)) for each in (version, again))
    assert again != version
    assert tensors.keys() == others.keys()
    assert {name for name in tensors if tensors[name].tobytes() != others[name].tobytes()} == set()

    recipes = "compress.variants=[{name: half, units: 0.5, epochs: 1}],compress.max_accuracy_loss=1"
    project.succeed(*SMOKE, "--pipeline", "compress", "--params", recipes)
    small = load_network(project.path(NETWORK))
    assert small.network.spec.kind == kind
    assert (
        small.network.spec.forward_multiply_adds
        < load_network(project.path(NETWORK, again)).network.spec.forward_multiply_adds
    )


def _has_grown(project):
    updates = [int(path.name.split("-")[1]) for path in project.checkpoints()]
    return bool(updates) and updates[-1] > BATCHES_PER_EPOCH


def _png(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()
