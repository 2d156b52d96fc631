"""References for the constraints' tests: written with loops, in float64, knowing nothing of the package."""

from collections.abc import Callable

import numpy as np
import pytest

Unrolled = Callable[..., np.ndarray]


@pytest.fixture(scope="session")
def unrolled_convolution() -> Unrolled:
    """(kernel [out, in, h, w], size, stride, padding, circular) -> the dense matrix [outputs, inputs]."""

    def unroll(
        kernel: np.ndarray, size: tuple[int, int], stride: int = 1, padding: int = 0, circular: bool = False
    ) -> np.ndarray:
        outputs, inputs, height, width = kernel.shape
        rows = (size[0] + 2 * padding - height) // stride + 1
        columns = (size[1] + 2 * padding - width) // stride + 1
        matrix = np.zeros((outputs, rows, columns, inputs, *size))
        for row in range(rows):
            for column in range(columns):
                for i in range(height):
                    for j in range(width):
                        y, x = row * stride + i - padding, column * stride + j - padding
                        if circular:
                            y, x = y % size[0], x % size[1]
                        if 0 <= y < size[0] and 0 <= x < size[1]:
                            matrix[:, row, column, :, y, x] += kernel[:, :, i, j]
        return matrix.reshape(outputs * rows * columns, -1)

    return unroll


@pytest.fixture(scope="session")
def largest_singular_value() -> Callable[[np.ndarray], float]:
    return lambda matrix: float(np.linalg.svd(matrix, compute_uv=False)[0])
