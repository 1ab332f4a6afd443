"""Conversions between units of the same quantity, for comparing two columns."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.text.numbers import format_number


@dataclass(frozen=True)
class UnitScale:
    """What a unit measures, and how: value in the base unit of its quantity = value * factor + offset."""

    quantity: str
    factor: float
    offset: float = 0.0


_FOOT, _INCH, _MILE = 0.3048, 25.4, 1609.344
SCALES: dict[str, UnitScale] = {
    **{
        unit: UnitScale("depth of water", factor)
        for unit, factor in (
            ("mm", 1.0), ("0.1 mm", 0.1), ("cm", 10.0), ("in", _INCH), ("kg/m²", 1.0), ("mm/d", 1.0), ("cm/d", 10.0),
            ("m/d", 1000.0), ("in/d", _INCH),
        )
    },
    **{
        unit: UnitScale("length", factor)
        for unit, factor in (("m", 1.0), ("km", 1000.0), ("ft", _FOOT), ("mi", _MILE))
    },
    **{
        unit: UnitScale("temperature", factor, offset)
        for unit, factor, offset in (
            ("°C", 1.0, 0.0), ("0.1 °C", 0.1, 0.0), ("°F", 5 / 9, -160 / 9), ("K", 1.0, -273.15),
        )
    },
    **{
        unit: UnitScale("discharge", factor)
        for unit, factor in (
            ("m³/s", 1.0), ("ft³/s", _FOOT**3), ("L/s", 1e-3), ("m³/h", 1 / 3600), ("m³/d", 1 / 86_400),
            ("ML/d", 1000 / 86_400), ("Mgal/d", 3785.411784 / 86_400), ("gal/min", 3.785411784e-3 / 60),
        )
    },
    **{
        unit: UnitScale("pressure", factor)
        for unit, factor in (("hPa", 1.0), ("Pa", 0.01), ("kPa", 10.0), ("bar", 1000.0), ("mmHg", 1.33322387415))
    },
    **{unit: UnitScale("radiation", factor) for unit, factor in (("W/m²", 1.0), ("MJ/m²/d", 1e6 / 86_400))},
    **{
        unit: UnitScale("speed", factor)
        for unit, factor in (("m/s", 1.0), ("km/h", 1 / 3.6), ("mph", 0.44704), ("kn", 0.514444), ("ft/s", _FOOT))
    },
    **{
        unit: UnitScale("area", factor)
        for unit, factor in (("km²", 1.0), ("mi²", 2.589988110336), ("ha", 0.01), ("acre", 0.0040468564224))
    },
    **{unit: UnitScale("concentration", factor) for unit, factor in (("mg/L", 1.0), ("µg/L", 1e-3), ("g/L", 1000.0))},
    "%": UnitScale("share", 1.0),
}  # fmt: skip


@dataclass(frozen=True)
class UnitConversion:
    """How a value in one unit becomes one in another: value * factor + offset."""

    factor: float
    offset: float

    @property
    def changes_nothing(self) -> bool:
        """Return whether both units are the same size."""
        return abs(self.factor - 1) < 1e-12 and abs(self.offset) < 1e-12

    def in_words(self, unit: str, other: str) -> str:
        """Return the conversion as people write it: "1 in = 25.4 mm"."""
        if self.offset:
            sign = "+" if self.offset > 0 else "\u2212"
            return f"{other} = {format_number(self.factor)} \u00d7 {unit} {sign} {format_number(abs(self.offset))}"
        return f"1 {unit} = {format_number(self.factor)} {other}"


def conversion_between(unit: str, other: str) -> UnitConversion | None:
    """Return how values in a unit become values in another one.

    Parameters
    ----------
    unit, other
        Units as a profile shows them.

    Returns
    -------
    UnitConversion or None
        None where one of them is not known, or they do not measure the same quantity.

    Examples
    --------
    >>> conversion_between("in", "mm")
    UnitConversion(factor=25.4, offset=0.0)
    """
    if unit == other and unit:
        return UnitConversion(1.0, 0.0)
    scale, two = SCALES.get(unit), SCALES.get(other)
    if scale is None or two is None or scale.quantity != two.quantity:
        return None
    return UnitConversion(scale.factor / two.factor, (scale.offset - two.offset) / two.factor)


def measure_different_things(unit: str, other: str) -> bool:
    """Return whether two units are known and cannot be those of one quantity."""
    scale, two = SCALES.get(unit), SCALES.get(other)
    if scale is None or two is None:
        return False
    # A column of water is written in millimetres or metres, a water level too.
    lengths = {"depth of water", "length"}
    return scale.quantity != two.quantity and not {scale.quantity, two.quantity} <= lengths
