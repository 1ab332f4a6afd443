"""StepView and WizardPage: what differs between steps, and between the pages that show them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.domain.recommendation.plan import Plan
from app.domain.wizard import StepDef
from app.steps.context import DraftContext
from app.steps.page_contexts import Answers, MeasuredContext, PageState, SavedContext, SectionContext, StepPageContext
from app.web.hypermedia import ContextPart

Form = MultiDict[str, str]
# Answers by step and field, as they are saved.
Changes = dict[str, dict[str, Any]]


def no_changes(_form: Form, _plan: Plan) -> dict[str, Any]:
    """Answer no button."""
    return {}


def nothing_live(_draft: DraftContext) -> ContextPart:
    """Let nothing but the side follow a change."""
    return ContextPart()


@dataclass(frozen=True)
class StepView:
    """What makes one step different from the others.

    `read` turns the form that was posted into field -> raw value, for the fields that the form showed. `answers` gives
    the fragment of `page` what it reads, and `part` that of its `section` on the page of all steps. `act` answers a
    button of its own, by returning more changes. `reshapes` names fields (or prefixes ending in ".") whose change
    alters the form itself. What follows a change is the fragment that `saved` includes, with what `live` gives it;
    what follows a measurement is what `measured` includes, with the answers.
    """

    slug: str
    read: Callable[[Form, Plan], dict[str, Any]]
    page: type[StepPageContext]
    answers: Callable[[DraftContext], Answers]
    section: type[SectionContext]
    part: Callable[[DraftContext], Answers]
    act: Callable[[Form, Plan], dict[str, Any]] = no_changes
    reshapes: tuple[str, ...] = ()
    saved: type[SavedContext] = SavedContext
    live: Callable[[DraftContext], ContextPart] = nothing_live
    measured: type[MeasuredContext] = MeasuredContext


class Drawing(Protocol):
    """Draws a whole page of a draft."""

    def __call__(
        self, draft: DraftContext, *, status: int = 200, state: PageState = ..., answers: Answers | None = None
    ) -> Response:
        """Answer with the page, or its fragment, with other answers than those that the draft gives."""
        ...


@dataclass(frozen=True)
class WizardPage:
    """One page over the answers of a draft: those of one step, or of all steps at once.

    `step` says what it is called, `reached` is the furthest step that it shows, and `home` where its problems lead.
    `draw` draws it; `live` is the view whose part follows a change, and `follows` the view whose part follows what was
    measured, as the answer `measured`.
    """

    slug: str
    step: StepDef
    views: tuple[StepView, ...]
    reached: str
    draw: Drawing
    live: StepView
    follows: StepView
    measured: type[MeasuredContext]
    home: str = ""

    @property
    def name(self) -> str:
        """The name of its blueprint."""
        return self.slug.replace("-", "_")

    @property
    def shows_estimator(self) -> bool:
        """Whether the estimator stands on it, which then stays as it was drawn while the page is open."""
        return any(view.slug in ("model", "review") for view in self.views)

    @property
    def is_step(self) -> bool:
        """Return whether it is one step, from which one goes on to the next."""
        return len(self.views) == 1 and self.views[0].slug == self.slug
