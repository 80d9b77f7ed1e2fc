"""All benchmarks of speed in one command: `make bench`, or `make bench ARGS=--quick` for a look.

Runs throughput.py, time_to_accuracy.py, start_up.py and overhead.py one after the other, and writes their tables into
docs/benchmarks.md between its two marks. Nothing else should run on the machine meanwhile. `--quick` prints the tables
and leaves the page alone.
"""

import argparse
import importlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.common.paths import PROJECT, QUICK_RESULTS, RESULTS

PAGE = PROJECT / "docs" / "benchmarks.md"
MARK = "<!-- bench -->"
HEADINGS = {
    "throughput": ("Throughput of a training step", "throughput_tables", "table"),
    "time_to_accuracy": ("Time to accuracy, and memory", "accuracy_tables", "tables"),
    "start_up": ("Start-up", "start_up", "table"),
    "overhead": ("What is around the training", "overhead", "table"),
}


def main() -> None:
    """Run all and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=list(HEADINGS), choices=list(HEADINGS))
    parser.add_argument("--quick", action="store_true", help="seconds for each; measures nothing")
    options = parser.parse_args()
    quick = ["--quick"] if options.quick else []
    for name in options.only:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", f"benchmarks.speed.{name}", *quick], cwd=PROJECT, check=True)
        print(f"{name}: {time.perf_counter() - started:.0f} s\n", flush=True)
    if not options.quick:
        text = PAGE.read_text("utf-8")
        PAGE.write_text(with_tables(text, sections(RESULTS)), "utf-8")
        print(f"{PAGE} holds the tables")
    else:
        print("\n".join(sections(QUICK_RESULTS).values()))


def sections(folder: Path) -> Mapping[str, str]:
    """A section for each benchmark whose results lie in a folder, by its name."""
    found = {}
    for name, (heading, module, function) in HEADINGS.items():
        path = folder / f"{name}.json"
        if path.exists():
            text = getattr(importlib.import_module(f"benchmarks.speed.{module}"), function)(
                json.loads(path.read_text())
            )
            found[name] = f"### {heading}\n\n{text}\n"
    return found


def with_tables(page: str, tables: Mapping[str, str]) -> str:
    """The page with these sections between its marks, in the place of what was there.

    Raises:
        ValueError: the page does not have two marks.
    """
    if page.count(MARK) != 2:
        raise ValueError(f"the page has {page.count(MARK)} marks {MARK}; expected 2, around the tables")
    body = "\n".join(tables.values())
    return re.sub(f"{MARK}.*{MARK}", lambda _: f"{MARK}\n\n{body}\n{MARK}", page, flags=re.DOTALL)


if __name__ == "__main__":
    main()
