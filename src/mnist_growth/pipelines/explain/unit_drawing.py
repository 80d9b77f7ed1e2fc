"""The figures of units and layers."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import torch

from mnist_growth import figures
from mnist_growth.digits import Digits, names_of
from mnist_growth.evaluation import spread_sample
from mnist_growth.inspection import cohorts
from mnist_growth.inspection.explanation import ExplanationConfig, incoming_weights, maximise, unit_activations
from mnist_growth.machine import use_threads
from mnist_growth.network import TrainedNetwork, evaluation_mode
from mnist_growth.pipelines.explain.inputs import as_tensors
from mnist_growth.progress import track

_EXCITING = 10  # digits whose mean an image that excites a unit is developed from
_STEPS = 16  # of gradient ascent between two reports of progress
_DIGITS = 200  # that incoming weights are averaged over


def draw_unit_tables(
    units: pd.DataFrame, contributions: pd.DataFrame, trained: TrainedNetwork, provenance: str
) -> tuple[go.Figure, go.Figure]:
    """Return the figures of the selectivity of the units, and of their contributions."""
    return (
        figures.stamp(figures.unit_selectivity(units, names_of(trained.class_names)), provenance),
        figures.stamp(figures.cohort_conductance(contributions), provenance),
    )


@use_threads(1)
def draw_unit_images(
    trained: TrainedNetwork,
    units: pd.DataFrame,
    test_digits: Digits,
    explained_digits: pd.DataFrame,
    config: ExplanationConfig,
    provenance: str,
) -> tuple[go.Figure, go.Figure]:
    """Return the figures of the incoming weights and of the most exciting images of some units of each layer."""
    network = trained.network
    images, _ = as_tensors(test_digits, spread_sample(explained_digits, config.unit_digits), trained)
    layers = len(network.unit_groups())
    shown = [_shown_units(units[units["layer"] == layer], config.shown_units) for layer in range(1, layers + 1)]
    columns = max(len(each) for each in shown)
    weights, exciting = (np.zeros((layers, columns, *images.shape[1:])) for _ in range(2))
    captions = [[""] * columns for _ in range(layers)]
    generator = torch.Generator().manual_seed(config.seed)
    pieces = -(-config.maximisation_steps // _STEPS)
    counted = iter(track(range(layers * pieces), layers * pieces))
    with evaluation_mode(network):
        activations = unit_activations(network, images)
        for layer, table in enumerate(shown):
            chosen = torch.from_numpy(np.array(table["unit"])).to(network.device)
            some = images[:: max(1, len(images) // _DIGITS)]
            weights[layer, : len(table)] = incoming_weights(network, some, layer + 1, chosen).cpu().numpy()
            best = activations[layer][:, chosen].topk(min(_EXCITING, len(images)), dim=0).indices
            found = images[best].mean(dim=0)
            for piece in range(pieces):
                next(counted)
                steps = min(_STEPS, config.maximisation_steps - piece * _STEPS)
                found, _ = maximise(network, layer + 1, chosen, found, steps=steps, generator=generator)
            exciting[layer, : len(table)] = found.cpu().numpy()
            captions[layer][: len(table)] = [
                f"{figures.birth_name(born)}: {trained.class_names[preferred][:4]}"
                for born, preferred in zip(table["born_epoch"].tolist(), table["preferred"].tolist(), strict=True)
            ]
    return (
        figures.stamp(figures.unit_weights(weights, captions), provenance),
        figures.stamp(figures.exciting_images(exciting, captions), provenance),
    )


def _shown_units(units: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return units of one layer that contribute most, as many of each growth as possible, the oldest first."""
    alive = units[units["preferred"] >= 0].sort_values("conductance", key=abs, ascending=False)
    order = alive.assign(rank=alive.groupby("born_epoch").cumcount())
    return order.sort_values("rank", kind="stable").head(count).sort_values(["born_epoch", "rank"], kind="stable")


@use_threads(1)
def draw_layers(
    trained: TrainedNetwork,
    growth_events: pd.DataFrame,
    test_digits: Digits,
    explained_digits: pd.DataFrame,
    layer_embedding: pd.DataFrame,
    layer_geometry: pd.DataFrame,
    provenance: str,
) -> tuple[go.Figure, go.Figure]:
    """Return the figures of the activations of all units for one digit of each class, and of the embedding."""
    network = trained.network
    examples = explained_digits.drop_duplicates("label").sort_values("label")
    images, _ = as_tensors(test_digits, examples, trained)
    with evaluation_mode(network):
        activations = [values.cpu().numpy() for values in unit_activations(network, images)]
    bounds: list[list[int]] = [[] for _ in activations]
    for cohort in cohorts(network, growth_events):
        if cohort.units.start:
            bounds[cohort.layer - 1].append(cohort.units.start)
    names = [trained.class_names[label] for label in examples["label"].tolist()]
    return (
        figures.stamp(
            figures.layer_activations(activations, bounds, names, [group.label for group in network.unit_groups()]),
            provenance,
        ),
        figures.stamp(
            figures.layer_embedding(layer_embedding, layer_geometry, names_of(trained.class_names)), provenance
        ),
    )
