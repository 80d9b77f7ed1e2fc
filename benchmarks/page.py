"""Write the tables of docs/benchmarks.md and of the README from the results in benchmarks/results: `make bench-page`.

Each block of tables stands between two equal marks, in the README between two such as `<!-- results -->` and
`<!-- /results -->`.
Text outside the blocks is kept. Benchmarks update both when they end.
"""

from collections.abc import Callable, Mapping
from typing import Any

from benchmarks import readme
from benchmarks.common.pages import between, with_block
from benchmarks.common.paths import PROJECT
from benchmarks.common.results import read_results
from benchmarks.growth import equal_cost, law, trigger
from benchmarks.growth import tables as growth
from benchmarks.serving import load_tables as serving
from benchmarks.speed import accuracy_tables, checkpoints, evaluation, overhead, start_up, throughput_tables

PAGE = PROJECT / "docs" / "benchmarks.md"
README = PROJECT / "README.md"
README_MARKS = ("<!-- results -->", "<!-- /results -->")
GROWING_MARKS = ("<!-- growing -->", "<!-- /growing -->")

SPEED: dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "throughput": ("Throughput of a training step", throughput_tables.table),
    "time_to_accuracy": ("Time to accuracy, and memory", accuracy_tables.tables),
    "start_up": ("Start-up", start_up.table),
    "overhead": ("Overhead of a run", overhead.table),
    "checkpoints": ("Cost of checkpoints", checkpoints.table),
    "evaluation": ("Duration of an evaluation", evaluation.table),
}
"""Heading and table of each speed benchmark, by the name of its results."""


def main() -> None:
    """Write both documents."""
    write_page()


def write_page() -> None:
    """Write all blocks of the page, and the results in the README."""
    page = PAGE.read_text("utf-8")
    for mark, text in blocks().items():
        page = with_block(page, mark, text)
    PAGE.write_text(page, "utf-8")
    text = between(README.read_text("utf-8"), *README_MARKS, readme_results())
    README.write_text(between(text, *GROWING_MARKS, equal_cost.table(law.read())), "utf-8")
    print(f"Wrote the tables to {PAGE} and {README}.")


def readme_results() -> str:
    """Return the results that the README shows."""
    return readme.results_block(read_results("whole_run", quick=False), read_results("time_to_accuracy", quick=False))


def blocks() -> dict[str, str]:
    """Return the text of each block by its mark."""
    return {
        "<!-- growth -->": growth.tables(read_results("growth", quick=False)),
        "<!-- trigger -->": trigger.table(read_results(trigger.NAME, quick=False)),
        "<!-- serving -->": serving.tables(read_results("serving", quick=False)),
        "<!-- speed -->": speed_sections(quick=False),
    }


def speed_sections(*, quick: bool) -> str:
    """Format a section for each speed benchmark that has results.

    Args:
        quick: Whether to read the results of trial runs.
    """
    found = {name: read_results(name, quick=quick) for name in SPEED}
    return "\n\n".join(
        f"### {heading}\n\n{table(found[name])}" for name, (heading, table) in SPEED.items() if found[name]
    )


if __name__ == "__main__":
    main()
