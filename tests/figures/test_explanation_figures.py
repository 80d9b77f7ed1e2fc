import numpy as np
import pytest

from mnist_growth.figures.map_grid import map_grid

RANDOM = np.random.default_rng(1)


def test_each_map_is_scaled_to_its_largest_value_and_stands_in_its_place():
    maps = RANDOM.normal(size=(2, 3, 5, 4))
    maps[1, 2] = 0
    figure = map_grid(maps, columns=["a", "b", "c"])
    [trace] = figure.data
    cells = np.array(trace.z, dtype=float)
    for row in range(2):
        for column in range(3):
            tile = cells[row * 8 : row * 8 + 5, column * 7 : column * 7 + 4]
            largest = abs(maps[row, column]).max() or 1
            assert tile == pytest.approx(np.round(100 * maps[row, column] / largest))
    assert np.isnan(cells[5:8]).all()
    assert [note.text for note in figure.layout.annotations] == ["a", "b", "c"]
    assert all(figure.layout.yaxis.range[1] < note.y < 0 for note in figure.layout.annotations)


def test_images_have_a_column_of_their_own_before_the_maps():
    images = RANDOM.integers(0, 256, (2, 5, 4), dtype=np.uint8)
    figure = map_grid(RANDOM.normal(size=(2, 1, 5, 4)), columns=["a"], images=images, captions=[["x"], ["y"]])
    grey, signed = (np.array(trace.z, dtype=float) for trace in figure.data)
    assert grey[:5, :4] == pytest.approx(images[0])
    assert np.isnan(grey[:, 4:]).all()
    assert np.isnan(signed[:, :7]).all()
    assert [note.text for note in figure.layout.annotations] == ["digit", "a", "x", "y"]
