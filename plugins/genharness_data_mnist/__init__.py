"""MNIST and Fashion-MNIST, from the official idx files."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import DatasetSpec, Remote, hookimpl

_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
_MNIST_HOSTS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
    "http://yann.lecun.com/exdb/mnist",
)
_FASHION_HOSTS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
)


def _remotes(hosts: tuple[str, ...], md5s: tuple[str, ...], sizes: tuple[int, ...]) -> tuple[Remote, ...]:
    return tuple(
        Remote(filename=name, urls=tuple(f"{host}/{name}" for host in hosts), md5=md5, size=size)
        for name, md5, size in zip(_FILES, md5s, sizes, strict=True)
    )


@hookimpl
def genharness_datasets() -> Sequence[DatasetSpec]:
    """Return `mnist` and `fashion-mnist`."""
    return [
        DatasetSpec(
            name="mnist",
            summary="70,000 handwritten digits of 28x28 pixels",
            factory="genharness_data_mnist.idx:prepare_mnist",
            shape=(1, 28, 28),
            class_names=tuple("0123456789"),
            counts={"train": 60_000, "test": 10_000},
            licence="CC BY-SA 3.0",
            homepage="http://yann.lecun.com/exdb/mnist",
            remotes=_remotes(
                _MNIST_HOSTS,
                (
                    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                    "d53e105ee54ea40749a09fcbcd1e9432",
                    "9fb629c4189551a2d022fa330f9573f3",
                    "ec29112dd5afa0611ce80d1b7f02629c",
                ),
                (9_912_422, 28_881, 1_648_877, 4_542),
            ),
        ),
        DatasetSpec(
            name="fashion-mnist",
            summary="70,000 pictures of clothes of 28x28 pixels",
            factory="genharness_data_mnist.idx:prepare_fashion_mnist",
            shape=(1, 28, 28),
            class_names=(
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ),
            counts={"train": 60_000, "test": 10_000},
            licence="MIT",
            homepage="https://github.com/zalandoresearch/fashion-mnist",
            remotes=_remotes(
                _FASHION_HOSTS,
                (
                    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                    "25c81989df183df01b3e8a0aad5dffbe",
                    "bef4ecab320f06d8554ea6380940ec79",
                    "bb300cfdad3c16e7a12a480ee83cd310",
                ),
                (26_421_880, 29_515, 4_422_102, 5_148),
            ),
        ),
    ]
