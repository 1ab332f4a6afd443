"""JSON merge patches (RFC 7396), applied to a config and combined with each other."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from app.domain.json_values import JsonObject


def merge_patch(config: Mapping[str, JsonValue], patch: Mapping[str, JsonValue]) -> JsonObject:
    """Return a config after a merge patch (RFC 7396): objects are merged, null takes a member out, all else is set."""
    result = dict(config)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            current = result.get(name)
            result[name] = merge_patch(current if isinstance(current, Mapping) else {}, value)
        else:
            result[name] = value
    return result


def merge_patches(first: Mapping[str, JsonValue], second: Mapping[str, JsonValue]) -> JsonObject:
    """Return the patch that does what two patches do one after the other."""
    result = dict(first)
    for name, value in second.items():
        current = result.get(name)
        if isinstance(value, Mapping) and isinstance(current, Mapping):
            result[name] = merge_patches(current, value)
        else:
            result[name] = value
    return result
