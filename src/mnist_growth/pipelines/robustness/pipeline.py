"""Wiring of robustness."""

from kedro.pipeline import Node, Pipeline

from mnist_growth.pipelines.evaluate.pipeline import DESCRIBE, PREDICT
from mnist_growth.pipelines.robustness.attacks import attack_network
from mnist_growth.pipelines.robustness.drawing import draw_attacks, draw_corruptions, draw_examples, draw_noise
from mnist_growth.pipelines.robustness.nodes import (
    add_noise,
    bound_changes,
    collect_metrics,
    corrupt_digits,
    disturb_weights,
)
from mnist_growth.pipelines.robustness.sample import choose_digits
from mnist_growth.pipelines.robustness.surrogate import train_surrogate


def create_pipeline() -> Pipeline:
    """Return the pipeline from a network and test digits to how much change it withstands."""
    return Pipeline(
        [
            PREDICT,
            DESCRIBE,
            Node(
                choose_digits,
                inputs=["predictions", "test_digits", "params:robustness"],
                outputs="attacked_digits",
                name="choose_digits",
            ),
            Node(
                train_surrogate,
                inputs=["network", "train_digits", "split", "params:robustness"],
                outputs="surrogate_network",
                name="train_surrogate",
            ),
            Node(
                attack_network,
                inputs=["network", "surrogate_network", "attacked_digits", "params:robustness"],
                outputs=["attack_accuracy", "gradient_masking", "digit_robustness", "adversarial_digits"],
                name="attack_network",
            ),
            Node(
                add_noise,
                inputs=["network", "attacked_digits", "params:robustness"],
                outputs="noise_accuracy",
                name="add_noise",
            ),
            Node(
                corrupt_digits,
                inputs=["network", "attacked_digits", "params:robustness", "params:evaluation"],
                outputs="corruption_accuracy",
                name="corrupt_digits",
            ),
            Node(
                bound_changes,
                inputs=["network", "attacked_digits", "params:robustness"],
                outputs=["lipschitz_bounds", "certified_accuracy"],
                name="bound_changes",
            ),
            Node(
                disturb_weights,
                inputs=["network", "growth_events", "attacked_digits", "params:robustness"],
                outputs="weight_noise",
                name="disturb_weights",
            ),
            Node(
                collect_metrics,
                inputs=[
                    "network",
                    "attacked_digits",
                    "attack_accuracy",
                    "gradient_masking",
                    "digit_robustness",
                    "noise_accuracy",
                    "corruption_accuracy",
                    "lipschitz_bounds",
                    "certified_accuracy",
                ],
                outputs="robustness_metrics",
                name="collect_metrics",
            ),
            Node(
                draw_attacks,
                inputs=["attack_accuracy", "certified_accuracy", "digit_robustness", "provenance"],
                outputs=["attack_accuracy_figure", "smallest_changes_figure"],
                name="draw_attacks",
            ),
            Node(
                draw_examples,
                inputs=[
                    "network",
                    "attacked_digits",
                    "adversarial_digits",
                    "digit_robustness",
                    "test_digits",
                    "provenance",
                ],
                outputs="adversarial_examples_figure",
                name="draw_examples",
            ),
            Node(
                draw_noise,
                inputs=["noise_accuracy", "weight_noise", "provenance"],
                outputs=["noise_accuracy_figure", "weight_noise_figure"],
                name="draw_noise",
            ),
            Node(
                draw_corruptions,
                inputs=["corruption_accuracy", "attacked_digits", "params:robustness", "provenance"],
                outputs=[
                    "corruption_accuracy_figure",
                    "corruption_calibration_figure",
                    "corruption_examples_figure",
                ],
                name="draw_corruptions",
            ),
        ]
    )
