"""What one request costs on the streamflow sample: plans, checks of a config, estimates, statements, modules.

Figures: an autosave makes one plan and sends at most 15 statements, a look at what is measured makes none, and a
launch sends at most 18. Statements that begin a transaction count. What stands behind "before" was counted in the same
way on commit 1ca9dd4. Each answer that is saved is one that was never given before, so no plan of it is known.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.steps import prepared_client, token
from tests.web.client import HTMX, Page
from tests.web.counting import Cost, counted

# Plans, checks, estimates, statements and modules of each request on commit 1ca9dd4, and the goals for the two of them.
BEFORE = {
    "show data": (2, 2, 2, 10, 116),
    "show features": (2, 2, 2, 9, 115),
    "show model": (2, 2, 15, 29, 115),
    "show validation": (2, 2, 2, 11, 96),
    "show review": (2, 2, 2, 12, 103),
    "show single-page": (2, 2, 15, 55, 163),
    "autosave data": (4, 4, 4, 19, 116),
    "autosave features": (4, 4, 4, 19, 105),
    "autosave model": (4, 4, 17, 39, 105),
    "autosave validation": (4, 4, 4, 21, 89),
    "autosave review": (4, 4, 4, 22, 97),
    "look at the matrix": (2, 2, 2, 9, 87),
    "look at the ranking": (2, 2, 2, 8, 85),
    "look at short fits": (2, 2, 15, 30, 96),
    "look for leaks": (2, 2, 15, 30, 105),
    "launch": (6, 6, 6, 30, 85),
}
GOALS = {"show": (1, None), "autosave": (1, 15), "look": (0, None), "launch": (1, 18)}
FRESH: dict[str, tuple[str, Any]] = {
    "data": ("kind.c2", "numeric"),
    "features": ("column", ["c1", "c2"]),
    "model": ("averaged_trees.max_iter", "151"),
    "validation": ("seed", "77"),
    "review": ("name", "High water"),
}
LOOKS = {
    "look at the matrix": "features/correlations?view=matrix&part=body",
    "look at the ranking": "features/correlations?part=body",
    "look at short fits": "model/evidence?on=model",
    "look for leaks": "model/measured?seen=x",
}


def _told(name: str, cost: Cost) -> str:
    results = (
        cost.calls["plans"],
        cost.calls["checks"],
        cost.calls["estimates"],
        len(cost.statements),
        len(cost.files),
    )
    plans, statements = GOALS[name.partition(" ")[0]]
    goal = f"{plans}" + (f", {statements}" if statements else "")
    pairs = "".join(f"{then:>6} {now:>5}" for then, now in zip(BEFORE[name], results, strict=True))
    return f"{name:<22}{pairs}   {goal}"


def main() -> None:
    """Print one line per kind of request, before and now beside each other."""
    with tempfile.TemporaryDirectory() as folder:
        app, client = prepared_client(Path(folder))
        page = client.get("/experiments/new").text
        answer = client.post("/experiments/new/sample", data={"csrf_token": token(page), "sample": "piscataquis"})
        (base,) = re.findall(r"/experiments/drafts/[0-9a-f-]{36}", answer.headers["Location"])

        def tell(name: str, call: Callable[[], Any]) -> None:
            with counted(app) as cost:
                assert call().status_code < 400
            print(_told(name, cost))

        heads = "".join(f"{head:>12}" for head in ("plans", "checks", "estimates", "statements", "modules"))
        print(f"{'before and now':<22}{heads}   goal")
        for slug in (*FRESH, "single-page"):
            client.get(f"{base}/{slug}")
            tell(f"show {slug}", partial(client.get, f"{base}/{slug}"))
        for slug, (name, value) in FRESH.items():
            sent = Page(slug, client.get(f"{base}/{slug}")).answers.filled({name: value})
            tell(f"autosave {slug}", partial(client.post, f"{base}/{slug}/autosave", data=sent, headers=HTMX))
        client.get(f"{base}/model")
        for name, path in LOOKS.items():
            tell(name, partial(client.get, f"{base}/{path}", headers=HTMX))
        sent = Page("review", client.get(f"{base}/review")).answers.filled({"name": "Low water"})
        tell("launch", partial(client.post, f"{base}/review/launch", data=sent))


if __name__ == "__main__":
    main()
