from __future__ import annotations

import pytest

from accel_doctor.values import NamedTuple


class Point(NamedTuple):
    """Where something is."""

    x: int
    y: int = 0
    tags: tuple[str, ...] = ()

    @property
    def sum(self) -> int:
        """Of both."""
        return self.x + self.y

    def __str__(self) -> str:
        return f"{self.x}/{self.y}"


def test_a_named_tuple():
    point = Point(1, tags=("a",))
    assert (point.x, point.y, point.tags, point.sum, str(point)) == (1, 0, ("a",), 1, "1/0")
    assert repr(point) == "Point(x=1, y=0, tags=('a',))"
    assert point == Point(1, 0, ("a",))
    assert {point: 1}[Point(1, 0, ("a",))] == 1
    assert point._replace(y=2).sum == 3
    assert (Point.__doc__, Point.__module__) == ("Where something is.", __name__)


def test_it_is_frozen_and_takes_its_fields_only():
    with pytest.raises(AttributeError):
        Point(1).x = 2
    with pytest.raises(AttributeError):
        Point(1).z = 2  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        Point(1, z=2)  # type: ignore[call-arg]
