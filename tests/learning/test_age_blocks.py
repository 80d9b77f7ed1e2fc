import torch
from hypothesis import given
from hypothesis import strategies as st

from mnist_growth.learning.age_blocks import Moments, rectangles


@given(st.integers(1, 6), st.integers(1, 6), st.lists(st.integers(0, 2), min_size=36, max_size=36))
def test_rectangles_cover_every_entry_once_and_each_has_one_age(rows, columns, values):
    ages = torch.tensor(values[: rows * columns], dtype=torch.float32).reshape(rows, columns)
    covered = torch.zeros(rows, columns)
    for (top, bottom), (left, right) in rectangles(ages):
        assert len(ages[top:bottom, left:right].unique()) == 1
        covered[top:bottom, left:right] += 1
    assert (covered == 1).all()


def test_a_matrix_that_grew_by_rows_and_columns_has_two_rectangles_for_each_growth():
    ages = torch.zeros(7, 8)
    ages[:5, :5] = 3
    ages[:2, :3] = 9
    assert rectangles(ages) == [
        ((0, 2), (0, 3)),
        ((0, 2), (3, 5)),
        ((0, 5), (5, 8)),
        ((2, 5), (0, 5)),
        ((5, 7), (0, 8)),
    ]


def test_a_vector_is_cut_into_runs():
    assert rectangles(torch.tensor([4.0, 4.0, 1.0, 4.0])) == [((0, 2),), ((2, 3),), ((3, 4),)]


@given(st.lists(st.integers(0, 2), min_size=12, max_size=12))
def test_cutting_and_putting_together_are_inverse(values):
    ages = torch.tensor(values, dtype=torch.float32).reshape(3, 4)
    whole = Moments(torch.randn(3, 4), torch.rand(3, 4), ages)
    blocks = whole.blocks()
    again = Moments.of_blocks(torch.empty(3, 4), blocks)
    for old, new in zip(vars(whole).values(), vars(again).values(), strict=True):
        assert torch.equal(old, new)
    assert all(block.first_moment.is_contiguous() and block.second_moment.is_contiguous() for block in blocks)
