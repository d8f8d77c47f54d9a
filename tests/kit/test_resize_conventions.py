import numpy as np
import pytest
import torch
import torch.nn.functional as F
from cleanfid.resize import build_resizer
from PIL import Image
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

from genharness.kit.resize_conventions import RESIZES, resize

SIDE = 299
# Small, odd, oblong, on both sides of the change of method, shrinking in one axis or both, unchanged.
SIZES = [(1, 1), (2, 3), (8, 8), (28, 28), (32, 32), (64, 48), (64, 65), (37, 301), (131, 96), (299, 299), (353, 320)]


def _pil(images, side):
    """PIL's bicubic on float channels, clipped: what clean-fid defines."""
    planes = images.reshape(-1, *images.shape[2:]).astype(np.float32)
    resized = [np.asarray(Image.fromarray(plane).resize((side, side), Image.Resampling.BICUBIC)) for plane in planes]
    return np.stack(resized).reshape(*images.shape[:2], side, side).clip(0, 255)


def _torch_fidelity(images, side):
    images = torch.from_numpy(images).float()
    return interpolate_bilinear_2d_like_tensorflow1x(images, (side, side), align_corners=False).numpy()


def _pytorch_fid(images, side):
    """As pytorch-fid: on [0, 1], half-pixel centres, no antialiasing."""
    images = torch.from_numpy(images).float() / 255
    return 255 * F.interpolate(images, (side, side), mode="bilinear", align_corners=False).numpy()


REFERENCES = {"clean": _pil, "legacy-tf": _torch_fidelity, "legacy-torch": _pytorch_fid}


def _noise(height, width, channels=3, count=2):
    return np.random.default_rng(0).integers(0, 256, (count, channels, height, width), dtype=np.uint8)


def _checkerboard(height, width):
    squares = (np.indices((height, width)).sum(axis=0) % 2 * 255).astype(np.uint8)
    return np.broadcast_to(squares, (2, 3, height, width)).copy()


@pytest.mark.parametrize("images", [_noise, _checkerboard])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("convention", RESIZES)
def test_each_convention_equals_its_reference_within_a_fiftieth_of_a_grey_level(convention, size, images):
    images = images(*size)
    gap = np.abs(resize(torch.from_numpy(images), SIDE, convention).numpy() - REFERENCES[convention](images, SIDE))
    assert gap.max() < 0.02
    assert gap.mean() < 0.002


@pytest.mark.parametrize("convention", RESIZES)
@pytest.mark.parametrize("side", [1, 7, 16, 224])
def test_other_output_sizes_equal_the_reference(convention, side):
    images = _noise(50, 50)
    expected = REFERENCES[convention](images, side)
    np.testing.assert_allclose(resize(torch.from_numpy(images), side, convention).numpy(), expected, atol=0.01)


@pytest.mark.parametrize("size", [(32, 32), (90, 400)])
def test_clean_equals_clean_fids_own_function(size):
    images = _noise(*size)
    reference = build_resizer("clean")
    expected = np.stack([reference(image.transpose(1, 2, 0)).transpose(2, 0, 1) for image in images])
    np.testing.assert_allclose(resize(torch.from_numpy(images), SIDE, "clean").numpy(), expected, atol=0.01)


@pytest.mark.parametrize("convention", RESIZES)
def test_a_grey_image_is_one_channel_of_its_coloured_twin(convention):
    grey = torch.from_numpy(_noise(30, 40, channels=1))
    coloured = resize(grey.expand(-1, 3, -1, -1), SIDE, convention)
    torch.testing.assert_close(resize(grey, SIDE, convention).expand(-1, 3, -1, -1), coloured)


@pytest.mark.parametrize("convention", RESIZES)
@pytest.mark.parametrize("size", [(32, 32), (80, 80)])
def test_an_image_does_not_depend_on_its_batch(convention, size):
    images = torch.from_numpy(_noise(*size, count=5))
    alone = torch.cat([resize(image[None], SIDE, convention) for image in images])
    torch.testing.assert_close(resize(images, SIDE, convention), alone, rtol=0, atol=1e-3)


@pytest.mark.parametrize("convention", RESIZES)
@pytest.mark.parametrize("size", [(1, 1), (32, 32), (400, 500)])
@pytest.mark.parametrize("grey", [0, 77, 255])
def test_a_flat_image_stays_flat_and_in_range(convention, size, grey):
    resized = resize(torch.full((1, 3, *size), grey, dtype=torch.uint8), SIDE, convention)
    assert (resized - grey).abs().max() < 1e-3
    assert 0 <= resized.min() <= resized.max() <= 255.001


def test_overshoot_of_the_bicubic_kernel_is_clipped():
    edge = torch.zeros(1, 1, 8, 8, dtype=torch.uint8)
    edge[..., 4:] = 255
    resized = resize(edge, SIDE, "clean")
    assert resized.min() == 0
    assert resized.max() == 255


@pytest.mark.parametrize("convention", RESIZES)
def test_an_oblong_output_has_height_before_width(convention):
    assert resize(torch.zeros(2, 3, 10, 10), (20, 30), convention).shape == (2, 3, 20, 30)


def test_precision_is_float32_even_under_autocast():
    images = torch.from_numpy(_noise(32, 32))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = resize(images, SIDE, "clean")
    torch.testing.assert_close(inside, resize(images, SIDE, "clean"), rtol=0, atol=0)


def test_the_input_is_left_as_it_was():
    images = torch.from_numpy(_noise(299, 299)).float() * 1.5
    before = images.clone()
    resize(images, 299, "clean")
    assert torch.equal(images, before)


@pytest.mark.parametrize(
    ("images", "size", "convention", "message"),
    [
        (torch.zeros(3, 8, 8), 16, "clean", r"images must be \(n, c, h, w\).*\(3, 8, 8\)"),
        (torch.zeros(0, 3, 8, 8), 16, "clean", "not empty"),
        (torch.zeros(1, 3, 8, 8), 0, "clean", "size must be at least 1 pixel, not 0x0"),
        (torch.zeros(1, 3, 8, 8), 16, "cleanest", "clean, legacy-tf, legacy-torch, not 'cleanest'"),
    ],
)
def test_what_cannot_be_resized_is_named(images, size, convention, message):
    with pytest.raises(ValueError, match=message):
        resize(images, size, convention)


@pytest.mark.gpu
@pytest.mark.parametrize("convention", RESIZES)
@pytest.mark.parametrize("size", [(32, 32), (400, 90)])
def test_cuda_gives_the_same_image(convention, size):
    images = torch.from_numpy(_noise(*size))
    torch.testing.assert_close(
        resize(images.cuda(), SIDE, convention).cpu(), resize(images, SIDE, convention), rtol=0, atol=0.01
    )
