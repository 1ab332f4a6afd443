"""Template contexts of the pages of experiment templates."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from app.domain.errors import DomainError, FieldFault
from app.domain.experiment_templates.describing import Statement, TemplateChange
from app.domain.experiment_templates.library import LibraryEntry
from app.domain.experiment_templates.requirements import ColumnNeed, Requirements
from app.domain.problems import Problem
from app.services.datasets.samples import Sample
from app.services.experiment_templates.listing import TemplateSearch, UsageLine
from app.services.experiment_templates.using import TemplateOnData
from app.storage.tables import Dataset, ExperimentTemplate, TemplateEvent, TemplateVersion
from app.web.hypermedia import ViewContext
from app.web.template_cards import Picture, TemplateCard

Faults = Sequence[DomainError | FieldFault]
Options = Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class TemplateGalleryContext(ViewContext):
    """A page of templates; `query` is the search as part of an address, without the page."""

    page_name: ClassVar[str] = "pages/experiment_templates.html"
    cards: tuple[TemplateCard, ...]
    total: int
    page: int
    pages: int
    search: TemplateSearch
    query: str
    categories: Options
    sorts: Options
    is_admin: bool
    page_problems: Faults


@dataclass(frozen=True, kw_only=True)
class TemplateContext(ViewContext):
    """One template: what it says, needs and looks like, its history and its uses.

    `entry` is what the shipped library says of it, None for any other. `successor` follows a retired one. `history`
    are the last of the versions that the person sees, `versions_total` is how many those are.
    """

    page_name: ClassVar[str] = "pages/experiment_template.html"
    template: ExperimentTemplate
    owner: str
    card: TemplateCard
    picture: Picture
    statements: tuple[Statement, ...]
    requirements: Requirements
    roles: Mapping[str, str]
    history: Sequence[TemplateVersion]
    versions_total: int
    is_imported: Callable[[ExperimentTemplate, TemplateVersion], bool]
    usage: Sequence[UsageLine]
    people_using: int
    may_edit: bool
    is_admin: bool
    people: Sequence[str]
    entry: LibraryEntry | None
    successor: ExperimentTemplate | None
    may_restore: bool


@dataclass(frozen=True, kw_only=True)
class TemplateDiffContext(ViewContext):
    """Two versions side by side in words."""

    page_name: ClassVar[str] = "pages/template_diff.html"
    template: ExperimentTemplate
    before: int
    after: int
    changes: tuple[TemplateChange, ...]
    versions: Options


@dataclass(frozen=True, kw_only=True)
class TemplateSourceContext(ViewContext):
    """The data that a template is to be used on, before any was chosen."""

    page_name: ClassVar[str] = "pages/template_source.html"
    template: ExperimentTemplate
    address: str
    samples: tuple[Sample, ...]
    owned: Sequence[Dataset]
    needs: tuple[str, ...]
    page_problems: Faults


@dataclass(frozen=True, kw_only=True)
class TemplateMappingContext(ViewContext):
    """Which column stands for which, what does not fit, and what is made of it.

    `options` are the columns of the dataset, empty where they are too many for lists. `draft_id` is the draft that is
    filled in, "" where a new one is made.
    """

    page_name: ClassVar[str] = "pages/template_mapping.html"
    address: str
    template_fit: TemplateOnData
    roles: Mapping[str, str]
    values: Mapping[str, str]
    options: Sequence[str]
    problems: Sequence[tuple[str, Problem]]
    fits: bool
    draft_id: str
    page_problems: Faults


@dataclass(frozen=True, kw_only=True)
class TemplateFormContext(ViewContext):
    """Name, description and sharing of a template; in a new one, what it is made of.

    `changes` are what somebody else saved meanwhile, and `based_on` is the version that a save makes the next of, 0 for
    a new template. `origin_name` is the template that a draft came from, where the person may change that.
    `listed_needs` are the columns that can be ticked as needed: the first of very many.
    """

    page_name: ClassVar[str] = "pages/template_form.html"
    title: str
    lead: str
    action: str
    back: str
    button: str
    values: Mapping[str, str]
    categories: Sequence[str]
    visibilities: Options
    based_on: int
    origin_name: str
    requirements: Requirements | None
    listed_needs: Sequence[ColumnNeed]
    statements: tuple[Statement, ...]
    changes: tuple[TemplateChange, ...]
    page_problems: Faults


@dataclass(frozen=True, kw_only=True)
class TemplateAdminContext(ViewContext):
    """Every template of every account."""

    page_name: ClassVar[str] = "pages/template_admin.html"
    rows: Sequence[ExperimentTemplate]
    owners: Mapping[uuid.UUID, str]
    addresses: Mapping[uuid.UUID, str]
    total: int
    page: int
    pages: int
    search: TemplateSearch
    query: str


@dataclass(frozen=True, kw_only=True)
class TemplateActsContext(ViewContext):
    """What an administrator can do with one template, what was done, and who used it."""

    page_name: ClassVar[str] = "pages/template_acts.html"
    template: ExperimentTemplate
    owner: str
    address: str
    acts: Options
    events: Sequence[TemplateEvent]
    words: Mapping[str, str]
    usage: Sequence[UsageLine]
    can_undo: bool
    values: Mapping[str, str]
    page_problems: Faults
