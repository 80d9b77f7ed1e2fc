"""Every number that an analysis adds to the report, computed once more by another route than the project's own.

Digits are measured and changed one after another with scikit-image and scipy, neighbours are scikit-learn's, intervals
statsmodels', gradients torch.func's; the network is computed from its file.
"""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from network_by_hand import forward, read_weights
from scipy import ndimage
from skimage.measure import block_reduce, euler_number, label, moments_central
from skimage.morphology import closing, disk, skeletonize
from sklearn.neighbors import NearestNeighbors
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from html_page import Page
from mnist_growth.digits import sample_digits
from mnist_growth.digits.interventions import cut

SAMPLE = sample_digits()
TRAIN, TEST = SAMPLE.train, SAMPLE.test
FOUR_DIGITS = 1e-3  # relative; what the page rounds numbers to
HUNDREDTH_OF_A_PERCENT = 1e-4  # what it rounds percentages to


@pytest.fixture(scope="module")
def project(analysed):
    return analysed


@pytest.fixture(scope="module")
def tables(project) -> dict[str, list[list[str]]]:
    return Page(project.path("08_reporting/report.html").read_text("utf-8")).tables


@pytest.fixture(scope="module")
def weights(project) -> dict[str, np.ndarray]:
    return read_weights(project.path("06_models/network.safetensors"))


@pytest.fixture(scope="module")
def parts(project) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Places in their set, images and labels of each part."""
    split = pd.read_parquet(project.path("03_primary/split.parquet"))
    held_out = split.loc[split["part"] == "validation", "index"].to_numpy()
    learned = np.setdiff1d(np.arange(len(TRAIN)), held_out)
    return {
        "training": (learned, TRAIN.images[learned], TRAIN.labels[learned]),
        "validation": (held_out, TRAIN.images[held_out], TRAIN.labels[held_out]),
        "test": (np.arange(500), np.array(TEST.images), np.array(TEST.labels)),
    }


@pytest.fixture(scope="module")
def wrong(weights) -> np.ndarray:
    return forward(weights, TEST.images)[1].argmax(axis=1) != TEST.labels


@pytest.fixture(scope="module")
def style() -> pd.DataFrame:
    return pd.DataFrame([measured(image) for image in TEST.images])


@pytest.fixture(scope="module")
def neighbours() -> pd.DataFrame:
    """The nearest training digit of each test digit, and its distance as a share of the longer vector."""
    test, train = (digits.images.reshape(len(digits), -1) / 255 for digits in (TEST, TRAIN))
    distance, index = (found[:, 0] for found in NearestNeighbors(n_neighbors=1).fit(train).kneighbors(test))
    longer = np.maximum(np.linalg.norm(test, axis=1), np.linalg.norm(train[index], axis=1))
    return pd.DataFrame({"train_index": index, "relative_distance": distance / longer})


def numbers(text: str) -> list[float]:
    """Those of a cell: one, or one with its interval; percentages as fractions."""
    unit = 100 if "%" in text else 1
    return [float(found) / unit for found in re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?", text.replace(",", ""))]


def percentage_points(text: str) -> list[float]:
    """Those of a cell, as differences of fractions."""
    return [number / 100 for number in numbers(text)]


def about(*values: float):
    return pytest.approx([float(value) for value in values], rel=FOUR_DIGITS, abs=HUNDREDTH_OF_A_PERCENT / 2 + 1e-9)


def rate(count: int, examples: int):
    return about(count / examples, *proportion_confint(count, examples, method="wilson"))


def measured(image: np.ndarray) -> dict[str, float]:
    """How one digit is written."""
    moments = moments_central(image.astype(float))  # rows first
    mask = np.pad(image > image.max() / 2, 3)
    closed = closing(mask, np.ones((3, 3)))
    parts, closed_parts = label(mask, connectivity=2).max(), label(closed, connectivity=2).max()
    holes, closed_holes = parts - euler_number(mask, 2), closed_parts - euler_number(closed, 2)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) - 3 for axis in (1, 0))
    doubled = torch.nn.functional.interpolate(
        torch.tensor(image, dtype=torch.float64)[None, None], scale_factor=2, mode="bilinear"
    )[0, 0].numpy()
    large = np.pad(doubled > image.max() / 2, 1)
    skeleton = skeletonize(large)
    around = ndimage.convolve(skeleton.astype(int), [[1, 1, 1], [1, 0, 1], [1, 1, 1]], mode="constant")
    return {
        "slant": np.degrees(np.arctan(-moments[1, 1] / moments[2, 0])),
        "thickness": ndimage.distance_transform_edt(large)[skeleton].mean(),
        "ink": image.mean(),
        "width": np.ptp(columns) + 1,
        "height": np.ptp(rows) + 1,
        "components": parts,
        "gaps": parts - closed_parts + max(closed_holes - holes, 0),
        "holes": holes,
        "end_points": (skeleton & (around == 1)).sum(),
        "offset": np.hypot((columns.min() + columns.max() + 1) / 2 - 14, (rows.min() + rows.max() + 1) / 2 - 14),
    }


def changed(intervention: str, strength: float) -> np.ndarray:
    """The test digits, written differently."""
    images = np.array(TEST.images)
    if intervention == "slant":
        lean = np.tan(np.radians(strength))
        sheared = [
            ndimage.affine_transform(
                image.astype(float), [[1, 0], [lean, 1]], offset=[0, -13.5 * lean], order=1, mode="grid-constant"
            )
            for image in images
        ]
        return np.round(sheared)
    if intervention == "thickness":
        large = np.kron(images, np.ones((1, 2, 2), np.uint8))
        change = ndimage.maximum_filter if strength > 0 else ndimage.minimum_filter
        result = change(large, footprint=disk(abs(int(strength)))[np.newaxis], mode="constant", cval=0)
        return np.round(block_reduce(result, (1, 2, 2), np.mean))
    if intervention == "cut":
        return cut(images, strength)  # at places of its own choice; tests/digits/test_interventions.py measures them
    by = {"shift right": (0, 0, strength), "shift down": (0, strength, 0)}[intervention]
    return ndimage.shift(images, by, order=0)


def test_error_rate_by_style(tables, style, neighbours, wrong):
    measures = style.drop(columns="height").assign(
        lean=style["slant"].abs(), nearest_distance=neighbours["relative_distance"]
    )
    rows = tables["style_effects"][1:]

    assert {row[0] for row in rows} == {name.replace("_", " ") for name in measures}
    for name in measures:
        values = measures[name]
        if name in ("components", "gaps", "holes", "end_points"):
            groups = values.clip(upper=3)
        else:
            groups = pd.qcut(values, 5, duplicates="drop")
        shown = [row[1:] for row in rows if row[0] == name.replace("_", " ")]
        members = values.groupby(groups, observed=True).groups
        for number, (row, member) in enumerate(zip(shown, members.values(), strict=True), start=1):
            own = values[member]
            assert row[0] == str(number)
            # abs: what is 0 but for rounding.
            found = [numbers(text)[0] for text in row[1:4]]
            assert found == pytest.approx([own.min(), own.median(), own.max()], rel=FOUR_DIGITS, abs=1e-6), name
            assert row[4:6] == [str(len(member)), str(wrong[member].sum())]
            assert numbers(row[6]) == rate(wrong[member].sum(), len(member))


def test_remarkable_digits_against_all_others(tables, style, wrong):
    lean, area = style["slant"].abs(), style["width"] * style["height"]
    groups = {
        "slanted": (lean > lean.quantile(0.8), [lean.quantile(0.8)]),
        "thick": (style["thickness"] > style["thickness"].quantile(0.8), [style["thickness"].quantile(0.8)]),
        "thin": (style["thickness"] < style["thickness"].quantile(0.2), [style["thickness"].quantile(0.2)]),
        "incomplete": ((style["components"] > 1) | (style["gaps"] > 0), []),
        "small": (area < area.quantile(0.2), [area.quantile(0.2)]),
    }
    rows = {row[0]: row[1:] for row in tables["style_differences"][1:]}

    assert rows.keys() == groups.keys()
    for name, (members, said) in groups.items():
        counts = wrong[members].sum(), members.sum(), wrong[~members].sum(), (~members).sum()
        meaning, *cells = rows[name]
        # The sentence has one digit behind the point for degrees, two for pixels and none for areas.
        assert numbers(meaning) == pytest.approx(said, abs={"slanted": 0.051, "small": 0.51}.get(name, 0.0051))
        assert cells[:2] == [str(counts[1]), str(counts[0])]
        own, others = counts[0] / counts[1], counts[2] / counts[3]
        interval = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
        assert [numbers(text) for text in cells[2:4]] == [about(own), about(others)]
        assert percentage_points(cells[4]) == about(own - others, *interval)


def test_accuracy_on_digits_written_differently(tables, weights, wrong):
    rows = tables["style_interventions"][1:]

    assert len(rows) == 9 + 7 + 6 + 7 + 7
    for name, strength, _, errors, accuracy, difference in rows:
        answers = forward(weights, changed(name, numbers(strength)[0]))[1].argmax(axis=1)
        right = answers == TEST.labels
        assert errors == str((~right).sum()), (name, strength)
        assert numbers(accuracy) == rate(right.sum(), 500)
        # Agresti and Min: the usual interval of a mean of paired differences, had half a digit been in each cell more.
        gains = np.concatenate([right.astype(int) - ~wrong, [1, -1, 0, 0]])
        each = np.concatenate([np.ones(500), np.full(4, 0.5)])
        mean = np.average(gains, weights=each)
        reach = 1.959964 * np.sqrt(np.average((gains - mean) ** 2, weights=each) / 502)
        assert percentage_points(difference) == about(right.mean() - (~wrong).mean(), mean - reach, mean + reach)


def test_balance_and_brightness_of_the_classes(tables, parts):
    rows = tables["class_balance"][1:]

    expected = [
        [len(images[labels == digit]), np.mean(labels == digit), np.mean(own), np.std(own)]
        for _, images, labels in parts.values()
        for digit in range(10)
        for own in [images[labels == digit]]
    ]
    assert [row[:2] for row in rows] == [[part, str(digit)] for part in parts for digit in range(10)]
    assert [[numbers(text)[0] for text in row[2:]] for row in rows] == [about(*values) for values in expected]


def test_near_duplicates(project, neighbours):
    found = pd.read_parquet(project.path("08_reporting/near_duplicates.parquet"))
    nearest = pd.read_parquet(project.path("07_model_output/nearest_training_digits.parquet"))

    assert nearest["train_index"].tolist() == neighbours["train_index"].tolist()
    assert nearest["relative_distance"].to_numpy() == pytest.approx(neighbours["relative_distance"].to_numpy())
    assert set(found["index"]) == set(np.flatnonzero(neighbours["relative_distance"] <= 0.2))


def test_difficulty_of_every_digit(project, weights, parts):
    shown = pd.read_parquet(project.path("07_model_output/digit_difficulty.parquet"))
    norms = gradient_lengths(weights)

    for part, (places, images, labels) in parts.items():
        table = shown[shown["part"] == part].sort_values("index")
        odds = np.exp(forward(weights, images)[1])
        odds /= odds.sum(axis=1, keepdims=True)
        own = odds[np.arange(len(labels)), labels]
        # Confident learning: classes that are at least as likely as they are on average where they are the label.
        usual = pd.Series(own).groupby(np.array(labels)).mean().reindex(range(10)).to_numpy()
        believed = pd.DataFrame(odds).where(odds >= usual)
        best = believed.fillna(-1).to_numpy().argmax(axis=1)
        suspected = believed.notna().any(axis=1).to_numpy() & (best != labels)

        assert table["index"].tolist() == sorted(places)
        assert table["label_probability"].to_numpy() == pytest.approx(own, rel=1e-3, abs=1e-6)
        assert table["suspected"].tolist() == suspected.tolist()
        assert table["suggestion"].tolist() == np.where(suspected, best, labels).tolist()
        assert table["gradient_norm"].to_numpy() == pytest.approx(norms(images, labels), rel=1e-3, abs=1e-5)
    hardest = pd.read_parquet(project.path("08_reporting/hardest_digits.parquet"))
    assert hardest["gradient_norm"].tolist() == sorted(shown.query("part != 'test'")["gradient_norm"])[:-41:-1]
    doubtful = pd.read_parquet(project.path("08_reporting/suspected_labels.parquet"))
    least = sorted(zip(shown["label_probability"], shown["suspected"], shown["part"], shown["index"], strict=True))
    expected = [(part, place) for _, is_suspected, part, place in least if is_suspected][:40]
    assert list(zip(doubtful["part"], doubtful["index"], strict=True)) == expected
    assert len(expected) > 0


def gradient_lengths(weights):
    """A function from images and labels to the length of each image's gradient, by one gradient for each image."""
    tensors = {name: torch.from_numpy(value) for name, value in weights.items()}
    learned = {name: value for name, value in tensors.items() if name.endswith((".weight", ".bias"))}
    given = {name: value for name, value in tensors.items() if name not in learned}

    def loss(parameters, pixels, truth):
        names = {**parameters, **given}
        hidden = (pixels - names["pixel_mean"]) / names["pixel_std"]
        for layer in range(3):
            summed = hidden @ names[f"hidden.{layer}.linear.weight"].T
            norm = {word: names[f"hidden.{layer}.norm.{word}"] for word in ("running_mean", "running_var")}
            scaled = (summed - norm["running_mean"]) / torch.sqrt(norm["running_var"] + 1e-5)
            hidden = torch.relu(scaled * names[f"hidden.{layer}.norm.weight"] + names[f"hidden.{layer}.norm.bias"])
        logits = hidden @ names["output.weight"].T + names["output.bias"]
        return torch.nn.functional.cross_entropy(logits, truth)

    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))

    def lengths(images, labels):
        found = []
        for start in range(0, len(images), 100):
            pixels = torch.tensor(images[start : start + 100].reshape(-1, 784) / 255)
            gradients = each(learned, pixels, torch.tensor(labels[start : start + 100]))
            found.append(sum((gradient**2).flatten(1).sum(dim=1) for gradient in gradients.values()).sqrt().numpy())
        return np.concatenate(found)

    return lengths
