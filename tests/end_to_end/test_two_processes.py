"""`kedro run` in two processes: one is killed; each is on a machine of its own, as far as this can be had here."""

import socket
from pathlib import Path

import psutil
from kedro_project import Project
from mlflow_record import Record

PARAMETERS = "distribution.processes=2,training.checkpoint_seconds=0.01,training.epochs=2"


def test_a_run_in_two_processes_survives_the_loss_of_one(project: Project):
    project.succeed("run", "--env", "smoke", "--pipeline", "ingest")
    project.succeed("run", "--env", "smoke", "--pipeline", "preprocess")
    command = project.start("run", "--env", "smoke", "--pipeline", "train", "--params", PARAMETERS)
    checkpoints = project.folder / "data/06_models/checkpoints"
    command.wait_until(lambda: any(_update(path) > 0 for path in checkpoints.glob("*/update-*.safetensors")))
    workers = [each for child in psutil.Process(command.process.pid).children() for each in child.children()]
    max(workers, key=lambda process: (process.create_time(), process.pid)).kill()
    result = command.wait()
    assert result.code == 0, result
    assert "all start again from the newest checkpoint (restart 1 of 3)" in result.stdout + result.stderr
    assert len(list((project.folder / "data/06_models/network.safetensors").iterdir())) == 1
    assert not [process for process in workers if process.is_running()]


def test_a_training_on_two_machines_succeeds_on_both_and_leaves_its_results_on_one(
    project: Project, tmp_path: Path, empty_database: Path
):
    project.succeed("run", "--env", "smoke", "--pipelines", "ingest,preprocess")
    other = project.copy(tmp_path / "other", empty_database)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    parameters = f"distribution.nodes=2,distribution.rendezvous=127.0.0.1:{port},training.epochs=2"
    commands = [
        each.start("run", "--env", "smoke", "--pipeline", "train", "--params", parameters) for each in (project, other)
    ]
    results = [command.wait() for command in commands]
    assert [result.code for result in results] == [0, 0], results
    with_network = [
        "network.safetensors" in str(list(each.folder.glob("data/06_models/network.safetensors/*/*")))
        for each in (project, other)
    ]
    assert sorted(with_network) == [False, True]
    without = with_network.index(False)
    assert "Its results are on the machine of process 0, not on this one" in results[without].stdout
    for each in (project, other):
        record = Record(each)
        assert record.runs()[0].info.status == "FINISHED"
        record.close()


def _update(path: Path) -> int:
    return int(path.name.split("-")[1])
