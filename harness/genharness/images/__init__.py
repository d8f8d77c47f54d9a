"""Reading images that strangers made, strictly: Pillow and numpy, never torch.

`read_samples(path)` reads a set of samples, `read_images(path)` refuses rows; the parts below it serve dataset plugins.
"""

from genharness.images.arrays import SampleArrays, sort_arrays
from genharness.images.batches import Pictures, Survey, decode_batches, survey
from genharness.images.decode import BadImageError, Decoded, Header, decode_image, read_header
from genharness.images.layout import LEFT_OUT, Layout, read_layout
from genharness.images.names import first_of
from genharness.images.ranges import Scaling
from genharness.images.sample_file import SampleFile
from genharness.images.samples import read_images, read_samples
from genharness.images.sources import FileSource, open_source
from genharness.images.tensors import as_labels, as_uint8, load_npy, load_npz, scalings_of

__all__ = [
    "LEFT_OUT",
    "BadImageError",
    "Decoded",
    "FileSource",
    "Header",
    "Layout",
    "Pictures",
    "SampleArrays",
    "SampleFile",
    "Scaling",
    "Survey",
    "as_labels",
    "as_uint8",
    "decode_batches",
    "decode_image",
    "first_of",
    "load_npy",
    "load_npz",
    "open_source",
    "read_header",
    "read_images",
    "read_layout",
    "read_samples",
    "scalings_of",
    "sort_arrays",
    "survey",
]
