"""What a step is to the flow, and what a page is: one step, or several on one page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.domain.recommendation.plan import Plan
from app.steps.context import DraftContext

Form = MultiDict[str, str]
# Answers by step and field, as they are saved.
Changes = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class StepView:
    """What makes one step different from the others.

    `read` turns the form that was posted into field -> raw value, for the fields that the form showed. `context` gives
    its fragment what it needs, and a `status` where what was asked for makes no sense. `act` answers a button of its
    own, by returning more changes. `reshapes` names fields (or prefixes ending in ".") whose change alters the form
    itself. `live` is a fragment of what else follows a change, sent along with the saved mark, and `live_context` what
    it needs; `follows` is one of what changes when the job ends that compares the columns with the target.
    """

    slug: str
    read: Callable[[Form, Plan], dict[str, Any]]
    context: Callable[[DraftContext], dict[str, Any]]
    act: Callable[[Form, Plan], dict[str, Any]] = field(default=lambda _form, _plan: {})
    reshapes: tuple[str, ...] = ()
    live: str = ""
    live_context: Callable[[DraftContext], dict[str, Any]] = field(default=lambda _draft: {})
    follows: str = ""


class Drawing(Protocol):
    """Draws a whole page of a draft."""

    def __call__(self, draft: DraftContext, *, status: int = 200, **more: Any) -> Response:
        """Answer with the page, or its fragment, with more values for its template."""
        ...


@dataclass(frozen=True)
class WizardPage:
    """One page over the answers of a draft: those of one step, or of all steps at once.

    `reached` is the furthest step that it shows. `draw` draws it and `frame` gives what surrounds the answers; `live`
    is the view whose part follows a change, and `measured` the view whose part follows what was measured, drawn by
    the fragment `follows`.
    """

    slug: str
    views: tuple[StepView, ...]
    reached: str
    draw: Drawing
    frame: Callable[[DraftContext], Mapping[str, Any]]
    live: StepView
    measured: StepView
    follows: str

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
