"""The finding that no single column is associated with the target."""

from __future__ import annotations

from app.domain.analysis.findings.wording import quote_column
from app.domain.analysis.profiling.profile import Associations, Finding
from app.domain.vocabulary import Severity

# Below this a correlation is less than small by Cohen (1988), Statistical power analysis, chapter 3.
LESS_THAN_SMALL = 0.1


def signal_finding(associations: Associations) -> Finding | None:
    """Return the finding that no single column is associated with the target.

    Parameters
    ----------
    associations
        The associations of every other column with the target; values without unit, at most 1 in size.

    Returns
    -------
    Finding or None
        None while not all is measured, where nothing can be measured, and where any association is 0.1 or more.
    """
    known = [item for item in associations.items if item.value is not None]
    if not associations.complete or not known or any(item.copy_of_target for item in known):
        return None
    best = max(known, key=lambda item: abs(item.value or 0.0))
    reached = abs(best.value or 0.0)
    if reached >= LESS_THAN_SMALL:
        return None
    message = (
        f"No single column is associated with {quote_column(associations.target)}: "
        f"the strongest, {quote_column(best.column)}, reaches "
        f"{reached:.2f} of 1."
    )
    remedy = "Columns may tell more together: the Model step measures that by short fits, beside the baseline."
    return Finding("no_signal", Severity.WARNING, (associations.target,), message, remedy)
