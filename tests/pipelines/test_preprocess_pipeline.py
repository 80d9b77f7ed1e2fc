from pathlib import Path

import numpy as np
import pytest
from shipped import run, shipped_catalog

import configured
from mnist_growth.digits import Digits
from mnist_growth.pipelines.preprocess import create_pipeline
from mnist_growth.pipelines.preprocess.nodes import draw_warps, measure_pixels, split_digits

CONF = Path(__file__).parents[2] / "conf" / "base"
OUTPUTS = ("split", "pixel_statistics", "warps_figure")


@pytest.fixture(scope="module")
def digits() -> Digits:
    generator = np.random.default_rng(0)
    labels = generator.permutation(np.arange(300) % 10)
    images = generator.integers(0, 256, (300, 28, 28), dtype=np.uint8)
    return Digits(images, labels, dataset="noise", fingerprint="0" * 64)


def _run(digits: Digits, folder: Path) -> dict:
    """The pipeline's outputs, by way of the files of the shipped catalog."""
    given = {"train_digits": digits, "params:split": configured.split(), "params:warps": configured.warps()}
    catalog = run(create_pipeline(), shipped_catalog(folder, "preprocess", given=given))
    return {name: catalog.load(name) for name in OUTPUTS}


def test_the_pipeline_splits_measures_and_draws(digits, tmp_path):
    outputs = _run(digits, tmp_path)

    split = outputs["split"]
    assert np.bincount(digits.labels[split.validation]).tolist() == [3] * 10
    assert outputs["pixel_statistics"].count == 270
    assert outputs["pixel_statistics"].mean == pytest.approx((digits.images[split.train] / 255).mean())
    assert outputs["warps_figure"].layout.title.text


def test_two_runs_give_the_same(digits, tmp_path):
    first, second = _run(digits, tmp_path / "first"), _run(digits, tmp_path / "second")

    assert np.array_equal(first["split"].train, second["split"].train)
    assert first["pixel_statistics"] == second["pixel_statistics"]
    assert first["warps_figure"] == second["warps_figure"]


def test_the_statistics_do_not_see_the_validation_part(digits):
    split = split_digits(digits, configured.split())
    images = digits.images.copy()
    images[split.validation] = 255
    changed = Digits(images, digits.labels, digits.dataset, digits.fingerprint)

    assert measure_pixels(changed, split) == measure_pixels(digits, split)


def test_the_figure_shows_other_warps_for_other_strengths_and_names_the_dataset(digits):
    split = split_digits(digits, configured.split())

    default = draw_warps(digits, split, configured.warps())
    none = draw_warps(digits, split, configured.warps(enabled=False))

    assert default != none
    assert "dataset noise, 270 training digits" in default.to_json()


def test_a_set_without_some_of_the_classes_is_drawn_too():
    labels = np.repeat(np.array([3, 5], dtype=np.int64), 20)
    images = np.random.default_rng(0).integers(0, 256, (40, 28, 28), dtype=np.uint8)
    digits = Digits(images, labels, dataset="two", fingerprint="0" * 64)

    figure = draw_warps(digits, split_digits(digits, configured.split()), configured.warps())

    assert "dataset two, 36 training digits" in figure.to_json()
