"""`kedro run --params distribution.processes=2`, one of whose processes is killed."""

from pathlib import Path

import psutil
from kedro_project import Project

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


def _update(path: Path) -> int:
    return int(path.name.split("-")[1])
