import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_growth.network.packing import WEIGHT_BITS, decode, encode, largest_code


def random_codes(bits: int, shape: tuple[int, int], density: float, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    codes = generator.integers(-largest_code(bits), largest_code(bits) + 1, shape).astype(np.int8)
    codes[generator.random(shape) >= density] = 0
    return codes


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(WEIGHT_BITS), st.integers(1, 9), st.integers(1, 40), st.floats(0, 1), st.integers(0, 99))
def test_decoding_gives_the_codes_back(bits, rows, columns, density, seed):
    codes = random_codes(bits, (rows, columns), density, seed)

    packed, mask = encode(codes, bits)

    assert np.array_equal(decode(packed, mask, codes.shape, bits), codes)


@pytest.mark.parametrize("bits", WEIGHT_BITS)
def test_codes_take_no_more_than_their_bits(bits):
    codes = random_codes(bits, (64, 784), density=1.0)

    packed, mask = encode(codes, bits)

    assert mask == b""
    assert len(packed) <= codes.size * bits / 8 * 1.001 + 8


def test_a_sparse_matrix_takes_about_the_entropy_of_its_mask_and_codes():
    codes = random_codes(4, (512, 784), density=0.05)
    share = np.count_nonzero(codes) / codes.size
    entropy = -(share * math.log2(share) + (1 - share) * math.log2(1 - share)) + share * math.log2(14)  # bits

    packed, mask = encode(codes, 4)

    assert len(packed) + len(mask) <= 1.06 * codes.size * entropy / 8


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda packed, mask: (b"\xff" + packed, mask), "cannot be decoded"),
        (lambda packed, mask: (packed[:-4], mask), "do not have"),
        (lambda packed, _: (packed, encode(np.ones((4, 4), np.int8), 8)[0]), "do not have"),
    ],
)
def test_damaged_bytes_are_refused(change, problem):
    packed, mask = encode(random_codes(4, (64, 64), density=0.1), 4)
    assert mask

    with pytest.raises(ValueError, match=problem):
        decode(*change(packed, mask), (64, 64), 4)


def test_a_code_above_the_largest_is_refused():
    packed, mask = encode(np.full((1, 2), 4, np.int8), 4)
    with pytest.raises(ValueError, match="above 1"):
        decode(packed, mask, (1, 4), 2)  # 4 + 7 = 11 are the fields 3 and 2 of two bits, and 3 is too large
    assert decode(packed, mask, (1, 2), 4).tolist() == [[4, 4]]
