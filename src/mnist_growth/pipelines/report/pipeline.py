"""Wiring of the report."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines import evaluate, preprocess
from mnist_growth.pipelines.evaluate.pipeline import DESCRIBE
from mnist_growth.pipelines.report.nodes import (
    draw_complexity,
    draw_png,
    draw_units,
    measure_layers,
    measure_memory,
    measure_units,
    write_report,
)
from mnist_growth.training import training_summary

_DRAWN = evaluate.create_pipeline().all_outputs() | preprocess.create_pipeline().all_outputs()
FIGURES = [
    *sorted(name for name in _DRAWN if name.endswith("_figure")),
    "unit_cohorts_figure",
    "cost_figure",
    "complexity_figure",
]
"""All that a default run draws."""

TABLES = [
    "test_metrics",
    "class_metrics",
    "accuracy_by_part",
    "confused_pairs",
    "training_summary",
    "training_history",
    "growth_events",
    "unit_cohorts",
    "layer_costs",
    "memory_parts",
    "data_manifest",
]


def create_pipeline() -> Pipeline:
    """Results of a training and an evaluation in; one page, and the tables and figures that only it needs, out."""
    return Pipeline(
        [
            Node(
                measure_units,
                inputs=["network", "growth_events", "test_digits", "predictions", "params:report"],
                outputs="unit_cohorts",
                name="measure_units",
            ),
            Node(measure_layers, inputs="network", outputs="layer_costs", name="measure_layers"),
            Node(measure_memory, inputs=["network", "training_history"], outputs="memory_parts", name="measure_memory"),
            Node(
                draw_complexity,
                inputs=["layer_costs", "memory_parts", "provenance"],
                outputs="complexity_figure",
                name="draw_complexity",
            ),
            Node(training_summary, inputs="training_history", outputs="training_summary", name="training_summary"),
            DESCRIBE,
            Node(
                draw_units,
                inputs=["unit_cohorts", "training_history", "provenance"],
                outputs=["unit_cohorts_figure", "cost_figure"],
                name="draw_units",
            ),
            Node(
                draw_png,
                inputs={"config": "params:report", **{name: name for name in FIGURES}},
                outputs="figures_png",
                name="draw_png",
            ),
            Node(
                write_report,
                inputs={
                    name: name for name in [*TABLES, "predictions", "analysis", "parameters", "run_facts", *FIGURES]
                },
                outputs="report",
                name="write_report",
            ),
        ]
    )
