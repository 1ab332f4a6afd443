"""Gallery examples of contests: the panel on the Model step, the live leaderboard and the final one."""

from __future__ import annotations

from dataclasses import replace

from app.dev.example import Example, partial_example
from app.dev.field_examples import HERE
from app.domain.contest.summary import BaselineLine, CandidateProgress, ContestProgress
from app.domain.estimators import boosters, registry
from app.domain.vocabulary import TaskKind
from app.steps.model.contest import CandidateRow, ContestPanel
from app.web.charts import contest

LIVE = ContestProgress(
    metric="nse",
    folds=5,
    candidates=(
        CandidateProgress(key="2", title="Random forest", state="running", folds_judged=3, score=0.71),
        CandidateProgress(key="1", title="Ridge", state="ended_early", folds_judged=2, score=0.2, reason="Far behind."),
    ),
    baselines=(BaselineLine(id="mean", title="Mean", score=0.0),),
)
LINE = contest.ContestLine(
    key="2",
    rank="1",
    title="Random forest",
    is_winner=True,
    is_simplest=False,
    is_candidate=True,
    state="",
    reason="",
    mean="0.71",
    spread="± 0.04",
    dots=(20.0, 45.0, 70.0),
    better="93 %",
    seconds="2.1 s",
    predict="12 ms",
    size="3.4 MB",
)
BOARD = contest.ContestBoard(
    metric="NSE",
    lines=(LINE,),
    sentences=("Random forest won by the folds: NSE 0.71.",),
    caption="The folds alone chose the winner; the hold-out judges it once.",
    rule="A candidate ends early when it is surely behind.",
)


def examples() -> list[Example]:
    """Return the examples."""
    ridge = registry.get("ridge")
    row = CandidateRow(
        number=1,
        title=ridge.title,
        prefix="candidate.1.",
        settings=tuple(ridge.parameters_for(TaskKind.REGRESSION)),
        values={},
        is_tuned=False,
        is_faulty=False,
    )
    offered = (("ridge", "Ridge"), ("random_forest", "Random forest"))
    several = ContestPanel(
        on=True,
        rows=(row, replace(row, number=2, prefix="candidate.2.")),
        blend=True,
        suggested=6,
        offered=offered,
        is_full=False,
    )
    more = {"missing": "LightGBM and CatBoost", "install_boosters": boosters.INSTALL}
    alone = ContestPanel(on=False, rows=(), blend=False, suggested=6, offered=offered, is_full=False)
    return [
        partial_example("model/contest", "several", contest=several, problems_here=(), **more),
        partial_example("model/contest", "one", contest=alone, problems_here=(), **more),
        partial_example(
            "experiments/contest_live", "running", contest=contest.live(LIVE), stopping=False, address=HERE
        ),
        partial_example("experiments/contest", "ended", contest=BOARD, has_data=True, address=HERE),
    ]
