import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skactiveml.pool import uncertainty_scores

from mnist_growth.studies.acquisition import STRATEGIES, badge, entropy, margin, most_useful, scores, uncertainty


def random_probabilities(seed: int, images: int = 40, classes: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(classes, 0.5), images)


@pytest.mark.parametrize(
    ("score", "method"),
    [(uncertainty, "least_confident"), (margin, "margin_sampling"), (entropy, "entropy")],
)
@given(seed=st.integers(0, 1000))
def test_scores_are_those_of_scikit_activeml(score, method, seed):
    probabilities = random_probabilities(seed)

    assert score(probabilities) == pytest.approx(uncertainty_scores(probabilities, method=method))


def test_a_certain_answer_has_no_entropy_and_an_even_one_the_most():
    found = entropy(np.array([[1.0, 0, 0, 0], [0.25] * 4, [0.5, 0.5, 0, 0]]))

    assert found == pytest.approx([0, np.log(4), np.log(2)])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_as_many_different_images_as_asked_for_are_chosen(strategy):
    probabilities, features = random_probabilities(0), np.random.default_rng(1).normal(size=(40, 7))

    for count in (1, 13, 40):
        chosen = most_useful(strategy, probabilities, features, count, np.random.default_rng(2))
        assert len(set(chosen.tolist())) == len(chosen) == count
        assert chosen.dtype == np.int64
        assert set(chosen.tolist()) <= set(range(40))


@pytest.mark.parametrize(
    ("strategy", "score"), [("uncertainty", uncertainty), ("margin", margin), ("entropy", entropy)]
)
def test_the_images_with_the_largest_scores_come_first(strategy, score):
    probabilities = random_probabilities(3)
    chosen = most_useful(strategy, probabilities, np.zeros((40, 1)), 10, np.random.default_rng(0))

    scores = score(probabilities)
    assert (np.diff(scores[chosen]) <= 0).all()
    assert scores[chosen].min() >= np.delete(scores, chosen).max()


def test_random_choices_do_not_depend_on_the_network():
    first, second = (
        most_useful("random", random_probabilities(seed), np.zeros((40, 1)), 5, np.random.default_rng(0))
        for seed in (1, 2)
    )
    assert np.array_equal(first, second)


def gradients(probabilities, features):
    """The gradients as matrices, written out."""
    labels = np.eye(probabilities.shape[1])[probabilities.argmax(axis=1)]
    return np.einsum("nc,nd->ncd", probabilities - labels, features).reshape(len(features), -1)


def test_the_score_of_badge_is_the_length_of_the_gradient_and_random_has_none():
    probabilities, features = random_probabilities(0), np.random.default_rng(1).normal(size=(40, 6))

    lengths = np.linalg.norm(gradients(probabilities, features), axis=1)

    assert scores("badge", probabilities, features) == pytest.approx(lengths)
    assert scores("margin", probabilities, features) == pytest.approx(margin(probabilities))
    assert np.isnan(scores("random", probabilities, features)).all()


def naive_badge(probabilities, features, count, generator):
    """k-means++ on the gradients, written out."""
    points = gradients(probabilities, features)
    chosen = [int((points**2).sum(axis=1).argmax())]
    while len(chosen) < count:
        distances = ((points[:, np.newaxis] - points[chosen]) ** 2).sum(axis=2).min(axis=1)
        distances[chosen] = 0
        chosen.append(int(generator.choice(len(points), p=distances / distances.sum())))
    return np.array(chosen)


@given(seed=st.integers(0, 1000))
def test_badge_is_k_means_plus_plus_on_the_gradients(seed):
    probabilities, features = random_probabilities(seed), np.random.default_rng(seed).normal(size=(40, 6))

    found = badge(probabilities, features, 8, np.random.default_rng(seed))

    assert np.array_equal(found, naive_badge(probabilities, features, 8, np.random.default_rng(seed)))


def test_badge_does_not_choose_copies_while_there_are_others():
    probabilities = np.repeat(random_probabilities(0, images=4), 10, axis=0)
    features = np.repeat(np.random.default_rng(0).normal(size=(4, 6)), 10, axis=0)

    chosen = badge(probabilities, features, 4, np.random.default_rng(0))

    assert set((chosen // 10).tolist()) == {0, 1, 2, 3}
    everything = badge(probabilities, features, 40, np.random.default_rng(0))
    assert sorted(everything.tolist()) == list(range(40))
