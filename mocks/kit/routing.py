"""Which operation a method and path mean."""

from __future__ import annotations

from operator import itemgetter

from mocks.kit.operation import Operation, Refused


class _Shape:
    """A path with values in it, taken apart once."""

    __slots__ = ("_fixed_of", "_named", "_wanted", "operation")

    def __init__(self, operation: Operation) -> None:
        parts = operation.path.split("/")
        self.operation = operation
        self._named = tuple((place, part[1:-1]) for place, part in enumerate(parts) if part[:1] == "{")
        self._fixed_of = itemgetter(*[place for place, part in enumerate(parts) if part[:1] != "{"])
        self._wanted = self._fixed_of(parts)

    def fit(self, given: list[str]) -> dict[str, str] | None:
        """The values in a path of as many parts, or nothing if it is another path. No value is empty."""
        if self._fixed_of(given) != self._wanted:
            return None
        values = {}
        for place, name in self._named:
            value = given[place]
            if not value:
                return None
            values[name] = value
        return values


class Routes:
    """Finds operations. A path without values wins over one with values; among those, the first declared wins."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        """Index the operations of one system."""
        self._exact: dict[tuple[str, str], Operation] = {}
        self._shapes: dict[tuple[str, int], list[_Shape]] = {}
        self._methods = tuple(sorted({operation.method for operation in operations}))
        for operation in operations:
            if "{" in operation.path:
                count = operation.path.count("/") + 1
                self._shapes.setdefault((operation.method, count), []).append(_Shape(operation))
            else:
                self._exact[operation.method, operation.path] = operation

    def match(self, method: str, path: str) -> tuple[Operation | None, dict[str, str], Refused | None]:
        """The operation and its path values, or why there is none."""
        operation = self._exact.get((method, path))
        if operation is not None:
            return operation, {}, None
        given = path.split("/")
        for shape in self._shapes.get((method, len(given)), ()):
            values = shape.fit(given)
            if values is not None:
                return shape.operation, values, None
        allowed = self.allowed(path)
        if not allowed:
            return None, {}, Refused(404, "not_found", "no such resource")
        return None, {}, Refused(405, "method_not_allowed", "this method is not allowed", {"allow": ", ".join(allowed)})

    def allowed(self, path: str) -> tuple[str, ...]:
        """The methods that a path knows, `OPTIONS` included; none if there is no such path."""
        given = path.split("/")
        known = [
            method
            for method in self._methods
            if (method, path) in self._exact
            or any(shape.fit(given) is not None for shape in self._shapes.get((method, len(given)), ()))
        ]
        return (*known, "OPTIONS") if known else ()
