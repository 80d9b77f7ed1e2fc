"""The table of the benchmark of compression."""

from benchmarks.accuracy.compression import MARK, PAGE, table

MACHINE = {"processor": "P", "threads": 1, "logical_cpus": 2, "matmul_gflops": 100, "versions": {"torch": "2"}}
CIRCUMSTANCES = {"date": "2026-11-27", "commit": "0123456789", "clean": True, "load": 0.1, "hardware": MACHINE}


def row(accuracy, size, milliseconds):
    return {
        "accuracy": accuracy,
        "bytes": size,
        "multiply_adds": 5000,
        "latency_milliseconds": milliseconds,
    }


def test_losses_ratios_and_goals_are_those_of_the_networks():
    networks = {
        "first": {"source": {**row(0.995, 4000, 0.1), "eager_milliseconds": 0.3}, "int4": row(0.994, 500, 0.05)},
        "second": {"source": {**row(0.993, 4000, 0.1), "eager_milliseconds": 0.3}, "int4": row(0.9935, 400, 0.05)},
    }
    text = table({"networks": networks, **CIRCUMSTANCES})

    assert "| int4 | 99.38 ± 0.04 | 0.02 ± 0.11 | 0.5 ± 0.1 | 1/9.0 | 5 ± 0 | 0.050 ± 0.000 | 1/6.0 |" in text
    assert "Goal int4: lost <= 0.05: 0.025, reached." in text
    assert "n = 2. 2026-11-27, commit 012345678, P" in text


def test_the_guide_has_the_marks_of_the_table():
    assert PAGE.read_text("utf-8").count(MARK) == 2
