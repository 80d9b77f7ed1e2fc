"""What the explanation says about attention."""

import numpy as np
import pandas as pd
import pytest
import torch
from small_training import sample_parts, trained_on

from mnist_growth.digits import PixelStatistics
from mnist_growth.inspection.explanation import attention_rollout
from mnist_growth.network import AttentionSpec, TrainedNetwork, build
from mnist_growth.pipelines.explain.attention import draw_attention, measure_attention


@pytest.fixture(scope="module")
def digits():
    return sample_parts(training=40, test=30)


@pytest.fixture(scope="module")
def explained(digits):
    labels = digits[1].labels
    return pd.DataFrame({"index": range(len(labels)), "label": labels, "prediction": labels})


@pytest.fixture(scope="module")
def trained(digits):
    spec = AttentionSpec(
        patch_side=7, stream_width=8, head_width=4, neurons_per_head=4, heads=(2, 3), feed_forward_widths=(5, 6)
    )
    network = build(spec, PixelStatistics(0.13, 0.31, count=9), torch.Generator().manual_seed(4)).eval()
    return TrainedNetwork(network.requires_grad_(False), epochs=1, dataset="sample", fingerprint=digits[0].fingerprint)


def test_rollout_is_the_product_of_the_mixing_of_all_blocks():
    generator = torch.Generator().manual_seed(0)
    weights = [torch.rand(2, heads, 4, 4, generator=generator, dtype=torch.float64).softmax(3) for heads in (3, 1)]
    found = attention_rollout(weights)
    for image in range(2):
        mixing = [(0.5 * block[image].mean(0) + 0.5 * torch.eye(4)).numpy() for block in weights]
        expected = np.full(4, 1 / 4) @ mixing[1] @ mixing[0]  # back from the mean token to the patches
        np.testing.assert_allclose(found[image].numpy(), expected, rtol=1e-12)
    torch.testing.assert_close(found.sum(1), torch.ones(2, dtype=torch.float64))


def test_there_is_a_rollout_for_each_class_and_a_map_for_each_head(digits, explained, trained):
    maps = measure_attention(trained, digits[1], explained)
    present = sorted(set(digits[1].labels.tolist()))
    of_digits = maps[maps["block"] == 0]
    assert of_digits.drop_duplicates("index")["label"].tolist() == present
    heads = maps[maps["block"] > 0]
    assert heads[["block", "head"]].drop_duplicates().to_numpy().tolist() == [[1, 1], [1, 2], [2, 1], [2, 2], [2, 3]]
    assert set(heads["label"]) == {present[0]}
    assert maps.groupby(["index", "block", "head"])["attention"].sum().to_numpy() == pytest.approx(1, rel=1e-5)
    row = heads[(heads["block"] == 2) & (heads["head"] == 3) & (heads["row"] == 1) & (heads["column"] == 2)].iloc[0]
    image = torch.from_numpy(digits[1].images[int(row["index"])][None].copy())
    weights = trained.network.attention_weights(image)[1][0, 2]
    assert row["attention"] == pytest.approx(float(weights[:, 4 * 1 + 2].mean()), rel=1e-5)


def test_the_figure_has_a_panel_for_each_map(digits, explained, trained):
    maps = measure_attention(trained, digits[1], explained)
    figure = draw_attention(maps, digits[1], trained, "dataset sample")
    panels = [trace for trace in figure.data if trace.type == "heatmap"]
    present = sorted(set(digits[1].labels.tolist()))
    assert len(panels) == len(present) + 5
    last = maps.iloc[-1]
    assert panels[-1].z[3][3] == pytest.approx(16 * last["attention"], abs=0.006)
    assert list(panels[-1].x) == [3, 10, 17, 24]  # centres of patches of 7 pixels
    titles = [annotation.text for annotation in figure.layout.annotations]
    assert f"{present[0]}: block 2, head 3" in titles


def test_a_network_without_attention_has_an_empty_table(digits, explained):
    trained = trained_on(digits[0], (5,), steps=1)
    maps = measure_attention(trained, digits[1], explained)
    assert maps.empty
    assert {"block", "head", "row", "column", "attention"} <= set(maps.columns)
    figure = draw_attention(maps, digits[1], trained, "")
    assert figure.layout.annotations[0].text == "This network has no attention"
