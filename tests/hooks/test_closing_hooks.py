import logging
from types import SimpleNamespace

import pytest
from kedro.io import MemoryDataset
from versioned import OURS, numbers, text

from mnist_growth.hooks import ClosingHooks


@pytest.fixture
def closing(catalog, tmp_path, caplog, monkeypatch):
    """Saves datasets in a run and returns its last lines."""
    monkeypatch.setattr(logging.getLogger("mnist_growth"), "propagate", True)

    def close(*names, failure=""):
        hooks = ClosingHooks()
        hooks.after_context_created(SimpleNamespace(project_path=tmp_path))
        catalog["tracker"] = MemoryDataset(SimpleNamespace(failure=failure), copy_mode="assign")
        hooks.before_pipeline_run(catalog)
        for name in names:
            is_page = name == "report" or name.endswith("_page")
            catalog[name] = (text if is_page else numbers)(tmp_path / "data", name, load=OURS)
            catalog.save(name, "page" if is_page else 1)
            hooks.after_dataset_saved(name)
        with caplog.at_level(logging.INFO, "mnist_growth"):
            hooks.after_pipeline_run()
        return [record.getMessage() for record in caplog.records if record.name.startswith("mnist_growth")]

    return close


def test_a_run_ends_with_the_place_of_its_report(closing):
    assert closing("network", "report") == [
        f"Report: data/report.html/{OURS}/report.html",
        "Next: `kedro serve` answers with the best network",
    ]


def test_a_run_ends_with_the_place_of_its_page_whatever_its_name(closing):
    """The page of a comparison, next to which the folder of the other results is not named."""
    assert closing("comparison", "comparison_page") == [
        f"Report: data/comparison_page.html/{OURS}/comparison_page.html"
    ]


def test_a_run_without_report_names_the_folders_of_its_results(closing):
    assert closing("made") == [f"Results: data, version {OURS}"]


def test_results_of_the_report_lead_to_it(closing):
    assert closing("test_metrics") == [
        f"Results: data, version {OURS}",
        "Next: `kedro run --pipeline report` puts them into the report",
    ]


def test_a_run_that_was_not_tracked_says_so_at_last(closing):
    assert closing("report", failure="no disk")[-1] == "This run is not in MLflow (no disk)"


def test_a_run_that_saves_nothing_adds_nothing(closing):
    assert closing() == []
