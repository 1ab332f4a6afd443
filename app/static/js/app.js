/* What only a script can do: upload progress, answers that could not be sent, closing menus. Pages work without it. */
"use strict";

(function () {
  const PREFIX = "hydroml-unsent:";
  const byId = (id) => document.getElementById(id);
  const token = () => document.querySelector("input[name=csrf_token]")?.value || "";

  function say(element, text) {
    if (element) element.textContent = text;
  }

  /* Uploads: a real progress bar, and a refusal before a file that is too large is sent at all. */
  document.addEventListener("htmx:configRequest", (event) => {
    const field = event.target.querySelector?.("input[type=file]");
    const file = field?.files?.[0];
    const most = Number(field?.dataset.mostMb || 0);
    if (file && most && file.size > most * 1048576) {
      event.preventDefault();
      say(event.target.querySelector("[data-upload-words]"), `The file is larger than ${most} MB.`);
    }
  });
  document.addEventListener("htmx:xhr:progress", (event) => {
    const form = event.target.closest?.("form[data-upload]");
    const bar = form?.querySelector("progress");
    if (!bar || !event.detail.lengthComputable) return;
    const done = event.detail.loaded >= event.detail.total;
    bar.hidden = false;
    bar.value = (100 * event.detail.loaded) / event.detail.total;
    say(form.querySelector("[data-upload-words]"),
      done ? "Sent. Reading the file …" : `${Math.round(bar.value)} % sent`);
  });

  /* Answers that could not be sent stay in the browser until they are, or until they are thrown away. */
  const answers = () => byId("answers");
  const keyOf = (form) => PREFIX + form.getAttribute("action");

  /* Whoever signs out leaves nothing behind, and a save that fails meanwhile keeps nothing any more. */
  let leaving = false;
  document.addEventListener("submit", (event) => {
    if (!event.target.matches?.("form[data-sign-out]")) return;
    leaving = true;
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  });

  function keep(form) {
    if (leaving) return;
    const values = Array.from(new FormData(form)).filter(([name]) => name !== "csrf_token");
    localStorage.setItem(keyOf(form), JSON.stringify(values));
    say(document.querySelector("#wizard-saved .words"), "Not saved: the server cannot be reached. Your answers are kept here.");
  }

  function forget(form) {
    localStorage.removeItem(keyOf(form));
  }

  function button(text, action, primary) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = primary ? "btn s primary" : "btn s";
    made.textContent = text;
    made.addEventListener("click", action);
    return made;
  }

  /* Sent as a plain form, so that the answer, whatever it is, is shown as a page. */
  async function send(form) {
    try {
      await fetch("/health/live");
    } catch {
      showFault("The server still cannot be reached.");
      return;
    }
    const values = JSON.parse(localStorage.getItem(keyOf(form)) || "[]");
    const plain = document.createElement("form");
    plain.method = "post";
    plain.action = form.getAttribute("action");
    for (const [name, value] of [...values, ["csrf_token", token()], ["action", "apply"]]) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      plain.append(field);
    }
    document.body.append(plain);
    forget(form);
    HTMLFormElement.prototype.submit.call(plain);
  }

  function offer() {
    const form = answers();
    const place = byId("unsent");
    if (!form || !place || !localStorage.getItem(keyOf(form))) return;
    const words = document.createElement("strong");
    words.textContent = "Some answers on this step were not sent.";
    const row = document.createElement("div");
    row.className = "row";
    row.append(
      button("Send them now", () => send(form), true),
      button("Throw them away", () => { forget(form); place.hidden = true; }, false),
    );
    place.className = "notice warning";
    place.replaceChildren(words, row);
    place.hidden = false;
  }

  const isSave = (event) => event.detail.elt?.id === "wizard-saver" || event.detail.elt?.id === "answers";
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => {
      const form = answers();
      if (form && isSave(event)) keep(form);
      else showFault("The server cannot be reached. Nothing was lost; try again in a moment.");
    });
  }
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = answers();
    const status = event.detail.xhr?.status || 0;
    if (!form || !isSave(event)) return;
    if (status >= 500) keep(form);
    else if (status >= 200 && status < 500) forget(form);
  });
  window.addEventListener("online", () => {
    const form = answers();
    if (form && localStorage.getItem(keyOf(form))) offer();
  });

  function showFault(text) {
    const place = byId("notice");
    if (!place) return;
    const box = document.createElement("div");
    box.className = "notice danger";
    box.textContent = text;
    place.replaceChildren(box);
  }

  /* A notice of an earlier fault goes when something has worked again. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status < 400) byId("notice")?.replaceChildren();
  });

  /* The title follows the step that was swapped in, and the offer of unsent answers is made again. */
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id !== "wizard") return;
    const heading = document.querySelector("#wizard h1");
    const marks = Array.from(document.querySelectorAll(".stepper li"));
    const at = marks.findIndex((mark) => mark.querySelector("[aria-current=step]"));
    const where = marks.length ? `, step ${at + 1} of ${marks.length}` : "";
    if (heading) document.title = `${heading.textContent}${where} · HydroML`;
    offer();
  });

  /* What is wrong is said at its field too, in the words of the list beside the form, as soon as that list changes. */
  function sayAtFields() {
    const form = answers();
    if (!form) return;
    const faults = new Map();
    for (const item of document.querySelectorAll("#problems [data-field]")) {
      if (!faults.has(item.dataset.field)) faults.set(item.dataset.field, item.querySelector(".words").textContent);
    }
    // A derived feature that is not added yet is no answer: what is wrong with it is said by its own preview, and stays.
    for (const old of form.querySelectorAll(".field-error[id]:not(#f-new *)")) {
      if (!faults.has(old.id.slice(0, -2))) { tie(byId(old.id.slice(0, -2)), old.id, false); old.remove(); }
    }
    for (const [id, words] of faults) sayAt(byId(id), `${id}-e`, words);
  }

  function sayAt(control, id, words) {
    const label = control?.closest("#answers .field")?.querySelector("label, legend");
    const cell = control?.closest("#answers td");
    if (!label && !cell) return;
    let place = byId(id);
    if (!place) {
      place = document.createElement("span");
      place.id = id;
      place.className = "field-error";
      if (label) label.after(place);
      else cell.append(place);
    }
    if (place.textContent !== words) place.textContent = words;
    tie(control, id, true);
    const level = control.closest("details");
    if (level && !level.open) level.open = true;
  }

  function tie(control, id, wrong) {
    if (!control) return;
    const others = (control.getAttribute("aria-describedby") || "").split(" ").filter((one) => one && one !== id);
    const all = wrong ? [id, ...others] : others;
    if (all.length) control.setAttribute("aria-describedby", all.join(" "));
    else control.removeAttribute("aria-describedby");
    if (control.matches("input, select, textarea")) {
      if (wrong) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
  }

  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.detail.target?.id === "wizard-side") sayAtFields();
  });

  /* What was unfolded by hand stays so when the step is drawn anew. */
  let unfolded = [];
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id !== "wizard") return;
    unfolded = Array.from(document.querySelectorAll("#wizard details.level[id][open]"), (one) => one.id);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "wizard") return;
    for (const id of unfolded) if (byId(id)) byId(id).open = true;
  });

  /* Cards that come in another order keep what is picked and unfolded, also what was not sent yet. */
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    if (target?.id !== "model-choices") return;
    const picked = target.querySelector("input[name=estimator]:checked")?.id;
    for (const one of fragment.querySelectorAll("input[name=estimator]")) one.checked = one.id === picked;
    if (target.querySelector("details")?.open) fragment.querySelector("details").open = true;
  });

  /* Menus close as menus do. */
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  document.addEventListener("DOMContentLoaded", offer);
})();
