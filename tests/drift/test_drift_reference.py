import json

import numpy as np
import pytest

from mnist_growth.drift import FEATURES, FeatureReference, load_reference, save_reference
from mnist_growth.drift.reference import bin_counts


def test_bins_hold_equal_shares_of_the_training_digits(reference):
    for name in ("pixel_mean", "ink", "slant", "thickness"):
        counts = reference.features[name].counts
        assert len(counts) == 11
        assert (np.abs(counts[:10] - 300) <= 1).all()
        assert counts[10] == 0


def test_digits_are_counted_by_class():
    counts = FeatureReference.of("digit", np.array([0.0, 0, 3, 9]), bins=5, classes=10).counts

    assert counts.tolist() == [2, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0]


def test_undefined_values_are_counted_separately():
    values = np.array([1.0, np.nan, 2.0, 3.0, np.nan])

    feature = FeatureReference.of("slant", values, bins=2, classes=10)

    assert feature.edges.tolist() == [2]
    assert feature.counts.tolist() == [2, 1, 2]
    assert feature.sample.tolist() == [1, 2, 3]


def test_a_bin_includes_its_upper_edge():
    assert bin_counts(np.array([1.0, 1.5, 2.0, 2.5]), np.array([1.0, 2.0])).tolist() == [1, 2, 1, 0]


def test_a_constant_feature_has_bins_around_its_value():
    feature = FeatureReference.of("ink", np.full(50, 0.3), bins=10, classes=10)

    assert feature.counts.sum() == 50
    assert bin_counts(np.array([0.2, 0.3, 0.4]), feature.edges).tolist() == [2, 1, 0]


def test_the_sample_has_the_distribution_of_all_values():
    values = np.random.default_rng(0).normal(size=20_000)

    sample = FeatureReference.of("slant", values, bins=10, classes=10).sample

    assert len(sample) == 1000
    ranks = np.searchsorted(np.sort(values), sample) / len(values)
    assert np.abs(ranks - np.linspace(0, 1, 1000)).max() < 1e-3


def test_a_file_stores_values_with_six_digits(reference, tmp_path):
    path = tmp_path / "drift_reference.json"
    save_reference(path, reference)
    again = load_reference(path)

    assert (again.network_sha256, again.dataset, [*again.features]) == ("ab" * 32, "mnist", [*FEATURES])
    for name, feature in reference.features.items():
        assert again.features[name].counts.tolist() == feature.counts.tolist()
        assert again.features[name].edges == pytest.approx(feature.edges, rel=1e-5)
        assert again.features[name].sample == pytest.approx(feature.sample, rel=1e-5)
    assert path.stat().st_size < 100_000


def broken_json(content):
    return "{"


def without_a_feature(content):
    del content["features"]["slant"]


def another_number_of_counts(content):
    content["features"]["slant"]["counts"].append(1)


def edges_out_of_order(content):
    content["features"]["slant"]["edges"].reverse()


def negative_count(content):
    content["features"]["slant"]["counts"][0] = -1


@pytest.mark.parametrize(
    "damage", [broken_json, without_a_feature, another_number_of_counts, edges_out_of_order, negative_count]
)
def test_a_damaged_file_is_refused_with_its_name(reference, tmp_path, damage):
    path = tmp_path / "drift_reference.json"
    save_reference(path, reference)
    content = json.loads(path.read_text())
    path.write_text(damage(content) or json.dumps(content))

    with pytest.raises(
        ValueError, match=r"drift_reference\.json does not contain a drift reference .* --pipeline drift_reference`"
    ):
        load_reference(path)
