/* The table of columns: one column's details open under its row. Without a script its link leads to a page. */
"use strict";

(function () {
  const SELECTOR = "a[data-details]";

  function close(link) {
    link.setAttribute("aria-expanded", "false");
    link.closest("tr").nextElementSibling?.remove();
  }

  function rowUnder(link) {
    const row = link.closest("tr");
    const opened = document.createElement("tr");
    const cell = document.createElement("td");
    const slot = document.createElement("div");
    opened.className = "opened";
    cell.colSpan = row.cells.length;
    slot.className = "slot";
    slot.textContent = "…";
    cell.append(slot);
    opened.append(cell);
    row.after(opened);
    return slot;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(SELECTOR);
    const wantsTab = event.ctrlKey || event.metaKey || event.shiftKey || event.button;
    if (!link || wantsTab || !window.htmx) return;
    event.preventDefault();
    const wasOpen = link.getAttribute("aria-expanded") === "true";
    // One at a time, so that what opened before does not push the rows apart for good.
    for (const other of document.querySelectorAll(`${SELECTOR}[aria-expanded=true]`)) close(other);
    if (wasOpen) return;
    link.setAttribute("aria-expanded", "true");
    const slot = rowUnder(link);
    window.htmx.ajax("GET", link.href, { target: slot }).then(() => slot.scrollIntoView({ block: "nearest" }));
  });

  /* A page of the table that was asked for by a link takes the focus with it; a search keeps it where one types. */
  document.addEventListener("htmx:afterSwap", (event) => {
    const asker = event.detail.requestConfig?.elt;
    if (asker?.matches?.("a[hx-target='#datasets-columns']")) document.querySelector("#datasets-columns .scroll")?.focus();
  });
})();
