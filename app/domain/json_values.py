"""Conversion of frozen dataclasses to JSON and back.

A key that a class does not know is passed over, and one that is missing takes the default of its field, so that what an
older or a newer version stored still opens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

from pydantic import JsonValue, TypeAdapter

T = TypeVar("T")
JsonObject: TypeAlias = dict[str, JsonValue]
# What a setting of an estimator, a split or a recipe may be where it is one value.
Setting: TypeAlias = bool | int | float | str | None
Settings: TypeAlias = Mapping[str, Setting]


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def _type_adapter(kind: type) -> TypeAdapter[Any]:
    """Return the reader and writer of a class; each is built once."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def to_json(value: object) -> JsonObject:
    """Return the fields of a dataclass as plain JSON values, in their order."""
    values: JsonObject = _type_adapter(type(value)).dump_python(value, mode="json")
    return values


def from_json(kind: type[T], values: object) -> T:
    """Return a dataclass from plain JSON values.

    Raises
    ------
    ValueError
        If a field without a default is missing, or a value is not what its field holds.
    """
    value: T = _type_adapter(kind).validate_python(values)
    return value


def drop_absent(values: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return JSON values without those of these keys that are None, for keys that are left out where unknown."""
    return {key: value for key, value in values.items() if value is not None or key not in names}
