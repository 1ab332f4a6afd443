"""The words that a reader sees on a page on arrival: what is folded, hidden or for screen readers alone does not count."""

from __future__ import annotations

import re
from typing import Any

MAX_WORDS = 400
# Signs alone, such as a tick, a question mark or a bullet, are no words; a number is one.
WORD = re.compile(r"\w")
VISIBLE = """(selector) => {
  const root = document.querySelector(selector), silent = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE"]);
  const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest(".vh, .skip");
  const inline = (element) => getComputedStyle(element).display.startsWith("inline");
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let text = "", before = null;
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    // Of a list of options one is seen.
    const shown = parent.tagName === "OPTION" ? parent.selected && seen(parent.closest("select")) : seen(parent);
    if (!shown || silent.has(parent.tagName)) continue;
    let block = parent;
    while (block && inline(block)) block = block.parentElement;
    text += (block === before ? "" : "\\n") + walker.currentNode.textContent;
    before = block;
  }
  return text;
}"""


def settle(page: Any) -> None:
    """Wait until the page is there, what it asks for is answered, and what it measures is done and says the most."""
    page.wait_for_load_state()
    quiet = '() => !document.querySelector(\'.htmx-request, [hx-trigger*="load"], [hx-trigger^="every"]\')'
    page.wait_for_function(quiet, timeout=90_000)


def visible_text(page: Any, selector: str = "main") -> str:
    """Return the text that is seen of a part of a page."""
    return str(page.evaluate(VISIBLE, selector))


def visible_words(page: Any) -> int:
    """Count the words and numbers that are seen in the main part of a page, the side and the bar of buttons included."""
    return sum(bool(WORD.search(word)) for word in visible_text(page).split())
