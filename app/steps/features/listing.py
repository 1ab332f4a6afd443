"""The list of columns on the Features step: filter, order and page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from app.domain.recommendation.plan import ColumnChoice
from app.domain.recommendation.selection import NUMBERS, USES, Filter, read_filter

PER_PAGE = 50
MAX_QUERY = 5000
ORDERS = (("file", "File order"), ("association", "Association"), ("missing", "Missing"), ("name", "Name"))
# The address calls the word that is looked for "q", as searches do.
ADDRESS_NAMES = {"word": "q"}
PARTS = ("word", "kind", "finding", "use", *(parameter.name for parameter in NUMBERS))


@dataclass(frozen=True)
class Listing:
    """One page of the columns. `controls` holds the values of the controls, as typed."""

    controls: Mapping[str, str]
    faults: Mapping[str, str]
    filter: Filter
    order: str
    page: int
    pages: int
    total: int
    columns: tuple[ColumnChoice, ...]
    kinds: tuple[tuple[str, str], ...]
    findings: tuple[tuple[str, str], ...]

    @property
    def query(self) -> str:
        """Return the query string of this very page."""
        return self.query_for(self.page)

    def query_for(self, page: int) -> str:
        """Return the query string of another page."""
        more = {"order": self.order} if self.order != "file" else {}
        return urlencode({**self.controls, **more, **({"page": page} if page > 1 else {})})

    @property
    def narrowed(self) -> bool:
        """Return whether anything was asked for."""
        return not self.filter.empty


def query_parts(query: str) -> dict[str, str]:
    """Return the parts of an address's query; of a part that comes twice, the first."""
    results: dict[str, str] = {}
    for name, value in parse_qsl(query[:MAX_QUERY]):
        results.setdefault(name, value)
    return results


def filter_of(query: Mapping[str, str]) -> tuple[Filter, dict[str, str]]:
    """Return the filter that the address asks for, and a sentence by name of the control for what is wrong in it."""
    raw = {name: query.get(ADDRESS_NAMES.get(name, name)) for name in PARTS}
    wanted, faults = read_filter(raw)
    return wanted, {ADDRESS_NAMES.get(name, name): fault for name, fault in faults.items()}


def listing_of(columns: Sequence[ColumnChoice], query: Mapping[str, str]) -> Listing:
    """Return the page of columns that is asked for; a page beyond the last is the last."""
    wanted, faults = filter_of(query)
    order = query.get("order", "file") if query.get("order") in dict(ORDERS) else "file"
    choices = [column for column in columns if wanted.matches(column.facts, ticked=column.selected)]
    pages = max(1, -(-len(choices) // PER_PAGE))
    raw = query.get("page", "1")
    page = min(int(raw), pages) if raw.isascii() and raw.isdigit() and len(raw) < 9 else 1
    page = max(page, 1)
    names = [ADDRESS_NAMES.get(name, name) for name in PARTS]
    return Listing(
        controls={name: query[name][:200] for name in names if query.get(name)},
        faults=faults,
        filter=wanted,
        order=order,
        page=page,
        pages=pages,
        total=len(choices),
        columns=tuple(_sort_choices(choices, order)[(page - 1) * PER_PAGE : page * PER_PAGE]),
        kinds=_count_choices(Counter(column.facts.kind for column in columns)),
        findings=_count_choices(Counter(code for column in columns for code in column.facts.findings)),
    )


def _count_choices(counted: Counter[str]) -> tuple[tuple[str, str], ...]:
    return (("", "Any"), *((word, f"{word.replace('_', ' ')} ({counted[word]:,})") for word in sorted(counted)))


def association_strength(choice: ColumnChoice) -> float:
    """Return a column's association with the target, or -1 while that is unknown."""
    return choice.facts.strength if choice.facts.strength is not None else -1.0


def _sort_choices(choices: list[ColumnChoice], order: str) -> list[ColumnChoice]:
    keys: dict[str, Any] = {
        "association": lambda item: -association_strength(item),
        "missing": lambda element: -element.profile.missing,
        "name": lambda entry: entry.profile.name.lower(),
    }
    return sorted(choices, key=keys[order]) if order in keys else choices


USE_CHOICES = (("", "Any"), *((name, title.capitalize()) for name, title in USES.items()))
