"""`kedro run --params network.kind=capsules`: trained, killed, resumed and evaluated."""

import json
import signal

from safetensors.numpy import load_file

CAPSULES = ("run", "--env", "smoke", "--params", "network.kind=capsules,training.epochs=2")
BATCHES_PER_EPOCH = 63


def test_a_killed_training_of_capsules_ends_with_the_weights_of_one_that_was_not(project):
    command = project.start(*CAPSULES[:-1], f"{CAPSULES[-1]},training.checkpoint_seconds=0.01")
    command.wait_until(lambda: _has_grown(project))
    assert command.send(signal.SIGKILL).code == -9
    resumed = project.succeed("run", "--env", "smoke", "--pipeline", "resume")
    network = project.path("06_models/network.safetensors")
    metrics = json.loads(project.path("08_reporting/test_metrics.json").read_text("utf-8"))
    assert "network            48-48-6, 50,160 parameters, 2 epochs" in resumed.stdout
    assert (metrics["hidden_widths"], metrics["parameters"]) == ([48, 48, 6], 50_160)
    assert metrics["accuracy"] > 0.8

    project.succeed(*CAPSULES, "--pipeline", "train")

    again = project.path("06_models/network.safetensors")
    assert again != network
    tensors, others = load_file(network), load_file(again)
    assert tensors.keys() == others.keys()
    assert {name for name in tensors if tensors[name].tobytes() != others[name].tobytes()} == set()


def _has_grown(project):
    updates = [int(path.name.split("-")[1]) for path in project.checkpoints()]
    return bool(updates) and updates[-1] > BATCHES_PER_EPOCH
