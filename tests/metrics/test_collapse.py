import numpy as np
import pytest
import torch

from equipoise.metrics.collapse import variety


def reference(samples: np.ndarray, real: np.ndarray, held_out: np.ndarray) -> tuple[float, float, float]:
    """By plain loops."""

    def distance(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True))))

    def reached(points: np.ndarray) -> int:
        return len({min(range(len(real)), key=lambda j: distance(point, real[j])) for point in points})

    def spread(points: np.ndarray) -> float:
        return sum(float(np.var(column, ddof=1)) for column in points.T)

    def spacing(points: np.ndarray) -> float:
        nearest = [min(distance(a, b) for j, b in enumerate(points) if i != j) for i, a in enumerate(points)]
        return sorted(nearest)[(len(nearest) - 1) // 2]

    return (
        reached(samples) / reached(held_out),
        spread(samples) / spread(held_out),
        spacing(samples) / spacing(held_out),
    )


@pytest.mark.parametrize("scale", [0.3, 1.0, 2.0])
def test_against_plain_loops(numbers: np.random.Generator, scale: float) -> None:
    samples, real, held_out = (numbers.normal(size=(count, 4)) for count in (31, 40, 31))
    found = variety(samples * scale, real, held_out)
    np.testing.assert_allclose(
        (found.reach, found.spread, found.spacing), reference(samples * scale, real, held_out), rtol=1e-10
    )


def test_the_data_are_as_varied_as_themselves_and_one_sample_is_not(digits: dict[str, torch.Tensor]) -> None:
    pixels = digits["images"].flatten(1)
    real, held_out, more = pixels[:200], pixels[200:400], pixels[400:600]
    honest = variety(more, real, held_out)
    assert 0.8 < honest.reach < 1.25
    assert 0.9 < honest.spread < 1.1
    assert 0.9 < honest.spacing < 1.1
    repeated = variety(more[:1].expand(200, -1), real, held_out)
    assert repeated.reach < 0.01
    assert repeated.spread == repeated.spacing == 0
    one_class = pixels[digits["labels"] == 3][:140]
    lacking = variety(one_class, real[:140], held_out[:140])
    assert lacking.reach < 0.4


def test_bad_input_is_named(numbers: np.random.Generator) -> None:
    points = numbers.normal(size=(10, 3))
    with pytest.raises(ValueError, match="equally many"):
        variety(points[:9], points, points)
    with pytest.raises(ValueError, match="held_out must have 2 features"):
        variety(points[:, :2], points, points)
    with pytest.raises(ValueError, match="not finite"):
        variety(points * np.nan, points, points)
    with pytest.raises(ValueError, match="repeated"):
        variety(points, points, np.ones((10, 3)))
