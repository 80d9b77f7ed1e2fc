from hypothesis import given
from hypothesis import strategies as st

from mnist_growth.learning import Sharding


@given(st.integers(1, 50), st.integers(1, 8), st.integers(0, 20))
def test_the_parts_of_a_micro_batch_cover_it_once_and_differ_by_one_image_at_most(images, size, start):
    piece = slice(start, start + images)
    parts = [Sharding(rank, size).take(piece, start + images) for rank in range(size)]
    assert [index for part in parts for index in range(part.start, part.stop)] == [*range(piece.start, piece.stop)]
    lengths = [part.stop - part.start for part in parts]
    assert max(lengths) - min(lengths) <= 1


def test_the_current_part_is_that_of_the_last_micro_batch():
    sharding = Sharding(1, 2)
    sharding.take(slice(0, 10), 15)
    assert not sharding.shard.is_last
    assert sharding.take(slice(10, 15), 15) == slice(12, 15)
    assert (sharding.shard.start, sharding.shard.stop, sharding.shard.images) == (2, 5, 5)
    assert sharding.shard.is_last
