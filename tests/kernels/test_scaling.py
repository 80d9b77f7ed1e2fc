import pytest
import torch

pytest.importorskip("triton")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(3, 784), (5,), (40, 50, 2)])
def test_numbers_are_scaled_shifted_and_rounded_once(device, generator, shape, dtype):
    from mnist_growth.kernels.scaling import scaled

    numbers = torch.randint(0, 256, shape, device=device, generator=generator, dtype=torch.uint8)
    scale, shift = (torch.tensor(number, device=device) for number in (0.0127, -0.42))
    expected = (numbers.float() * scale + shift).to(dtype)
    for each in (numbers, numbers.float()):
        found = scaled(each, scale, shift, dtype)
        assert found.dtype == dtype
        torch.testing.assert_close(found, expected, rtol=2**-7 if dtype == torch.bfloat16 else 1e-5, atol=1e-6)
