"""Wiring of the explanation."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.evaluate.pipeline import DESCRIBE, PREDICT
from mnist_growth.pipelines.explain.attention import draw_attention, measure_attention
from mnist_growth.pipelines.explain.attributions import measure_attributions
from mnist_growth.pipelines.explain.boundary import follow_paths, map_planes, measure_margins
from mnist_growth.pipelines.explain.boundary_drawing import draw_boundary
from mnist_growth.pipelines.explain.capsules import draw_capsules, measure_capsules
from mnist_growth.pipelines.explain.drawing import draw_attribution_quality, draw_attributions
from mnist_growth.pipelines.explain.inputs import average_digit, choose_digits
from mnist_growth.pipelines.explain.metrics import collect_metrics
from mnist_growth.pipelines.explain.unit_drawing import draw_layers, draw_unit_images, draw_unit_tables
from mnist_growth.pipelines.explain.units import embed_layers, measure_explained_units


def create_pipeline() -> Pipeline:
    """Return the pipeline from a network and its digits to explanations of its answers."""
    return Pipeline(
        [
            PREDICT,
            DESCRIBE,
            Node(
                choose_digits,
                inputs=["predictions", "params:explanation"],
                outputs="explained_digits",
                name="choose_digits",
            ),
            Node(average_digit, inputs=["train_digits", "network"], outputs="average_digit", name="average_digit"),
            Node(
                measure_attributions,
                inputs=["network", "test_digits", "average_digit", "explained_digits", "params:explanation"],
                outputs=[
                    "attribution_metrics",
                    "attribution_quality",
                    "attribution_curves",
                    "attribution_randomisation",
                ],
                name="measure_attributions",
            ),
            Node(
                draw_attributions,
                inputs=[
                    "network",
                    "test_digits",
                    "average_digit",
                    "explained_digits",
                    "params:explanation",
                    "provenance",
                ],
                outputs=["attributions_figure", "activation_maps_figure"],
                name="draw_attributions",
            ),
            Node(
                draw_attribution_quality,
                inputs=["attribution_curves", "attribution_randomisation", "explanation_metrics", "provenance"],
                outputs=["attribution_curves_figure", "attribution_randomisation_figure"],
                name="draw_attribution_quality",
            ),
            Node(
                measure_explained_units,
                inputs=["network", "growth_events", "test_digits", "explained_digits", "params:explanation"],
                outputs=["unit_preferences", "cohort_conductance"],
                name="measure_units",
            ),
            Node(
                embed_layers,
                inputs=["network", "test_digits", "explained_digits", "params:explanation"],
                outputs=["layer_embedding", "layer_geometry"],
                name="embed_layers",
            ),
            Node(
                draw_unit_tables,
                inputs=["unit_preferences", "cohort_conductance", "network", "provenance"],
                outputs=["unit_selectivity_figure", "cohort_conductance_figure"],
                name="draw_unit_tables",
            ),
            Node(
                draw_unit_images,
                inputs=[
                    "network",
                    "unit_preferences",
                    "test_digits",
                    "explained_digits",
                    "params:explanation",
                    "provenance",
                ],
                outputs=["unit_weights_figure", "exciting_images_figure"],
                name="draw_unit_images",
            ),
            Node(
                draw_layers,
                inputs=[
                    "network",
                    "growth_events",
                    "test_digits",
                    "explained_digits",
                    "layer_embedding",
                    "layer_geometry",
                    "provenance",
                ],
                outputs=["layer_activations_figure", "layer_embedding_figure"],
                name="draw_layers",
            ),
            Node(
                measure_attention,
                inputs=["network", "test_digits", "explained_digits"],
                outputs="attention_maps",
                name="measure_attention",
            ),
            Node(
                draw_attention,
                inputs=["attention_maps", "test_digits", "network", "provenance"],
                outputs="attention_figure",
                name="draw_attention",
            ),
            Node(
                measure_capsules,
                inputs=["network", "test_digits", "explained_digits"],
                outputs=["capsule_lengths", "capsule_couplings"],
                name="measure_capsules",
            ),
            Node(
                draw_capsules,
                inputs=["capsule_lengths", "capsule_couplings", "network", "provenance"],
                outputs="capsules_figure",
                name="draw_capsules",
            ),
            Node(
                measure_margins,
                inputs=["network", "test_digits", "explained_digits", "params:explanation"],
                outputs="digit_margins",
                name="measure_margins",
            ),
            Node(
                collect_metrics,
                inputs=[
                    "attribution_metrics",
                    "unit_preferences",
                    "cohort_conductance",
                    "layer_geometry",
                    "digit_margins",
                ],
                outputs="explanation_metrics",
                name="collect_metrics",
            ),
            Node(
                map_planes,
                inputs=["network", "test_digits", "explained_digits", "params:explanation"],
                outputs=["decision_planes", "plane_digits"],
                name="map_planes",
            ),
            Node(
                follow_paths,
                inputs=["network", "test_digits", "explained_digits", "params:explanation"],
                outputs=["boundary_paths", "path_images"],
                name="follow_paths",
            ),
            Node(
                draw_boundary,
                inputs=[
                    "decision_planes",
                    "plane_digits",
                    "boundary_paths",
                    "path_images",
                    "digit_margins",
                    "network",
                    "provenance",
                ],
                outputs=[
                    "decision_planes_figure",
                    "boundary_paths_figure",
                    "path_images_figure",
                    "margins_figure",
                ],
                name="draw_boundary",
            ),
        ]
    )
