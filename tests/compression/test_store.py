import torch

from mnist_growth.compression import CandidateStore
from mnist_growth.network import GrowingMLP, TrainedNetwork


def trained(seed):
    network = GrowingMLP((3,), generator=torch.Generator().manual_seed(seed)).eval()
    return TrainedNetwork(network, "sample", "ab" * 32, epochs=1, source="cd" * 32)


def test_candidates_are_found_again_until_they_are_not_kept(tmp_path):
    store, networks = CandidateStore(tmp_path / "new"), {name: trained(seed) for seed, name in enumerate("ab")}
    assert store.find("a") is None
    for name, network in networks.items():
        store.save(name, network)
    assert {name: store.find(name).sha256 for name in networks} == {
        name: each.sha256 for name, each in networks.items()
    }
    assert store.find("a").source == "cd" * 32

    store.keep(["b"])

    assert store.find("a") is None
    assert store.find("b").sha256 == networks["b"].sha256


def test_a_damaged_candidate_is_made_again(tmp_path, caplog):
    store = CandidateStore(tmp_path)
    store.save("a", trained(0))
    path = tmp_path / "a.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    assert store.find("a") is None
    assert "the candidate is made again" in caplog.text
