/* A step that is drawn anew keeps the control under the reader's hand where it was in the window. Pages work without it. */
"use strict";

(function () {
  const CONTROLS = "a[href], button, input, select, textarea, summary, [tabindex]";
  const step = () => document.getElementById("wizard")?.firstElementChild?.id;

  /* The last control that was used. WebKit gives a button no focus when it is clicked, so the focus alone does not tell. */
  let used = null, usedName = "";
  for (const name of ["focusin", "click", "input", "change"]) {
    document.addEventListener(name, (event) => {
      if (event.target.closest?.("#wizard")) { used = event.target; usedName = nameOf(used); }
    }, true);
  }

  /* A poll may have drawn a panel anew since, and another control stands where the used one was. */
  const nowUsed = () => (used?.isConnected ? used : usedName && found(usedName)) || null;

  function inWindow(element) {
    const { top, bottom, width } = element.getBoundingClientRect();
    return width > 0 && bottom > 0 && top < window.innerHeight;
  }

  /* How to find an element again among those that take its place: by its id, or by what it sends. */
  function nameOf(element) {
    if (element.id) return `#${CSS.escape(element.id)}`;
    if (element.name) return `[name="${CSS.escape(element.name)}"][value="${CSS.escape(element.getAttribute("value") || "")}"]`;
    return "";
  }

  /* An element and all around it that can be found again, the nearest first, each with its place in the window. */
  function chainFrom(start) {
    const chain = [];
    for (let one = start; one && one.id !== "wizard"; one = one.parentElement) {
      if (nameOf(one)) chain.push({ name: nameOf(one), top: one.getBoundingClientRect().top });
    }
    return chain;
  }

  /* What to keep in its place is in sight; what had the reader's hand may have been pushed out of it meanwhile. */
  function remember() {
    const middle = document.elementFromPoint(window.innerWidth / 2, window.innerHeight / 2);
    const last = nowUsed(), isOfStep = last && !last.closest(".action-bar");
    const chain = chainFrom(isOfStep && inWindow(last) ? last : middle);
    return { step: step(), chain, hand: isOfStep ? chainFrom(last) : chain, scrolled: scrolled() };
  }

  /* Tables that were scrolled within themselves. */
  function scrolled() {
    return Array.from(document.querySelectorAll("#wizard .scroll[aria-label]"))
      .filter((one) => one.scrollTop || one.scrollLeft)
      .map((one) => ({ name: `.scroll[aria-label="${CSS.escape(one.getAttribute("aria-label"))}"]`, top: one.scrollTop, left: one.scrollLeft }));
  }

  const found = (name) => document.querySelector(`#wizard ${name}`);

  function scrollAgain(tables) {
    for (const { name, top, left } of tables) found(name)?.scrollTo(left, top);
  }

  function putBack(place) {
    scrollAgain(place.scrolled);
    const kept = place.chain.find(({ name }) => found(name));
    if (!kept) return;
    // Reckoned and not tried, since WebKit tells only later that a page which became too short cannot be scrolled so far.
    const wanted = window.scrollY + found(kept.name).getBoundingClientRect().top - kept.top;
    const most = document.documentElement.scrollHeight - window.innerHeight;
    if (wanted > most) room(wizard().offsetHeight + Math.ceil(wanted - most));
    window.scrollTo({ top: wanted, behavior: "instant" });
  }

  /* Room below what became shorter, which goes as soon as it is out of sight. */
  const wizard = () => document.getElementById("wizard");
  function room(height) { wizard().style.minHeight = height ? `${height}px` : ""; }
  window.addEventListener("scroll", () => {
    const held = parseFloat(wizard()?.style.minHeight);
    if (!held) return;
    const below = Math.floor(document.documentElement.scrollHeight - window.innerHeight - window.scrollY);
    if (below > 1) room(Math.max(held - below, 0));
  }, { passive: true });

  /* A step that was only changed is no new page: its heading takes no focus, the control keeps it, or what is around it.
     Where the control went with the answer, or with a poll before it, the focus is nowhere: on the body. */
  function focusAgain(place) {
    const focused = document.activeElement;
    if (focused !== document.body && focused !== document.querySelector("#wizard h1")) return;
    const kept = place.hand.map(({ name }) => found(name)).find((one) => one?.matches(CONTROLS));
    kept?.focus({ preventScroll: true });
  }

  /* Browsers bring the caret of a field of several lines into sight, not the field: its end would stay under the bar. */
  document.addEventListener("keyup", (event) => {
    if (event.key !== "Tab" || !event.target.matches?.("#wizard textarea")) return;
    event.target.scrollIntoView({ block: "nearest", behavior: "instant" });
  });

  let place = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id === "wizard" && event.detail.shouldSwap) place = remember();
  });
  for (const name of ["htmx:afterSwap", "htmx:afterSettle"]) {
    document.addEventListener(name, (event) => {
      if (event.detail.target?.id !== "wizard" || !place) return;
      const told = document.querySelector("#wizard [autofocus]");
      room(0);
      // Another step begins at its heading, and what is wrong is read first.
      if (place.step !== step() || (told && !told.matches("h1, #answers *"))) place = null;
      else {
        focusAgain(place);
        putBack(place);
        if (told?.matches("#answers *")) told.scrollIntoView({ block: "nearest", behavior: "instant" });
      }
      if (name === "htmx:afterSettle") place = null;
    });
  }

  /* What a poll brings leaves the tables in it as they were scrolled. */
  let tables = [];
  document.addEventListener("htmx:beforeSwap", (event) => {
    tables = event.detail.target?.matches("#wizard .panel") ? scrolled() : [];
  });
  document.addEventListener("htmx:afterSettle", () => { scrollAgain(tables); tables = []; });
})();
