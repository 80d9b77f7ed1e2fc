"""Kill the pipelines that use a trained network with `kill -9`, and check that nothing is lost.

Trains the smoke network, then kills evaluate, report, export, predict and compress at random moments. After each kill
all earlier versions must have the same bytes, what the killed run has saved must be complete, and the same command must
succeed and leave no temporary files. A compression must end with the bytes of one that was not killed. Writes
kill_pipelines.json. Exit code 1 on any defect.
"""

import hashlib
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from PIL import Image

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.project_folder import kedro, make_project, run_kedro, start_kedro
from benchmarks.common.results import write_results

NAME = "kill_pipelines"
SMOKE = ("run", "--env", "smoke")
PIPELINES = {
    "evaluate": (),
    "report": (),
    "export": (),
    "predict": ("--params", "predict.folder=images"),
    "compress": ("--load-versions", "network:{network}"),
}
"""Pipelines and their further arguments; {network} is the version of the trained network."""

RESULTS = {"compress": "06_models/network.safetensors"}
"""What must have the same bytes after a killed run as after one that was not killed."""

KEPT = {"compress": "06_models/candidates"}
"""What a pipeline keeps from run to run; it is removed before a run that is killed, which has to make it again."""

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
            name: (*SMOKE, "--pipeline", name, *(argument.format(network=network) for argument in arguments))
            for name, arguments in PIPELINES.items()
            if name in options.only
        }
        durations = {name: duration_of(project, command) for name, command in commands.items()}
        results = {name: newest(project, RESULTS[name]).read_bytes() for name in commands if name in RESULTS}
        for _ in range(kills):
            for pipeline, command in commands.items():
                if time.monotonic() - started > 60 * options.minutes:
                    break
                moment = generator.uniform(0, durations[pipeline])
                if pipeline in KEPT:
                    shutil.rmtree(project / "data" / KEPT[pipeline])
                outcome = kill_and_repeat(project, command, moment)
                if outcome == NO_DEFECT and pipeline in results:
                    result = newest(project, RESULTS[pipeline])
                    outcome = NO_DEFECT if result.read_bytes() == results[pipeline] else f"other bytes in {result.name}"
                outcomes[pipeline][outcome] += 1
                print(f"{pipeline:10} killed after {moment:4.1f} s  {outcome}", flush=True)
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


def draw_images(folder: Path) -> None:
    """Write random images, which `predict` reads."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(IMAGES):
        Image.fromarray(generator.integers(0, 256, (28, 28), np.uint8)).save(folder / f"{number:03}.png")


def kill_and_repeat(project: Path, command: tuple[str, ...], moment: float) -> str:
    """Kill one run and run the command again.

    Args:
        project: Folder of the project.
        command: Arguments of `kedro`.
        moment: Seconds from the start of the process to the kill.

    Returns:
        The defect that was found, or `NO_DEFECT`.
    """
    before = digests(project / "data")
    process = start_kedro(project, *command)
    time.sleep(moment)
    process.kill()
    process.communicate()
    after = digests(project / "data")
    if changed := [name for name, digest in before.items() if after.get(name) != digest]:
        return f"lost or changed: {', '.join(sorted(changed))}"
    if incomplete := [
        name for name in sorted(after.keys() - before.keys()) if not is_complete(project / "data" / name)
    ]:
        return f"incomplete: {', '.join(incomplete)}"
    code, _, errors = kedro(project, *command)
    if code != 0:
        return f"the next command ended with exit code {code}: {errors}"
    if left := [str(path.relative_to(project)) for path in (project / "data").rglob(".*.tmp")]:
        return f"temporary files left: {', '.join(left)}"
    return NO_DEFECT


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
