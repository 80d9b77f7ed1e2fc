import pytest
import torch

import configured
from mnist_growth.digits.warps import apply_warps, draw_warps

pytest.importorskip("triton")

CONFIGS = {
    "all": {},
    "one for each image": {"images_per_warp": 1},
    "affine": {"elastic_alpha_pixels": 0},
    "fine field": {"elastic_sigma_pixels": 1, "elastic_alpha_pixels": 8},
    "far outside": {"translation_pixels": 28, "scale": 0.9, "rotation_degrees": 180},
}


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_images_are_warped_as_torch_does(device, generator, monkeypatch, name, dtype):
    images = torch.randint(0, 256, (22, 28, 28), device=device, generator=generator, dtype=torch.uint8).to(dtype)
    warps = draw_warps(22, configured.warps(**{"images_per_warp": 3, **CONFIGS[name]}), generator, 0.7)
    part = slice(4, 17)  # begins and ends within a warp

    results = []
    for usable in (True, False):
        monkeypatch.setattr("mnist_growth.kernels.are_usable", lambda _device, usable=usable: usable)
        results.append(apply_warps(images[part], warps[part]))

    torch.testing.assert_close(results[0], results[1], rtol=0, atol=0.05)
    assert not torch.equal(results[0], images[part].float())


def test_the_strength_may_be_a_tensor(device, generator, monkeypatch):
    monkeypatch.setattr("mnist_growth.kernels.are_usable", lambda _device: True)
    images = torch.randint(0, 256, (4, 28, 28), device=device, generator=generator, dtype=torch.uint8)
    results = []
    for strength in (0.5, torch.tensor(0.5, device=device)):
        warps = draw_warps(4, configured.warps(), generator.manual_seed(1), strength)
        results.append(apply_warps(images, warps))
    torch.testing.assert_close(*results, rtol=0, atol=0)
