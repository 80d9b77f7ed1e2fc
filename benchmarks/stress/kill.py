"""Kill trainings with `kill -9` and see whether, resumed, they end like one that was not killed.

`python -m benchmarks.stress.kill --kills 50` trains the smoke network once without an interruption, then kills that
many trainings, each `kedro run` a process of its own: anywhere, while a checkpoint is being written, around a growth,
at the end, and before the first checkpoint. Every one goes on with `kedro run --pipeline resume`, or begins anew where
the kill came before there was anything to go on from, and the tensors of its network are compared with the
uninterrupted ones byte by byte. Writes benchmarks/results/kill.json. Exit code 1 on any difference.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from safetensors.numpy import load_file

from benchmarks.common.project_folder import kedro, make_project, newest, start_kedro
from benchmarks.common.tables import keep_findings
from mnist_growth.network import load_tensors

SMOKE = ("run", "--env", "smoke")
OFTEN = ("--params", "training.checkpoint_seconds=0.01")
BATCHES = 63  # per epoch
EPOCHS = 4
GROWTHS = (1, 2)  # epochs after which the network grows
LONGEST = 600  # seconds to wait for the moment of a kill


@dataclass(frozen=True)
class Moment:
    """When to kill: after an update was checkpointed, or the process began, and so much later.

    Attributes:
        name: kind of moment.
        update: number of the update whose checkpoint is waited for; None: not waited for.
        seconds: to wait from then on.
        writing: then wait until a checkpoint is being written.
    """

    name: str
    update: int | None
    seconds: float
    writing: bool = False


def main() -> None:
    """Kill, resume, compare and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder) / "project")
        for pipeline in ("ingest", "preprocess"):
            run(project, *SMOKE, "--pipeline", pipeline)
        before_first = time_to_first_checkpoint(project)
        run(project, *SMOKE, "--pipeline", "train")
        expected = tensors_of(project)
        counts: Counter[str] = Counter()
        for number, moment in enumerate(moments(options.kills, options.seed, before_first)):
            outcome, found = kill_and_resume(project, moment, expected)
            counts[outcome] += 1
            counts.update(found)
            print(f"{number + 1:3d}  {moment.name:18}  {outcome}  {'  '.join(sorted(found))}", flush=True)
    seconds = time.monotonic() - started
    print(f"\n{options.kills} kills in {seconds:.0f} s: {dict(counts)}")
    findings = {"kills": options.kills, "seed": options.seed, "seconds": seconds, "outcomes": dict(counts)}
    print(keep_findings("kill", findings))
    good = counts["byte-equal"]
    sys.exit(0 if good == options.kills and not counts["no readable checkpoint left"] else 1)


def moments(kills: int, seed: int, before_first: float) -> list[Moment]:
    """Random moments of each kind, in random order, the same for the same seed."""
    generator = random.Random(seed)
    last = EPOCHS * BATCHES

    def moment(number: int) -> Moment:
        late = generator.uniform(0, 0.05)
        match number % 10:
            case 0 | 1 | 2:
                return Moment("anywhere", generator.randint(1, last - 1), late)
            case 3 | 4 | 5 | 6:
                return Moment("writing", generator.randint(1, last - 2), late, writing=True)
            case 7 | 8:
                return Moment("growth", generator.choice(GROWTHS) * BATCHES - 1, late)
            case _ if number // 10 % 2:
                return Moment("end", last - 1, generator.uniform(0, 1))
            case _:
                return Moment("start", None, generator.uniform(0, before_first))

    chosen = [moment(number) for number in range(kills)]
    generator.shuffle(chosen)
    return chosen


def kill_and_resume(project: Path, moment: Moment, expected: dict[str, bytes]) -> tuple[str, set[str]]:
    """Kill one training, go on with it, and say how that ended and what the kill left behind."""
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
    found = {"had ended before"} if ended_before else set()
    if any(checkpoints.glob("*/.*.tmp")):
        found.add("half a checkpoint")
    if files and not readable[-1]:
        found.add("newest unreadable")
    if files and not any(readable):
        found.add("no readable checkpoint left")
    if list((project / "data/06_models").glob("network.safetensors/*/network.safetensors")):
        found.add("network was saved")
    # What comes after the training is not of interest here.
    code, _, errors = kedro(project, *SMOKE, "--pipeline", "resume", "--to-nodes", "resume_training")
    if not files:
        is_told = code == 1 and errors.startswith("Error: no readable checkpoint in ") and errors.count("\n") == 1
        if not is_told:
            return f"no checkpoint, exit {code}: {errors}", found
        found.add("before the first checkpoint: told so, and begun anew")
        code, _, errors = kedro(project, *SMOKE, "--pipeline", "train")
    if code != 0:
        return f"the second training failed with exit code {code}: {errors}", found
    actual = tensors_of(project)
    differing = {name for name in expected.keys() | actual.keys() if expected.get(name) != actual.get(name)}
    return (f"differs in {', '.join(sorted(differing))}" if differing else "byte-equal"), found


def time_to_first_checkpoint(project: Path) -> float:
    """Seconds from the start of the process to its first checkpoint."""
    started = time.monotonic()
    process = start_kedro(project, *SMOKE, *OFTEN, "--pipeline", "train")
    wait(lambda: process.poll() is not None or newest_update(project / "data/06_models/checkpoints") > 0)
    seconds = time.monotonic() - started
    process.communicate()
    return seconds


def wait(condition: Callable[[], bool], pause: float = 0.001) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + LONGEST
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the moment to kill at did not come")
        time.sleep(pause)


def newest_update(checkpoints: Path) -> int:
    """Update of the newest checkpoint; 0 if there is none."""
    return max((int(path.name.split("-")[1]) for path in checkpoints.glob("*/update-*.safetensors")), default=0)


def is_readable(path: Path) -> bool:
    """Whether a checkpoint is whole."""
    try:
        load_tensors(path, "checkpoint")
    except (ValueError, OSError):
        return False
    return True


def tensors_of(project: Path) -> dict[str, bytes]:
    """Contents of the newest network, by name of the tensor."""
    tensors = load_file(newest(project, "06_models/network.safetensors"))
    return {name: f"{tensor.dtype}{tensor.shape}".encode() + tensor.tobytes() for name, tensor in tensors.items()}


def run(project: Path, *arguments: str) -> None:
    """Run a `kedro` command that has to succeed."""
    code, output, errors = kedro(project, *arguments)
    if code != 0:
        raise RuntimeError(f"kedro {' '.join(arguments)} ended with {code}: {output}{errors}")


if __name__ == "__main__":
    main()
