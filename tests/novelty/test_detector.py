from dataclasses import replace

import numpy as np
import pytest
import torch

from mnist_growth.machine import AllocationMeter
from mnist_growth.network import GrowingMLP
from mnist_growth.novelty import Features, digit_outliers, fit_detector, load_detector, novelty_of, save_detector


def scribbles(count, generator):
    """Closed polygons through random points: neither digits nor outliers that the detector has seen."""
    from PIL import Image, ImageDraw

    made = []
    for _ in range(count):
        image = Image.new("L", (112, 112))
        points = [tuple(point) for point in generator.uniform(16, 96, (7, 2)).tolist()]
        ImageDraw.Draw(image).line([*points, points[0]], fill=255, width=9, joint="curve")
        made.append(np.asarray(image.resize((28, 28), Image.Resampling.BOX)))
    return np.stack(made)


def test_most_new_digits_are_accepted_and_most_scribbles_are_not(trained, detector, digits):
    features = Features(trained.network)
    novelty = {
        "digits": detector.score(features(digits.test.images)),
        "scribbles": detector.score(features(scribbles(200, np.random.default_rng(5)))),
        "noise": detector.score(features(np.random.default_rng(6).integers(0, 256, (200, 28, 28), dtype=np.uint8))),
    }
    assert (novelty["digits"] <= 0.95).mean() > 0.9
    assert (novelty["scribbles"] > 0.95).mean() > 0.5  # a small network that has seen few digits
    assert (novelty["noise"] > 0.95).mean() > 0.95


def test_novelty_is_the_fraction_of_validation_digits_that_look_more_like_digits(trained, detector, digits):
    scores = detector.score(Features(trained.network)(digits.train.images[3000:]))
    assert ((scores >= 0) & (scores <= 1)).all()
    for fraction in (0.25, 0.5, 0.95):
        assert (scores <= fraction).mean() == pytest.approx(fraction, abs=0.01)


def test_the_same_digits_give_the_same_detector_and_the_network_stays(trained, detector, fit):
    before = trained.sha256
    again = fit()
    assert torch.equal(detector.quantiles, again.quantiles)
    assert all(torch.equal(ours[0], theirs[0]) for ours, theirs in zip(detector.layers, again.layers, strict=True))
    assert trained.sha256 == detector.network_sha256 == before


def test_a_detector_survives_its_file(trained, detector, digits, tmp_path):
    save_detector(tmp_path / "one.safetensors", detector)
    save_detector(tmp_path / "two.safetensors", detector)
    found = load_detector(tmp_path / "one.safetensors")
    features = Features(trained.network)(digits.test.images[:50])
    np.testing.assert_array_equal(found.score(features), detector.score(features))
    assert (found.network_sha256, found.dataset) == (detector.network_sha256, "sample")
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "two.safetensors").read_bytes()


def test_a_damaged_file_is_refused(detector, tmp_path):
    path = tmp_path / "detector.safetensors"
    save_detector(path, detector)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is damaged"):
        load_detector(path)


def test_images_are_scored_with_the_network_of_the_detector(trained, detector, digits):
    images = digits.test.images[:20]
    score = novelty_of(trained, detector)
    np.testing.assert_array_equal(score(images), detector.score(Features(trained.network)(images)))

    other = GrowingMLP((64, 64), generator=torch.Generator().manual_seed(9)).eval()
    with pytest.raises(ValueError, match="belongs to another network: create one with `kedro run --pipeline novelty`"):
        novelty_of(replace(trained, network=other), detector)


def test_few_outliers_are_learned_from_as_often_as_many_known_images(trained, digits, config, monkeypatch):
    seen = []
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    monkeypatch.setattr(
        "torch.nn.functional.binary_cross_entropy_with_logits",
        lambda outputs, targets: seen.append(targets) or loss(outputs, targets),
    )
    known, labels = digits.train.images[:3000], digits.train.labels[:3000]
    few = digit_outliers(known, labels, 1000, np.random.default_rng(0))
    fit_detector(trained, known, few, digits.train.images[3000:], config)
    targets = torch.cat(seen)
    assert len(targets) == pytest.approx(config.epochs * 6000, rel=0.05)
    assert targets.mean().item() == pytest.approx(0.5, abs=0.01)


def test_the_features_of_all_images_are_held_in_half_precision(fit, trained, digits, monkeypatch):
    monkeypatch.setattr("mnist_growth.novelty.features.CHUNK", 50)
    monkeypatch.setattr("mnist_growth.novelty.fitting.SAMPLE", 500)
    half = 6000 * Features(trained.network)(digits.test.images[:1]).shape[1] * 2
    with AllocationMeter() as meter:
        fit()
    assert half < meter.peak_bytes < 2.5 * half
