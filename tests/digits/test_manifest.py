import json

from mnist_growth.digits import DigitSet, check_manifest, data_manifest


def test_manifest_is_json_serializable(small_set: DigitSet) -> None:
    manifest = data_manifest(small_set)
    assert json.loads(json.dumps(manifest)) == manifest
    check_manifest(manifest)
    assert manifest["fingerprint"] == small_set.train.fingerprint == small_set.test.fingerprint
    assert manifest["image_shape"] == [28, 28]
    assert manifest["train"] == {"count": 30, "class_counts": {str(digit): 3 for digit in range(10)}}
    assert manifest["test"] == {"count": 20, "class_counts": {str(digit): 2 for digit in range(10)}}


def test_class_without_images_has_count_zero(small_set: DigitSet) -> None:
    few = DigitSet.from_arrays(
        small_set.train.images[:2],
        small_set.train.labels[:2],
        small_set.test.images,
        small_set.test.labels,
        dataset="few",
        requested="few",
        source="",
        files={},
    )
    assert data_manifest(few)["train"]["class_counts"]["9"] == 0
