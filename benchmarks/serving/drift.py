"""Check that the drift monitor is silent on test digits and raises an alarm on changed ones.

The test digits of the newest network, in file order and shuffled, make windows of 500 that must raise no alarm. The
same digits inverted, rotated, noisy or blurred, and textures instead of digits, must raise an alarm in the first
window. Prints a table and writes drift.json. Exit code 1 if a window is judged wrongly.
"""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.common.artifacts import NETWORK, digits_of, newest, versions
from benchmarks.common.base_parameters import from_base
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.results import write_results
from benchmarks.common.tables import machine_line, markdown
from benchmarks.serving.changed_digits import CHANGES, Images
from mnist_growth.batch import Picture, features_of, predict_pictures
from mnist_growth.digits import already_prepared
from mnist_growth.drift import DriftConfig, DriftReference, load_reference, watch
from mnist_growth.network import TrainedNetwork, load_network, predict_logits

NAME = "drift"
REFERENCE = "drift_reference.json"


def main() -> None:
    """Measure, print and write."""
    options_parser = parser(__doc__, "two windows of each kind")
    options_parser.add_argument("--windows", type=int, default=20, help="number of windows without a change")
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    config = from_base(DriftConfig, "drift")
    trained, reference, images = newest_network()
    generator = np.random.default_rng(0)
    windows = 2 if options.quick else options.windows
    count = min(windows, len(images) // config.window) * config.window
    unchanged = {"in file order": images[:count], "shuffled": images[generator.permutation(len(images))[:count]]}
    window = images[: config.window]
    changed = {name: change(window, generator) for name, change in CHANGES.items()}
    report = partial(watched, trained, reference, config)
    findings: dict[str, Any] = {
        "dataset": trained.dataset,
        "window": config.window,
        "unchanged": {name: summary(report(digits)) for name, digits in unchanged.items()},
        "changed": {name: summary(report(digits)) for name, digits in changed.items()},
    }
    path = write_results(NAME, circumstances, findings, n=count // config.window, quick=options.quick)
    print(table({**asdict(circumstances), **findings}))
    wrong = [name for name, row in findings["unchanged"].items() if row["alarms"]]
    wrong += [name for name, row in findings["changed"].items() if not row["alarms"]]
    print(f"\nWrongly judged: {', '.join(wrong) or 'none'}. Wrote {path}.")
    sys.exit(bool(wrong))


def newest_network() -> tuple[TrainedNetwork, DriftReference, Images]:
    """Return the newest network, its drift reference, and its test images.

    Raises:
        SystemExit: One of them is missing.
    """
    trained = load_network(newest(NETWORK))
    references = map(load_reference, versions(REFERENCE))
    reference = next((each for each in references if each.network_sha256 == trained.sha256), None)
    if reference is None:
        sys.exit("The newest network has no drift reference: run `kedro run --pipeline drift_reference`.")
    digits = digits_of(trained.fingerprint, "test")
    if digits is None:
        sys.exit("The digits of the newest network are not in the data folder: run `kedro run --pipeline ingest`.")
    return trained, reference, np.array(digits[0])


def watched(trained: TrainedNetwork, reference: DriftReference, config: DriftConfig, images: Images) -> pd.DataFrame:
    """Return the drift report of images, as the batch prediction makes it."""
    pictures = (Picture(str(number), image) for number, image in enumerate(images))
    parts = predict_pictures(pictures, partial(predict_logits, trained.network), already_prepared, trained.class_names)
    return watch(reference, (features_of(part.predictions) for part in parts), config)


def summary(report: pd.DataFrame) -> dict[str, Any]:
    """Return the number of windows and alarms, the features that raised them, and the largest values per feature."""
    alarms = report[report["alarm"]]
    return {
        "windows": int(report["window"].nunique()),
        "alarms": int(alarms["window"].nunique()),
        "features": list(dict.fromkeys(alarms["feature"])),
        "largest": {
            str(name): {key: round(float(rows[key].max()), 3) for key in ("kl", "psi", "ks")}
            for name, rows in report.groupby("feature", sort=False)
        },
    }


def table(results: Mapping[str, Any]) -> str:
    """Format one row for each kind of images."""
    rows = []
    for name, row in {**results["unchanged"], **results["changed"]}.items():
        largest = ", ".join(f"{feature} {values['psi']:.2f}" for feature, values in row["largest"].items())
        rows.append((name, row["windows"], row["alarms"], ", ".join(row["features"]), largest))
    header = ("images", "windows", "with an alarm", "raised by", "largest PSI")
    return f"{markdown(header, rows)}\n\n{results['dataset']}. {machine_line(results)}"


if __name__ == "__main__":
    main()
