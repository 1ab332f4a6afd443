"""What is said where no column goes with the target."""

from __future__ import annotations

import pytest

from app.domain.analysis.findings.signal import signal_finding
from app.domain.analysis.profiling.profile import Association, Associations


def _found(*values: float | None, complete: bool = True, copy: bool = False) -> Associations:
    items = [Association(f"x{index}", "pearson", value, 100, copy) for index, value in enumerate(values)]
    return Associations("flow", 100, tuple(items), complete)


def test_a_target_with_which_nothing_goes_is_said_with_the_strongest_column() -> None:
    finding = signal_finding(_found(0.01, -0.08, None))
    assert finding is not None
    assert (finding.code, finding.columns, "`x1`, reaches 0.08" in finding.message) == ("no_signal", ("flow",), True)


@pytest.mark.parametrize("found", [_found(0.01, -0.1), _found(), _found(None), _found(0.01, complete=False)])
def test_nothing_is_said_where_something_goes_with_it_or_is_not_known_yet(found: Associations) -> None:
    assert signal_finding(found) is None


def test_a_copy_of_the_target_is_no_lack_of_signal() -> None:
    assert signal_finding(_found(0.0, copy=True)) is None
