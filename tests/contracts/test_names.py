"""What authors of methods import."""

import pytest

from equipoise import testing


def test_every_public_name_is_there() -> None:
    assert {name for name in testing.__all__ if callable(getattr(testing, name))} >= {
        "check_loss",
        "check_study",
        "toy",
    }
    assert set(testing.__all__) <= set(dir(testing))
    with pytest.raises(AttributeError, match="has no attribute 'check_nothing'"):
        testing.check_nothing  # noqa: B018
