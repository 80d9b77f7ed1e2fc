"""Kill processes of a distributed training at random moments and check that it ends with the same bytes.

Trains the smoke network in two processes once without a fault, and then again and again. In each of these trainings,
one of the two processes receives SIGKILL at a random moment, or SIGSTOP, so that it does not answer any more. The
tensors of the network at the end are compared with those of the training without a fault byte by byte. No process may
remain. Writes kill_processes.json. Exit code 1 on any difference.
"""

import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.project_folder import make_project, run_kedro, start_kedro
from benchmarks.common.results import write_results
from benchmarks.stress.kill import BYTE_EQUAL, kill_options, newest_update, tensors_of, wait

NAME = "kill_processes"
TRAIN = ("run", "--env", "smoke", "--pipeline", "train", "--params")
PARAMETERS = "distribution.processes=2,distribution.timeout_seconds=20,training.checkpoint_seconds=0.01"
STOPPED_SHARE = 0.2
"""Share of faults that are processes which do not answer."""

TOO_LATE = "the training has just ended"
"""Outcome of a kill that does not count."""


def main() -> None:
    """Kill, compare and write."""
    options = kill_options(__doc__, 20)
    circumstances = Circumstances.now(quick=options.quick)
    kills = 2 if options.quick else options.kills
    chance = random.Random(options.seed)
    started = time.monotonic()
    counts: Counter[str] = Counter()
    done = 0
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder) / "project")
        for pipeline in ("ingest", "preprocess"):
            run_kedro(project, "run", "--env", "smoke", "--pipeline", pipeline)
        run_kedro(project, *TRAIN, PARAMETERS)
        expected = tensors_of(project)
        last = newest_update(project / "data/06_models/checkpoints")
        while done < kills and time.monotonic() - started < 60 * options.minutes:
            update = chance.randrange(last)
            number = signal.SIGSTOP if chance.random() < STOPPED_SHARE else signal.SIGKILL
            outcome = disturb(project, update, number, chance.randrange(2), expected)
            if outcome == TOO_LATE:
                continue
            done += 1
            counts[outcome] += 1
            print(f"{done:3d}  {signal.Signals(number).name} after update {update:3d}  {outcome}", flush=True)
    seconds = time.monotonic() - started
    findings = {"kills": done, "seed": options.seed, "seconds": seconds, "outcomes": dict(counts)}
    path = write_results(NAME, circumstances, findings, n=done, quick=options.quick)
    print(f"\n{done} kills in {seconds:.0f} s: {dict(counts)}. Wrote {path}.")
    sys.exit(counts[BYTE_EQUAL] != done or done == 0)


def disturb(project: Path, update: int, number: int, which: int, expected: dict[str, bytes]) -> str:
    """Send a signal to one process of a training, and return how the training has ended.

    Args:
        project: Folder of the project.
        update: The signal is sent once a checkpoint of this update has been written.
        number: The signal.
        which: Which of the two processes receives it.
        expected: Tensors of the training without a fault.
    """
    checkpoints = project / "data/06_models/checkpoints"
    earlier = set(checkpoints.iterdir())
    command = start_kedro(project, *TRAIN, PARAMETERS)

    def is_reached() -> bool:
        current = [folder for folder in checkpoints.iterdir() if folder not in earlier]
        return command.poll() is not None or any(_newest_update_in(folder) >= update for folder in current)

    wait(is_reached)
    workers = training_processes(command.pid)
    if len(workers) != 2:
        command.communicate()
        return TOO_LATE
    workers[which].send_signal(number)
    below = psutil.Process(command.pid).children(recursive=True) if command.poll() is None else []
    _, errors = command.communicate()
    if command.returncode != 0:
        return f"exit code {command.returncode}: {errors.strip()}"
    _, alive = psutil.wait_procs(below, timeout=10)
    if alive:
        return f"{len(alive)} processes remain"
    actual = tensors_of(project)
    differing = {name for name in expected.keys() | actual.keys() if expected.get(name) != actual.get(name)}
    return f"differs in {', '.join(sorted(differing))}" if differing else BYTE_EQUAL


def training_processes(command: int) -> list[psutil.Process]:
    """Return the processes that train for a command, which a child of it has forked.

    Args:
        command: Id of its process.
    """
    try:
        children = psutil.Process(command).children()
        workers = [worker for child in children for worker in child.children()]
        return sorted(workers, key=lambda process: (process.create_time(), process.pid))
    except psutil.NoSuchProcess:
        return []


def _newest_update_in(folder: Path) -> int:
    return max((int(path.name.split("-")[1]) for path in folder.glob("update-*.safetensors")), default=-1)


if __name__ == "__main__":
    main()
