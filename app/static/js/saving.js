/* What a person does while an answer is under way is never lost: it is saved next, and leaving the step waits for it. */
"use strict";

(function () {
  const byId = (id) => document.getElementById(id);
  const form = () => byId("answers");
  const saver = () => byId("wizard-saver");
  const polls = (elt) => Boolean(elt?.getAttribute?.("hx-trigger")?.startsWith("every "));

  /* What the form says now, in whatever order. Some fields mark what the page shows, and those of a derived feature that
     is not added yet are no answers. */
  const MARKS = ["version", "csrf_token", "shown_ticked"];
  const isAnswer = (name) => !MARKS.includes(name) && !name.startsWith("new.");
  function answers() {
    const now = form();
    const given = now ? Array.from(new FormData(now)).filter(([name]) => isAnswer(name)) : [];
    return given.map((one) => JSON.stringify(one)).sort().join();
  }

  /* What was drawn, or sent last. A request carries the answers where it posts their form. */
  let known = "";
  let underWay = 0;
  const sent = new WeakMap();
  const unsent = () => Boolean(saver()) && answers() !== known;
  const save = () => { if (saver()) window.htmx.trigger(saver(), "save"); };
  const carries = (elt, verb) => verb !== "get" && Boolean(form()) && (elt === saver() || elt === form() || elt.form === form());
  const savesAlone = (elt) => elt.id === "wizard-saver" || elt.getAttribute("hx-target") === "#wizard-saved";

  /* The button that was pressed and waits for its turn. */
  let pressed = null;

  /* Leaving the step, by whatever way, waits until its answers are saved. */
  let leave = null;
  let leaving = 0;
  function afterSaving(go) {
    leave = go;
    if (unsent()) save();
  }

  /* A control that goes between press and release is never clicked, and one that goes under an open list chooses nothing. */
  const CONTROLS = "a, button, input, select, textarea, label, summary";
  let held = null;
  document.addEventListener("pointerdown", (event) => { held = event.button === 0 ? event.target.closest?.(CONTROLS) : null; });
  document.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.matches?.("button, summary, [type=checkbox], [type=radio]")) held = event.target;
  });
  function release() {
    held = null;
    saveWhatIsOwed();
  }
  for (const name of ["pointerup", "pointercancel", "keyup", "change"]) {
    document.addEventListener(name, () => { if (held) setTimeout(release); });
  }
  window.addEventListener("blur", () => { if (held) release(); });

  /* An answer that came too early is asked for once more, a moment later, and not while one types. */
  let owed = false;
  function saveWhatIsOwed() {
    if (!owed) return;
    const isTyping = document.activeElement?.matches("#answers :is(input:not([type]), input[type=text], textarea)");
    setTimeout(() => { if (owed && !underWay && !held) save(); }, isTyping ? 900 : 200);
  }

  /* Counted, so that an answer tells of the time before or after another. */
  let asked = 0;
  let saves = 0;
  const order = new WeakMap();
  const shown = new Map();

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, xhr, target, requestConfig } = event.detail;
    if (elt === pressed) pressed = null;
    asked += 1;
    order.set(xhr, { asked, saves });
    if (carries(elt, requestConfig.verb)) followSave(xhr);
    else if (target.id === "wizard") {
      leaving += 1;
      xhr.addEventListener("loadend", () => { leaving -= 1; });
    }
    // What asks by itself is gone when the page was left meanwhile: its answer would put the old step over the new one.
    if (polls(elt) || savesAlone(elt)) elt.addEventListener("htmx:beforeOnLoad", (late) => { if (!elt.isConnected) late.preventDefault(); });
    if (!polls(elt)) target.addEventListener("htmx:beforeSwap", (answer) => { if (answer.detail.xhr === xhr) place(answer.detail); });
  });

  /* A view that was asked for by hand goes to its place, also where another answer has drawn that anew meanwhile. What was
     asked about fields that are gone says nothing of those in their place. Of two answers for one place the one asked for
     last stays, whichever comes first. */
  function place(answer) {
    const { elt } = answer.requestConfig;
    const { id } = answer.target;
    if (!id || savesAlone(elt)) return;
    if (!answer.target.isConnected && elt.matches("a, form") && byId(id)) answer.target = byId(id);
    const { asked: at } = order.get(answer.xhr);
    if (!answer.target.isConnected || at < (shown.get(id) ?? 0)) answer.shouldSwap = false;
    else if (answer.shouldSwap) shown.set(id, at);
  }

  function followSave(xhr) {
    known = answers();
    sent.set(xhr, known);
    owed = false;
    underWay += 1;
    saves += 1;
    xhr.addEventListener("loadend", () => {
      underWay -= 1;
      saves += 1;
      if (xhr.status === 0 || xhr.status >= 500) known = "";
      // A save that another one replaces ends before that one begins.
      setTimeout(settle);
    });
  }

  function settle() {
    if (underWay) return;
    const go = leave;
    leave = null;
    if (go) go();
    else saveWhatIsOwed();
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr, requestConfig: { elt } } = event.detail;
    if (!event.detail.shouldSwap || !order.has(xhr)) return;
    if (polls(elt)) {
      // The next poll brings the same, and what was saved meanwhile.
      if (held || order.get(xhr).saves !== saves) event.detail.shouldSwap = false;
    } else if (sent.has(xhr) && comesTooEarly(elt, target, xhr)) event.detail.shouldSwap = false;
    if (event.detail.shouldSwap && target.id !== "wizard") keep(target, xhr);
  });

  /* A part of the step that is drawn anew keeps what was changed in it, and what it may not show again is sent before. */
  const kept = new WeakMap();
  function keep(target, xhr) {
    const controls = Array.from(target.querySelectorAll("input, select, textarea"));
    const changed = controls.filter((one) => one.form === form() && isAnswer(one.name) && isChanged(one));
    if (!changed.length) return;
    if (unsent()) save();
    kept.set(xhr, changed.filter((one) => one.id));
  }
  document.addEventListener("htmx:afterSwap", (event) => {
    for (const old of kept.get(event.detail.xhr) ?? []) {
      const one = byId(old.id);
      if (!one || one === old) continue;
      if (old.matches("[type=checkbox], [type=radio]")) one.checked = old.checked;
      else one.value = old.value;
    }
    kept.delete(event.detail.xhr);
  });

  /* The answer to a save must not draw the step over what was done since it was sent. That is saved next, and since the
     page is then older than the draft, the answer to that draws the step. */
  function comesTooEarly(elt, target, xhr) {
    if (xhr.status >= 500) return false;
    if (leave && target.id === "wizard") {
      if (xhr.status < 400) return true;
      leave = null;
    }
    if (!savesAlone(elt)) return false;
    const draws = target.id === "wizard";
    const movedOn = draws && answers() !== sent.get(xhr);
    if (held || movedOn) owed = true;
    return Boolean(held) || movedOn || (draws && (leaving > 0 || underWay > 1 || Boolean(pressed?.isConnected)));
  }

  /* Ways that lead away without the answers: a request of htmx for another step, a link, a form of its own. */
  document.addEventListener("htmx:confirm", (event) => {
    const { elt, target, verb, issueRequest } = event.detail;
    if (carries(elt, verb) && elt !== saver()) pressed = elt;
    if (target?.id !== "wizard" || carries(elt, verb) || !(unsent() || underWay)) return;
    event.preventDefault();
    afterSaving(() => issueRequest(true));
  });
  let passing = false;
  window.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button || link?.target || link?.download;
    if (!link || elsewhere || event.defaultPrevented || !(unsent() || underWay)) return;
    if (link.origin !== location.origin || link.pathname + link.search === location.pathname + location.search) return;
    event.preventDefault();
    afterSaving(() => location.assign(link.href));
  });
  window.addEventListener("submit", (event) => {
    const { target, submitter } = event;
    if (passing || event.defaultPrevented || target === form() || submitter?.form === form() || !(unsent() || underWay)) return;
    event.preventDefault();
    afterSaving(() => {
      passing = true;
      target.requestSubmit(submitter);
      passing = false;
    });
  });

  /* A window that is closed, or left by the browser's own buttons, sends what is left on its way out. */
  window.addEventListener("pagehide", () => {
    if (!saver() || !form() || !(underWay || (known && unsent()))) return;
    navigator.sendBeacon(saver().getAttribute("hx-post"), new FormData(form()));
  });

  /* What was changed on a page that had no scripts yet is told now. What a browser fills in again by itself is not. */
  function isChanged(control) {
    if (control.matches("[type=checkbox], [type=radio]")) return control.checked !== control.defaultChecked;
    if (!control.matches("select")) return control.matches("input, textarea") && control.value !== control.defaultValue;
    const options = Array.from(control.options);
    const first = control.multiple || options.some((one) => one.defaultSelected) ? -1 : 0;
    return options.some((one, at) => one.selected !== (one.defaultSelected || at === first));
  }
  function begin() {
    const isFresh = performance.getEntriesByType("navigation")[0]?.type === "navigate";
    const early = isFresh ? Array.from(document.querySelectorAll("#wizard :is(input, select, textarea)")).filter(isChanged) : [];
    known = early.length ? "" : answers();
    for (const control of early) control.dispatchEvent(new Event("change", { bubbles: true }));
  }
  document.addEventListener("DOMContentLoaded", begin);
  document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target?.id === "wizard") known = answers(); });
})();
