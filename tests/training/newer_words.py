"""What a user does who sets TensorFloat-32 by torch's newer words: `python -m THIS_MODULE PLACE WORD`."""

import sys
from functools import reduce

import torch

from equipoise.training.precision import matrix_precision

place, word = sys.argv[1:]
setting = reduce(getattr, place.split("."), torch)
setting.fp32_precision = word
for precision in ("float32", "tf32", "bfloat16"):
    with matrix_precision(precision, torch.device("cuda")):
        assert torch.backends.cudnn.conv.fp32_precision == ("tf32" if precision == "tf32" else "ieee")
assert setting.fp32_precision == word
