"""Findings with remedies as buttons, and lookup of the button that was pressed."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile, Finding, FindingRemedy
from app.domain.vocabulary import Severity

READING, DRAFT, LEAVE_OUT = "reading", "draft", "leave_out"
MAX_SHOWN = 60
ALL = "all"


@dataclass(frozen=True)
class Button:
    """A remedy as a button: `value` names it, `done` says that the draft holds it already."""

    value: str
    label: str
    done: bool = False


@dataclass(frozen=True)
class FindingView:
    """A finding with its buttons; `together` does the same for all findings of its kind."""

    finding: Finding
    buttons: tuple[Button, ...]
    together: tuple[Button, ...] = ()


@dataclass(frozen=True)
class SelectedRemedy:
    """The remedy that a button named, put together where it was pressed for all findings of its kind."""

    token: str
    finding: Finding
    remedy: FindingRemedy
    columns: int


def finding_views(
    profile: DatasetProfile,
    *,
    kinds: Sequence[str],
    is_done: Callable[[FindingRemedy], bool] = lambda _remedy: False,
    is_void: Callable[[FindingRemedy], bool] = lambda _remedy: False,
    about: str | None = None,
    prefix: str = "",
    quiet: bool = False,
) -> tuple[list[FindingView], int]:
    """Return the findings to show, warnings first, and how many more there are.

    A remedy that `is_void` has no button, since it would change nothing. With `about`, only what concerns this column
    is shown, and all of it; with `quiet`, every notice is. `prefix` stands before the values of the buttons and says
    which findings they mean.
    """
    alike = Counter(
        (item.code, remedy.label) for item in profile.findings for remedy in item.remedies if not is_void(remedy)
    )
    met: set[tuple[str, str]] = set()
    views = []
    for place, finding in enumerate(profile.findings):
        if about is not None and about not in finding.columns:
            continue
        buttons, together = [], []
        for index, remedy in enumerate(finding.remedies):
            if remedy.kind not in kinds or is_void(remedy):
                continue
            key = (finding.code, remedy.label)
            buttons.append(Button(f"{prefix}{place}.{index}", remedy.label, is_done(remedy)))
            waiting = not all(is_done(finding_remedy) for finding_remedy in _remedies_of_kind(profile, finding, remedy))
            if alike[key] > 1 and key not in met and about is None and waiting:
                together.append(
                    Button(f"{prefix}{place}.{index}.{ALL}", f"{remedy.label}: all {alike[key]:,} like this")
                )
            met.add(key)
        if buttons or quiet or about is not None or finding.severity is not Severity.NOTICE:
            views.append(FindingView(finding, tuple(buttons), tuple(together)))
    views.sort(key=lambda view: view.finding.severity is Severity.NOTICE)
    return views[:MAX_SHOWN], max(len(views) - MAX_SHOWN, 0)


def selected_remedy(profile: DatasetProfile | None, token: str, *, kinds: Sequence[str]) -> SelectedRemedy | None:
    """Return the remedy a button named, or None where there is none, as on a page that is out of date."""
    place, _, rest = token.partition(".")
    moment, _, scope = rest.partition(".")
    if (
        profile is None
        or not (place + moment).isascii()
        or not (place.isdigit() and moment.isdigit())
        or len(token) > 30
    ):
        return None
    if int(place) >= len(profile.findings) or int(moment) >= len(profile.findings[int(place)].remedies):
        return None
    finding = profile.findings[int(place)]
    remedy = finding.remedies[int(moment)]
    if remedy.kind not in kinds:
        return None
    alike = [remedy] if scope != ALL else _remedies_of_kind(profile, finding, remedy)
    return SelectedRemedy(token, finding, _merge_remedies(alike), columns=len(alike))


def _remedies_of_kind(profile: DatasetProfile, finding: Finding, remedy: FindingRemedy) -> list[FindingRemedy]:
    return [
        other
        for first in profile.findings
        if first.code == finding.code
        for other in first.remedies
        if (other.label, other.kind) == (remedy.label, remedy.kind)
    ]


def _merge_remedies(remedies: Sequence[FindingRemedy]) -> FindingRemedy:
    """Return one remedy that does what several do: lists are joined, answers are put side by side."""
    changes: dict[str, Any] = {}
    for remedy in remedies:
        for name, value in remedy.changes.items():
            changes[name] = [*changes.get(name, ()), *value] if isinstance(value, list | tuple) else value
    columns = dict.fromkeys(name for remedy in remedies for name in remedy.columns)
    return FindingRemedy(remedies[0].label, remedies[0].kind, changes, tuple(columns))


def answers_of(profile: DatasetProfile, remedy: FindingRemedy) -> dict[str, dict[str, Any]]:
    """Return the answers of a draft that a remedy sets, step by step."""
    changes: dict[str, dict[str, Any]] = {}
    for path, value in remedy.changes.items():
        step, _, name = path.partition(".")
        changes.setdefault(step, {})[name] = value
    if remedy.kind == LEAVE_OUT:
        current_values = changes.setdefault("features", {})
        current_values.update(
            {f"column.{profile.column(name).key}": False for name in remedy.columns if profile.has(name)}
        )
    return changes


def is_answered(profile: DatasetProfile, answers: Mapping[str, Mapping[str, Any]], remedy: FindingRemedy) -> bool:
    """Return whether a draft answers already what the remedy would set."""
    wanted = answers_of(profile, remedy)
    return bool(wanted) and all(
        answers.get(step, {}).get(name) == value for step, fields in wanted.items() for name, value in fields.items()
    )


def dataset_in(token: str) -> tuple[uuid.UUID | None, str]:
    """Return the dataset and the button that an address carries."""
    name, _, rest = token.partition(".")
    try:
        return uuid.UUID(name), rest
    except ValueError:
        return None, ""
