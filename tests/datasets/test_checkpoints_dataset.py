import pytest
from kedro.io.core import DatasetError, Version

from mnist_growth.datasets import CheckpointsDataset
from mnist_growth.machine import folder_in_use

NAME = "update-000000001-epochs-00000.safetensors"


def dataset(folder, load=None, save="9", newest=2):
    return CheckpointsDataset(filepath=str(folder / "checkpoints"), newest=newest, version=Version(load, save))


@pytest.fixture
def earlier(tmp_path):
    """Two trainings that have left a checkpoint, and one that ended before its first."""
    for version in ("1", "2", "3"):
        (tmp_path / "checkpoints" / version).mkdir(parents=True)
    for version in ("1", "2"):
        (tmp_path / "checkpoints" / version / NAME).write_bytes(b"")
    return tmp_path


def test_a_run_writes_into_a_folder_of_its_own_and_reads_the_newest_earlier_one(earlier):
    store = dataset(earlier, newest=5).load()

    assert store.folder == earlier / "checkpoints" / "9"
    assert store.earlier == earlier / "checkpoints" / "2"
    assert store.newest == 5


def test_an_older_training_can_be_asked_for(earlier):
    assert dataset(earlier, load="1").load().earlier == earlier / "checkpoints" / "1"


@pytest.mark.parametrize("wanted", ["3", "7"])
def test_a_training_without_checkpoints_is_answered_with_those_that_have_some(earlier, wanted):
    with pytest.raises(DatasetError) as caught:
        dataset(earlier, load=wanted).load()

    assert str(caught.value.__cause__) == (
        f"There are no checkpoints of version {wanted}: {earlier / 'checkpoints'} has 1, 2"
    )


def test_before_the_first_training_there_is_nothing_to_go_on_from(tmp_path):
    handle = dataset(tmp_path)

    assert not handle.exists()
    assert handle.load().earlier is None
    assert not (tmp_path / "checkpoints").exists()


def test_it_exists_when_there_is_a_checkpoint(earlier):
    assert dataset(earlier).exists()


def test_a_training_that_still_runs_is_not_gone_on_from(earlier):
    with folder_in_use(earlier / "checkpoints" / "2"):
        assert dataset(earlier).load().earlier == earlier / "checkpoints" / "1"
        asked_for = dataset(earlier, load="2").load()
        with pytest.raises(ValueError, match="/2 is still running: wait"):
            asked_for.latest()
        with folder_in_use(earlier / "checkpoints" / "1"):
            newest = dataset(earlier).load()
            with pytest.raises(ValueError, match="/2 is still running"):
                newest.latest()
    assert dataset(earlier).load().earlier == earlier / "checkpoints" / "2"


def test_a_run_has_left_a_checkpoint_when_one_lies_in_its_own_folder(earlier):
    assert dataset(earlier, save="2").has_written()
    assert not dataset(earlier, save="3").has_written()
    assert not dataset(earlier, save="9").has_written()


def test_a_folder_with_only_the_best_is_not_one_to_go_on_from(earlier):
    (earlier / "checkpoints" / "3" / "best.safetensors").write_bytes(b"")

    assert dataset(earlier).load().earlier == earlier / "checkpoints" / "2"


def test_it_is_not_saved_by_kedro(earlier):
    handle = dataset(earlier)

    with pytest.raises(DatasetError, match="A CheckpointStore cannot be saved as checkpoints: load the dataset"):
        handle.save(handle.load())
