"""axe-core on an open page: WCAG 2.0 and 2.1, levels A and AA."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SOURCE = (Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
RUN = """async (tags) => {
  const result = await axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']});
  return result.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ') + ' ' +
    n.failureSummary.replace(/\\s+/g, ' ')).join(' | '));
}"""


def violations(page: Any) -> list[str]:
    """Return one line per rule that the page breaks."""
    if page.evaluate("() => typeof axe") == "undefined":
        page.evaluate(SOURCE)
    results: list[str] = page.evaluate(RUN, TAGS)
    return results


def sideways_overflow(page: Any) -> int:
    """Return by how many pixels the page is wider than its window."""
    width: int = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width
