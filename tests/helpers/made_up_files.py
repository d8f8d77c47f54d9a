"""Write into the working directory the files that docs/data.md reads: digits, irises, pictures of odd shapes."""

import io
import tarfile
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from sklearn.datasets import load_digits, load_iris


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


def main():
    found = load_digits()
    images, labels = (found.images * 255 / 16).astype(np.uint8), found.target
    Path("shards").mkdir()
    for shard in range(3):
        with tarfile.open(f"shards/digits-{shard:03}.tar", "w") as archive:
            for place in range(shard, len(images), 3):
                for ending, content in (("png", png(images[place])), ("cls", str(labels[place]).encode())):
                    member = tarfile.TarInfo(f"{place:05}.{ending}")
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
    with h5py.File("digits.h5", "w") as file:
        file["images"], file["labels"] = images, labels
    pq.write_table(pa.table({"image": [png(one) for one in images], "label": labels}), "digits.parquet")
    irises = load_iris(as_frame=True)
    table = irises.data.assign(species=irises.target_names[irises.target])
    table.to_csv("iris.csv", index=False)
    Path("photos").mkdir()
    for place in range(6):
        Image.new("RGB", (90, 60 + 10 * place), (40 * place, 80, 120)).save(f"photos/{place}.png")


if __name__ == "__main__":
    main()
