"""What the explanation says about capsules."""

import pandas as pd
import pytest
import torch
from small_training import sample_parts, trained_on

from mnist_growth.digits import PixelStatistics
from mnist_growth.network import CapsulesSpec, TrainedNetwork, build
from mnist_growth.pipelines.explain.capsules import draw_capsules, measure_capsules


@pytest.fixture(scope="module")
def digits():
    return sample_parts(training=40, test=30)


@pytest.fixture(scope="module")
def explained(digits):
    labels = digits[1].labels
    return pd.DataFrame({"index": range(len(labels)), "label": labels, "prediction": labels})


@pytest.fixture(scope="module")
def trained(digits):
    spec = CapsulesSpec(hidden_widths=(), primary_capsules=3, primary_size=4, digit_size=5, routing_iterations=2)
    network = (
        build(spec, PixelStatistics(0.13, 0.31, count=9), torch.Generator().manual_seed(4)).eval().requires_grad_(False)
    )
    return TrainedNetwork(network, epochs=1, dataset="sample", fingerprint=digits[0].fingerprint)


def test_lengths_and_couplings_are_those_of_the_network(digits, explained, trained):
    lengths, couplings = measure_capsules(trained, digits[1], explained)
    present = sorted(set(digits[1].labels.tolist()))
    assert len(lengths) == len(present) * (3 + 10)
    row = lengths[(lengths["layer"] == "primary") & (lengths["label"] == present[1])].iloc[2]
    image = torch.from_numpy(digits[1].images[row["index"]][None].copy())
    assert row["length"] == pytest.approx(float(trained.network.primary_capsules(image)[0, 2].norm()), rel=1e-5)
    row = lengths[(lengths["layer"] == "digit") & (lengths["label"] == present[1])].iloc[7]
    assert row["capsule"] == 7
    assert row["length"] == pytest.approx(float(torch.sigmoid(trained.network(image))[0, 7]), abs=2e-4)
    assert set(couplings["index"]) == {couplings["index"].iloc[0]}
    assert couplings["label"].iloc[0] == present[0]
    image = torch.from_numpy(digits[1].images[couplings["index"].iloc[0]][None].copy())
    routing = trained.network.route(trained.network.primary_capsules(image))
    row = couplings[(couplings["capsule"] == 2) & (couplings["class"] == 7)].iloc[0]
    assert row["coupling"] == pytest.approx(float(routing.couplings[7, 0, 2]), rel=1e-5)
    assert couplings.groupby("capsule")["coupling"].sum().to_numpy() == pytest.approx(1)


def test_the_figure_shows_lengths_of_both_layers_and_couplings(digits, explained, trained):
    lengths, couplings = measure_capsules(trained, digits[1], explained)
    figure = draw_capsules(lengths, couplings, trained, "dataset sample")
    rows, classes = len(set(digits[1].labels.tolist())), 10
    shapes = [(len(panel.z), len(panel.z[0])) for panel in figure.data]
    assert shapes == [(rows, classes), (rows, 3), (classes, 3)]
    last = lengths.iloc[-1]
    assert figure.data[0].z[-1][-1] == pytest.approx(last["length"], abs=1e-3)


def test_a_network_without_capsules_has_empty_tables(digits, explained):
    trained = trained_on(digits[0], (5,), steps=1)
    lengths, couplings = measure_capsules(trained, digits[1], explained)
    assert (len(lengths), len(couplings)) == (0, 0)
    assert {"layer", "capsule", "length"} <= set(lengths.columns)
    assert draw_capsules(lengths, couplings, trained, "").layout.annotations[0].text == "This network has no capsules"
