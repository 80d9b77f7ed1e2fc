"""Kill the pipelines that use a trained network, and the studies, with `kill -9`, and check that nothing is lost.

Trains the smoke network, then kills evaluate, report, export, predict, compress and the seven studies at random
moments. After each kill no process may remain, all earlier versions must have the same bytes, what the killed run has
saved must be complete, and the same command must succeed, leave no temporary files, and not write again what the killed
run has kept: trainings that are finished are not repeated. A compression must end with the bytes of one that was not
killed, a study with its table, but for times and memory. Writes kill_pipelines.json. Exit code 1 on any defect.
"""

import hashlib
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import psutil
from PIL import Image

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.project_folder import kedro, make_project, run_kedro, start_kedro
from benchmarks.common.results import write_results

NAME = "kill_pipelines"
SMOKE = ("run", "--env", "smoke")
PARALLEL = ("--params", "studies.workers=2")
STUDIES = "06_models/studies"


@dataclass(frozen=True)
class Victim:
    """A pipeline to kill.

    Attributes:
        arguments: Its further arguments; {network} is the version of the trained network.
        result: What must be the same after a killed run as after one that was not killed.
        kept: Folder of what it keeps from run to run. It is removed before a run that is killed, which has to make it
            again.
        is_counted: Whether only the number of rows of the result must be the same: a trial of ``tune`` that was killed
            starts again under another number, on which later choices depend.
    """

    arguments: tuple[str, ...] = ()
    result: str | None = None
    kept: str | None = None
    is_counted: bool = False


PIPELINES = {
    "evaluate": Victim(),
    "report": Victim(),
    "export": Victim(),
    "predict": Victim(("--params", "predict.folder=images")),
    "compress": Victim(
        ("--load-versions", "network:{network}"), "06_models/network.safetensors", "06_models/candidates"
    ),
    "sweep": Victim(PARALLEL, "08_reporting/sweep.parquet", STUDIES),
    "tune": Victim(PARALLEL, "08_reporting/tuning_trials.parquet", STUDIES, is_counted=True),
    "search": Victim(PARALLEL, "08_reporting/search_networks.parquet", STUDIES),
    "family": Victim(PARALLEL, "08_reporting/family.parquet", STUDIES),
    "active": Victim(PARALLEL, "08_reporting/active_learning.parquet", STUDIES),
    "continual": Victim(PARALLEL, "08_reporting/continual_learning.parquet", STUDIES),
    "meta": Victim(PARALLEL, "08_reporting/meta_learning.parquet", STUDIES),
}

DIFFERENT_EACH_TIME = ("seconds", "peak_rss_bytes", "version")
"""Columns of tables that no two runs have in common."""

IMAGES = 200  # to predict
NO_DEFECT = "nothing lost"


def main() -> None:
    """Kill, check, run again and write."""
    options_parser = parser(__doc__, "one kill of each pipeline")
    options_parser.add_argument("--kills", type=int, default=20, help="of each pipeline")
    options_parser.add_argument("--only", nargs="+", default=list(PIPELINES), choices=list(PIPELINES))
    options_parser.add_argument("--seed", type=int, default=0)
    options_parser.add_argument("--minutes", type=float, default=60.0, help="no kill begins after this time")
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    kills = 1 if options.quick else options.kills
    started, generator = time.monotonic(), random.Random(options.seed)
    outcomes = {name: Counter[str]() for name in options.only}
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder) / "project")
        draw_images(project / "images")
        run_kedro(project, *SMOKE)
        network = newest(project, "06_models/network.safetensors").parent.name
        commands = {
            name: (*SMOKE, "--pipeline", name, *(argument.format(network=network) for argument in victim.arguments))
            for name, victim in PIPELINES.items()
            if name in options.only
        }
        durations, results = {}, {}
        for name, command in commands.items():
            remove_kept(project, name)
            durations[name] = duration_of(project, command)
            results[name] = result_of(project, name)
        for _ in range(kills):
            for name, command in commands.items():
                if time.monotonic() - started > 60 * options.minutes:
                    break
                moment = generator.uniform(0, durations[name])
                remove_kept(project, name)
                outcome = kill_and_repeat(project, command, moment, PIPELINES[name].kept)
                if outcome == NO_DEFECT and result_of(project, name) != results[name]:
                    outcome = f"another {PIPELINES[name].result}"
                outcomes[name][outcome] += 1
                print(f"{name:10} killed after {moment:4.1f} s  {outcome}", flush=True)
    seconds = time.monotonic() - started
    done = sum(counts.total() for counts in outcomes.values())
    for name, counts in outcomes.items():
        findings = {"seed": options.seed, "outcomes": dict(counts)}
        path = write_results(NAME, circumstances, findings, n=counts.total(), quick=options.quick, entry=name)
    print(f"\n{done} kills in {seconds:.0f} s. Wrote {path}.")
    sys.exit(done == 0 or any(set(counts) - {NO_DEFECT} for counts in outcomes.values()))


def duration_of(project: Path, command: tuple[str, ...]) -> float:
    """Run a command without a kill, and return how many seconds it took."""
    begun = time.monotonic()
    run_kedro(project, *command)
    return time.monotonic() - begun


def newest(project: Path, name: str) -> Path:
    """Return the newest version of a file in the data folder."""
    return max((project / "data" / name).glob(f"*/{Path(name).name}"))


def remove_kept(project: Path, name: str) -> None:
    """Remove what a pipeline keeps from run to run."""
    if (kept := PIPELINES[name].kept) is not None:
        shutil.rmtree(project / "data" / kept, ignore_errors=True)


def result_of(project: Path, name: str) -> str | None:
    """Return what the newest result of a pipeline must have in common with all others; None: nothing."""
    if (result := PIPELINES[name].result) is None:
        return None
    path = newest(project, result)
    if path.suffix != ".parquet":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    table = pd.read_parquet(path)
    if PIPELINES[name].is_counted:
        return f"{len(table)} rows"
    return str(table.drop(columns=list(DIFFERENT_EACH_TIME), errors="ignore").to_csv())


def draw_images(folder: Path) -> None:
    """Write random images, which `predict` reads."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(IMAGES):
        Image.fromarray(generator.integers(0, 256, (28, 28), np.uint8)).save(folder / f"{number:03}.png")


def kill_and_repeat(project: Path, command: tuple[str, ...], moment: float, kept: str | None) -> str:
    """Kill one run and run the command again.

    Args:
        project: Folder of the project.
        command: Arguments of `kedro`.
        moment: Seconds from the start of the process to the kill.
        kept: Folder of what the pipeline keeps from run to run.

    Returns:
        The defect that was found, or `NO_DEFECT`.
    """
    before = digests(project / "data")
    process = start_kedro(project, *command)
    time.sleep(moment)
    process.kill()
    process.communicate()
    if not_ended := remaining_processes(project):
        return f"processes remain: {', '.join(not_ended)}"
    after = digests(project / "data")
    if changed := [name for name, digest in before.items() if after.get(name) != digest]:
        return f"lost or changed: {', '.join(sorted(changed))}"
    if incomplete := [
        name for name in sorted(after.keys() - before.keys()) if not is_complete(project / "data" / name)
    ]:
        return f"incomplete: {', '.join(incomplete)}"
    finished = finished_trainings(project, kept)
    code, _, errors = kedro(project, *command)
    if code != 0:
        return f"the next command ended with exit code {code}: {errors}"
    if repeated := finished.items() - finished_trainings(project, kept).items():
        return f"repeated: {', '.join(sorted(name for name, _ in repeated))}"
    if left := [str(path.relative_to(project)) for path in (project / "data").rglob(".*.tmp")]:
        return f"temporary files left: {', '.join(left)}"
    return NO_DEFECT


def remaining_processes(project: Path) -> list[str]:
    """Return the processes that still run in the folder of the project; workers may need some seconds to end."""
    deadline = time.monotonic() + 10
    while found := [
        process for process in psutil.process_iter(["cwd", "cmdline"]) if process.info["cwd"] == str(project)
    ]:
        if time.monotonic() > deadline:
            return [" ".join(process.info["cmdline"] or []) for process in found]
        time.sleep(0.1)
    return []


def finished_trainings(project: Path, kept: str | None) -> dict[str, int]:
    """Return the time, in nanoseconds, at which each kept outcome was written."""
    if kept is None:
        return {}
    return {path.name: path.stat().st_mtime_ns for path in (project / "data" / kept).glob("*.json")}


def digests(data: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a version by its path; temporary files are left out."""
    return {
        str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in data.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(data).parts)
    }


def is_complete(path: Path) -> bool:
    """Return whether a file can be read to its end."""
    try:
        if path.suffix == ".parquet":
            pd.read_parquet(path, page_checksum_verification=True)
        elif path.suffix == ".json":
            json.loads(path.read_bytes())
        elif path.suffix == ".onnx":
            onnx.checker.check_model(onnx.load_model_from_string(path.read_bytes()))
        elif path.suffix == ".html":
            return path.read_text("utf-8").rstrip().endswith("</html>")
    except Exception:
        return False
    return path.stat().st_size > 0


if __name__ == "__main__":
    main()
