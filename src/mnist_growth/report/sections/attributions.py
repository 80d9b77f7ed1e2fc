"""Which pixels a prediction is based on, and which methods of finding them to trust."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, decimals, scientific, words
from mnist_growth.report.tables import Columns, described
from mnist_growth.report.topic import Body, Topic

_QUALITY: Columns = {
    "title": ("method", str),
    "verdict": ("verdict", str),
    "deletion_auc": ("area under deletion", decimals),
    "insertion_auc": ("area under insertion", decimals),
    "deletion_gain": ("deletion: gain over a random order", decimals),
    "insertion_gain": ("insertion: gain over a random order", decimals),
    "ink_correlation": ("correlation under random weights, ink", decimals),
    "randomisation_correlation": ("the same, all pixels", decimals),
    "completeness_error": ("largest completeness error", scientific),
}
_RANDOMISATION: Columns = {
    "method": ("method", words),
    "kind": ("kind", str),
    "layer": ("layer", str),
    "digits": ("digits", count),
    "correlation": ("rank correlation, all pixels", decimals),
    "ink_correlation": ("rank correlation, ink", decimals),
}


def _body(results: Mapping[str, Any]) -> Body:
    quality, metrics = results["attribution_quality"], results["explanation_metrics"]
    titles = quality.set_index("method")["title"]
    best = metrics["most_trusted"]
    conclusion = (
        f"On this network, trust {titles[best]}: of the methods that are faithful and depend on the weights, it has "
        f"the largest area between insertion and deletion curve."
        if best
        else "On this network, no method is both faithful and dependent on the weights: trust none of these maps."
    )
    grey = quality.set_index("method").loc["grey_values"]
    return Body(
        paragraphs=[
            conclusion,
            "An attribution gives each pixel a value for its part in a prediction. It explains the lead of the "
            "predicted class: the logarithm of the odds against all other classes. Saliency and SmoothGrad show where "
            "a change of the pixel would change the lead; the other methods show what supports and what opposes the "
            "class.",
            "A method is faithful if the prediction is lost early when pixels are removed in its order (deletion) and "
            "comes back early when they are inserted into a black image (insertion), both beyond the 95 % interval of "
            f"the difference from a random order on the same {count(metrics['digits'])} digits. The order of the grey "
            f"values alone, which uses no network, has areas of {decimals(grey['deletion_auc'])} and "
            f"{decimals(grey['insertion_auc'])}. A method depends on the weights if its maps change when all of them "
            "are random. Maps that are zero on black pixels stay correlated over all pixels whatever the weights, so "
            "the verdict uses the pixels with ink.",
        ],
        tables=[
            described("attribution_quality", "Attribution methods, with 95 % intervals", quality, _QUALITY),
            described(
                "attribution_randomisation",
                "Attributions under random layers",
                results["attribution_randomisation"],
                _RANDOMISATION,
            ),
        ],
    )


TOPIC = Topic(
    "attributions",
    "Attributions",
    (
        "explanation_metrics",
        "attribution_quality",
        "attribution_randomisation",
        "attributions_figure",
        "activation_maps_figure",
        "attribution_curves_figure",
        "attribution_randomisation_figure",
    ),
    _body,
    optional=True,
)
