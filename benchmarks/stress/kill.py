"""Kill trainings with `kill -9` and check that, resumed, they end like a training that was not killed.

Trains the smoke network once without an interruption, then kills many trainings, each a `kedro run` in a process of
its own: at any moment, while a checkpoint is written, around a growth, at the end, and before the first checkpoint.
Each one continues with `kedro run --pipeline resume`, or starts again where the kill came before the first checkpoint,
and the tensors of its network are compared with the uninterrupted ones byte by byte. Writes kill.json. Exit code 1 on
any difference.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from safetensors.numpy import load_file

from benchmarks.common.artifacts import NETWORK, newest
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.project_folder import kedro, make_project, run_kedro, start_kedro
from benchmarks.common.results import write_results
from benchmarks.stress.moments import Moment, moments
from mnist_growth.hooks.resume import RESUME_NODE
from mnist_growth.network import load_tensors

NAME = "kill"
SMOKE = ("run", "--env", "smoke")
OFTEN = ("--params", "training.checkpoint_seconds=0.01")
WAIT_TIMEOUT = 600.0  # seconds to wait for the moment of a kill
BYTE_EQUAL, UNREADABLE = "byte-equal", "no readable checkpoint left"


def kill_options(description: str | None, kills: int) -> argparse.Namespace:
    """Return the options of a benchmark that kills processes.

    Args:
        description: Of the benchmark.
        kills: Their number by default.
    """
    options_parser = parser(description, "two kills")
    options_parser.add_argument("--kills", type=int, default=kills)
    options_parser.add_argument("--seed", type=int, default=0)
    options_parser.add_argument("--minutes", type=float, default=60.0, help="no kill begins after this time")
    return options_parser.parse_args()


def main() -> None:
    """Kill, resume, compare and write."""
    options = kill_options(__doc__, 50)
    circumstances = Circumstances.now(quick=options.quick)
    kills = 2 if options.quick else options.kills
    started = time.monotonic()
    counts: Counter[str] = Counter()
    done = 0
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder) / "project")
        for pipeline in ("ingest", "preprocess"):
            run_kedro(project, *SMOKE, "--pipeline", pipeline)
        before_first = time_to_first_checkpoint(project)
        run_kedro(project, *SMOKE, "--pipeline", "train")
        expected = tensors_of(project)
        for moment in moments(kills, options.seed, before_first):
            if time.monotonic() - started > 60 * options.minutes:
                break
            outcome, traces = kill_and_resume(project, moment, expected)
            done += 1
            counts[outcome] += 1
            counts.update(traces)
            print(f"{done:3d}  {moment.name:18}  {outcome}  {'  '.join(sorted(traces))}", flush=True)
    seconds = time.monotonic() - started
    findings = {"kills": done, "seed": options.seed, "seconds": seconds, "outcomes": dict(counts)}
    path = write_results(NAME, circumstances, findings, n=done, quick=options.quick)
    print(f"\n{done} kills in {seconds:.0f} s: {dict(counts)}. Wrote {path}.")
    sys.exit(counts[BYTE_EQUAL] != done or counts[UNREADABLE] > 0 or done == 0)


def kill_and_resume(project: Path, moment: Moment, expected: dict[str, bytes]) -> tuple[str, set[str]]:
    """Kill one training and continue it.

    Args:
        project: Folder of the project.
        moment: When to kill.
        expected: Tensors of the uninterrupted training.

    Returns:
        The outcome, and what the kill left behind.
    """
    shutil.rmtree(project / "data/06_models", ignore_errors=True)
    checkpoints = project / "data/06_models/checkpoints"
    process = start_kedro(project, *SMOKE, *OFTEN, "--pipeline", "train")
    update = moment.update
    if update is not None:
        wait(lambda: process.poll() is not None or newest_update(checkpoints) >= update)
    time.sleep(moment.seconds)
    if moment.writing:
        wait(lambda: process.poll() is not None or any(checkpoints.glob("*/.*.tmp")), pause=0)
    ended_before = process.poll() is not None
    process.kill()
    process.communicate()

    files = sorted(checkpoints.glob("*/update-*.safetensors"))
    readable = [is_readable(path) for path in files]
    traces = {"had ended before"} if ended_before else set()
    if any(checkpoints.glob("*/.*.tmp")):
        traces.add("incomplete checkpoint")
    if files and not readable[-1]:
        traces.add("newest checkpoint unreadable")
    if files and not any(readable):
        traces.add(UNREADABLE)
    if list((project / "data/06_models").glob(f"{NETWORK}/*/{NETWORK}")):
        traces.add("network was saved")
    # Only the training itself matters here.
    code, _, errors = kedro(project, *SMOKE, "--pipeline", "resume", "--to-nodes", RESUME_NODE)
    if not files:
        if code != 1 or not errors.startswith("Error: ") or "checkpoint" not in errors or errors.count("\n") != 1:
            return f"no checkpoint, exit {code}: {errors}", traces
        traces.add("before the first checkpoint: refused in one sentence, started again")
        code, _, errors = kedro(project, *SMOKE, "--pipeline", "train")
    if code != 0:
        return f"the second training failed with exit code {code}: {errors}", traces
    actual = tensors_of(project)
    differing = {name for name in expected.keys() | actual.keys() if expected.get(name) != actual.get(name)}
    return (f"differs in {', '.join(sorted(differing))}" if differing else BYTE_EQUAL), traces


def time_to_first_checkpoint(project: Path) -> float:
    """Measure the seconds from the start of the process to its first checkpoint."""
    started = time.monotonic()
    process = start_kedro(project, *SMOKE, *OFTEN, "--pipeline", "train")
    wait(lambda: process.poll() is not None or newest_update(project / "data/06_models/checkpoints") > 0)
    seconds = time.monotonic() - started
    process.communicate()
    return seconds


def wait(condition: Callable[[], bool], pause: float = 0.001) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: It did not hold within ten minutes.
    """
    deadline = time.monotonic() + WAIT_TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("The moment of the kill did not come.")
        time.sleep(pause)


def newest_update(checkpoints: Path) -> int:
    """Return the update of the newest checkpoint; 0 if there is none."""
    return max((int(path.name.split("-")[1]) for path in checkpoints.glob("*/update-*.safetensors")), default=0)


def is_readable(path: Path) -> bool:
    """Return whether a checkpoint is complete."""
    try:
        load_tensors(path, "checkpoint")
    except (ValueError, OSError):
        return False
    return True


def tensors_of(project: Path) -> dict[str, bytes]:
    """Return the contents of the newest network, by name of the tensor."""
    tensors = load_file(newest(NETWORK, project))
    return {name: f"{tensor.dtype}{tensor.shape}".encode() + tensor.tobytes() for name, tensor in tensors.items()}


if __name__ == "__main__":
    main()
