/* The Features step: the matrix of pairs that can be pointed at, and small comforts. Tables and links work without it. */
"use strict";

(function () {
  const MINUS = "\u2212";
  const NO_VALUE = 127;
  const NOT_YET = -128;
  const EDGES = [0.05, 0.2, 0.4, 0.6, 0.8];
  const SHADES = ["n5", "n4", "n3", "n2", "n1", "0", "p1", "p2", "p3", "p4", "p5"];
  const kept = new Map();
  let live = [];

  /* The controls of the filter stand among the answers but are none of them, so nothing is saved when they change. */
  for (const name of ["input", "change"]) {
    document.addEventListener(name, (event) => {
      if (event.target.form?.id === "features-filter") event.stopPropagation();
    }, true);
  }

  /* The count of ticked columns follows at once. */
  document.addEventListener("change", (event) => {
    const place = document.querySelector("#features-columns [data-count]");
    if (!place || event.target.name !== "column") return;
    place.dataset.count = Number(place.dataset.count) + (event.target.checked ? 1 : -1);
    place.textContent = Number(place.dataset.count).toLocaleString("en");
  });

  /* A list that is drawn anew by a measurement keeps how far it was scrolled and what was ticked by hand, sent or not. */
  let scrolled = null;
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    if (target?.id !== "features-ticks") return;
    const count = fragment.querySelector("[data-count]");
    const region = target.querySelector(".scroll");
    scrolled = { top: region.scrollTop, left: region.scrollLeft };
    for (const old of target.querySelectorAll("input[name=column]")) {
      const one = old.checked === old.defaultChecked ? null : fragment.querySelector(`[id="${old.id}"]`);
      if (!one || one.checked === old.checked) continue;
      one.checked = old.checked;
      count.dataset.count = Number(count.dataset.count) + (old.checked ? 1 : -1);
      count.textContent = Number(count.dataset.count).toLocaleString("en");
    }
  });

  /* What a poll brings above the place that is read moves nothing. At the top of the page it pushes the rest down. */
  const reading = new WeakMap();
  const polls = (event) => event.detail.requestConfig?.elt?.getAttribute?.("hx-trigger")?.startsWith("every ");
  const topOf = (one) => one.getBoundingClientRect().top;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!polls(event) || window.scrollY === 0) return;
    const focused = document.activeElement?.closest("#wizard [id]");
    const seen = focused && topOf(focused) < window.innerHeight && focused.getBoundingClientRect().bottom > 0;
    const middle = document.elementFromPoint(window.innerWidth / 2, window.innerHeight / 2)?.closest("#wizard [id]");
    const one = seen ? focused : middle;
    if (one) reading.set(event.detail.xhr, { id: one.id, top: topOf(one) });
  });
  /* Settling gives an element its own class a moment later, and with it its size. */
  for (const name of ["htmx:afterSwap", "htmx:afterSettle"]) {
    document.addEventListener(name, (event) => {
      if (!polls(event)) return;
      if (scrolled) document.querySelector("#features-ticks .scroll")?.scrollTo(scrolled.left, scrolled.top);
      const place = reading.get(event.detail.xhr);
      const one = place && document.getElementById(place.id);
      if (one) window.scrollBy({ top: topOf(one) - place.top, behavior: "instant" });
      if (name === "htmx:afterSettle") scrolled = null;
    });
  }

  /* Enter in the recipe that is being put together shows it, and does not leave the step. */
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches?.("#f-new input")) return;
    event.preventDefault();
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
  });

  /* The picture of a pair is put beside the matrix; without a script its link leads to a page. */
  function openPair(address) {
    const slot = document.getElementById("features-pair-slot");
    if (!slot || !window.htmx) return false;
    window.htmx.ajax("GET", address, { target: slot }).then(() => {
      const drawn = document.getElementById("features-pair");
      drawn?.focus({ preventScroll: true });
      drawn?.scrollIntoView({ block: "nearest" });
    });
    return true;
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("#features-correlations a.pair");
    if (link && !event.metaKey && !event.ctrlKey && openPair(link.getAttribute("href"))) event.preventDefault();
  });

  function palette() {
    const probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
    const resolved = (name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    };
    const found = {
      steps: SHADES.map((name) => resolved(`div-${name}`)),
      ink: resolved("div-ink"), inkEnd: resolved("div-ink-end"), none: resolved("surface-sunken"),
      surface: resolved("surface"), text: resolved("text"), muted: resolved("text-muted"), focus: resolved("focus"),
      raised: resolved("surface-raised"), border: resolved("border"),
      code: getComputedStyle(document.documentElement).getPropertyValue("--font-code"),
    };
    probe.remove();
    return found;
  }

  function pixel(colour) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const context = canvas.getContext("2d");
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return context.getImageData(0, 0, 1, 1).data;
  }

  const stepOf = (value) => {
    const size = EDGES.filter((edge) => Math.abs(value) >= edge).length;
    return value < 0 ? 5 - size : 5 + size;
  };
  const words = (value) => value.toFixed(2).replace("-", MINUS);
  const short = (name, most) => (name.length > most ? `${name.slice(0, most - 1)}\u2026` : name);

  function read(figure) {
    const names = figure.dataset.names.split("\n");
    const raw = atob(figure.dataset.cells);
    const n = names.length;
    const cells = new Int8Array(n * n).fill(NO_VALUE);
    for (let i = 1, at = 0; i < n; i += 1) {
      for (let j = 0; j < i; j += 1, at += 1) {
        const value = (raw.charCodeAt(at) << 24) >> 24;
        cells[i * n + j] = value;
        cells[j * n + i] = value;
      }
    }
    const measures = Object.fromEntries(figure.dataset.measures.split(";").filter(Boolean).map((part) => part.split(":")));
    return {
      n, names, cells, measures, keys: figure.dataset.keys.split(","), classes: figure.dataset.classes,
      clusters: figure.dataset.order.split(",").map(Number), file: names.map((_name, at) => at),
    };
  }

  function register(Chart) {
    if (register.done) return;
    register.done = true;
    class Cell extends Chart.Element {
      inRange() { return true; }
      hasValue() { return true; }
      tooltipPosition() { return { x: this.x, y: this.y }; }
      getCenterPoint() { return { x: this.x, y: this.y }; }
    }
    Cell.id = "cell";
    class MatrixController extends Chart.DatasetController {
      parse() { this._cachedMeta._parsed = [{}]; }
      getMinMax() { return { min: 0, max: 1 }; }
      update() { /* One element stands for the cell that is pointed at; nothing is to be laid out. */ }
      getLabelAndValue() { return { label: "", value: "" }; }
      draw() { this.getDataset().paint(this.chart); }
    }
    MatrixController.id = "matrix";
    MatrixController.defaults = { datasetElementType: false, dataElementType: "cell" };
    MatrixController.overrides = {};
    MatrixController.prototype.datasetElementType = null;
    MatrixController.prototype.dataElementType = Cell;
    Chart.register(Cell, MatrixController);
    Chart.Interaction.modes.cell = (chart, event) => {
      const at = chart.config.options.cellAt(chart, Chart.helpers.getRelativePosition(event, chart));
      const element = chart.getDatasetMeta(0).data[0];
      if (!at || !element) return [];
      Object.assign(element, at);
      return [{ element, datasetIndex: 0, index: 0 }];
    };
  }

  class Matrix {
    constructor(figure, Chart) {
      this.figure = figure;
      this.data = read(figure);
      this.key = `${figure.dataset.kind}:${figure.dataset.names}`;
      const before = kept.get(this.key);
      this.clustered = before ? before.clustered : figure.dataset.kind === "clusters";
      this.view = before ? { ...before.view } : { x: 0, y: 0, span: this.data.n };
      this.cursor = null;
      this.build(Chart);
    }

    get order() { return this.clustered ? this.data.clusters : this.data.file; }

    build(Chart) {
      const make = (tag, name, more = {}) => Object.assign(document.createElement(tag), { className: name, ...more });
      const tools = make("div", "matrix-tools");
      const button = (text, act) => {
        const made = make("button", "btn s", { type: "button", textContent: text });
        made.addEventListener("click", act);
        tools.append(made);
        return made;
      };
      button("Zoom in", () => this.zoom(0.5));
      button("Zoom out", () => this.zoom(2));
      button("Whole matrix", () => this.zoom(Infinity));
      this.sorter = button("", () => { this.clustered = !this.clustered; this.sorted(); });
      this.frame = make("div", "matrix-frame", { tabIndex: 0 });
      this.frame.setAttribute("role", "group");
      this.frame.setAttribute("aria-label", "Matrix. Arrow keys move, Enter shows the pair, plus and minus zoom.");
      const canvas = make("canvas", "");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", this.figure.dataset.label);
      this.words = make("p", "matrix-words", { textContent: "Point at a cell for its pair; choose one to see its picture." });
      this.words.setAttribute("role", "status");
      this.frame.append(canvas);
      this.figure.replaceChildren(tools, this.frame, this.words);
      const wide = this.figure.clientWidth;
      const tall = this.data.n <= 24 ? 150 + this.data.n * 30 : Math.min(wide, 860);
      this.frame.style.height = `${tall}px`;
      this.colours = palette();
      this.sorted(false);
      this.chart = new Chart(canvas, this.config());
      this.listen(canvas);
      this.figure.closest("#features-association")?.querySelector("details.numbers")?.removeAttribute("open");
      this.figure.dataset.drawn = String(performance.now());
    }

    config() {
      const axis = (position, reverse) => ({
        type: "linear", position, reverse, offset: false,
        grid: { display: false }, border: { display: false },
        ticks: {
          color: this.colours.muted, font: { size: 11, family: this.colours.code }, autoSkip: false,
          maxRotation: position === "top" ? 90 : 0, minRotation: position === "top" ? 90 : 0, padding: 2,
          callback: (value) => short(this.data.names[this.order[value]] ?? "", 20),
        },
        afterBuildTicks: (scale) => { scale.ticks = this.ticks(scale, position); },
      });
      const options = {
        responsive: true, maintainAspectRatio: false, animation: false, events: ["mousemove", "mouseout", "touchstart"],
        interaction: { mode: "cell", intersect: false },
        cellAt: (chart, point) => this.cellAt(chart, point),
        scales: { x: axis("top", false), y: axis("left", true) },
        plugins: {
          legend: { display: false },
          tooltip: {
            displayColors: false, backgroundColor: this.colours.raised, titleColor: this.colours.text,
            bodyColor: this.colours.text, borderColor: this.colours.border, borderWidth: 1, padding: 8,
            callbacks: {
              title: (items) => (items.length ? this.titleOf(items[0].element) : ""),
              label: (item) => this.valueOf(item.element.row, item.element.column),
            },
          },
        },
      };
      this.window(options);
      return { type: "matrix", data: { datasets: [{ data: [0], paint: (chart) => this.paint(chart) }] }, options };
    }

    window(options) {
      options.scales.x.min = this.view.x - 0.5;
      options.scales.x.max = this.view.x + this.view.span - 0.5;
      options.scales.y.min = this.view.y - 0.5;
      options.scales.y.max = this.view.y + this.view.span - 0.5;
    }

    ticks(scale, position) {
      const pixels = position === "top" ? this.frame.clientWidth - 150 : this.frame.clientHeight - 140;
      const every = Math.max(1, Math.ceil((13 * this.view.span) / Math.max(pixels, 1)));
      const found = [];
      for (let at = Math.ceil(scale.min); at <= scale.max && at < this.data.n; at += every) found.push({ value: at });
      return found;
    }

    /* The order is drawn once as a picture of one pixel for each pair, and stretched to the size of the view. */
    sorted(redraw = true) {
      const { n, cells } = this.data;
      const order = this.order;
      const steps = this.colours.steps.map(pixel);
      const other = { [NO_VALUE]: pixel(this.colours.none), [NOT_YET]: pixel(this.colours.surface) };
      const picture = document.createElement("canvas");
      picture.width = picture.height = n;
      const context = picture.getContext("2d");
      const image = context.createImageData(n, n);
      for (let i = 0, at = 0; i < n; i += 1) {
        for (let j = 0; j < n; j += 1, at += 4) {
          const value = cells[order[i] * n + order[j]];
          image.data.set(other[value] ?? steps[stepOf(value / 100)], at);
        }
      }
      context.putImageData(image, 0, 0);
      this.picture = picture;
      this.sorter.textContent = this.clustered ? "Order of the file" : "Order by clusters";
      if (redraw) this.refresh();
    }

    paint(chart) {
      const { ctx, chartArea: area } = chart;
      const { x, y, span } = this.view;
      const size = { x: (area.right - area.left) / span, y: (area.bottom - area.top) / span };
      ctx.save();
      ctx.imageSmoothingEnabled = false;
      ctx.drawImage(this.picture, x, y, span, span, area.left, area.top, area.right - area.left, area.bottom - area.top);
      if (Math.min(size.x, size.y) >= 8) this.rules(ctx, area, size);
      if (size.x >= 30 && size.y >= 16) this.numbers(ctx, area, size);
      if (this.cursor) {
        ctx.strokeStyle = this.colours.focus;
        ctx.lineWidth = 2;
        ctx.strokeRect(area.left + (this.cursor.column - x) * size.x, area.top + (this.cursor.row - y) * size.y, Math.max(size.x, 4), Math.max(size.y, 4));
      }
      ctx.restore();
    }

    rules(ctx, area, size) {
      ctx.strokeStyle = this.colours.surface;
      ctx.lineWidth = 1;
      ctx.beginPath();
      for (let at = 0; at <= this.view.span; at += 1) {
        ctx.moveTo(area.left + at * size.x, area.top);
        ctx.lineTo(area.left + at * size.x, area.bottom);
        ctx.moveTo(area.left, area.top + at * size.y);
        ctx.lineTo(area.right, area.top + at * size.y);
      }
      ctx.stroke();
    }

    numbers(ctx, area, size) {
      const { n, cells } = this.data;
      ctx.font = `11px ${getComputedStyle(document.body).fontFamily}`;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      for (let i = 0; i < this.view.span; i += 1) {
        for (let j = 0; j < this.view.span; j += 1) {
          const [row, column] = [this.order[i + this.view.y], this.order[j + this.view.x]];
          const value = cells[row * n + column];
          const known = value !== NO_VALUE && value !== NOT_YET;
          const text = row === column ? "\u00b7" : known ? words(value / 100).replace("0.", ".") : "";
          const step = known ? stepOf(value / 100) : 5;
          ctx.fillStyle = row === column || !known ? this.colours.muted : Math.abs(step - 5) >= 4 ? this.colours.inkEnd : this.colours.ink;
          ctx.fillText(text, area.left + (j + 0.5) * size.x, area.top + (i + 0.5) * size.y);
        }
      }
    }

    cellAt(chart, point) {
      const area = chart.chartArea;
      if (point.x < area.left || point.x >= area.right || point.y < area.top || point.y >= area.bottom) return null;
      const column = Math.floor(this.view.x + ((point.x - area.left) / (area.right - area.left)) * this.view.span);
      const row = Math.floor(this.view.y + ((point.y - area.top) / (area.bottom - area.top)) * this.view.span);
      return { row, column, x: point.x, y: point.y };
    }

    titleOf({ row, column }) {
      return `${this.data.names[this.order[row]]} with ${this.data.names[this.order[column]]}`;
    }

    valueOf(row, column) {
      const [i, j] = [this.order[row], this.order[column]];
      if (i === j) return "the column itself";
      const value = this.data.cells[i * this.data.n + j];
      if (value === NOT_YET) return "not measured yet";
      if (value === NO_VALUE) return "no value: too few rows, or constant";
      const both = [this.data.classes[i], this.data.classes[j]].sort().join("");
      return `${words(value / 100)}, ${this.data.measures[both] ?? ""}`;
    }

    listen(canvas) {
      let held = null;
      const local = (event) => {
        const box = canvas.getBoundingClientRect();
        return { x: event.clientX - box.left, y: event.clientY - box.top };
      };
      canvas.addEventListener("pointerdown", (event) => { held = { at: local(event), view: { ...this.view }, moved: false }; });
      window.addEventListener("pointerup", () => { setTimeout(() => { held = null; }); }, { signal: this.signal });
      canvas.addEventListener("pointermove", (event) => {
        if (!held || this.view.span >= this.data.n) return;
        const [now, area] = [local(event), this.chart.chartArea];
        const across = Math.round(((held.at.x - now.x) / (area.right - area.left)) * this.view.span);
        const down = Math.round(((held.at.y - now.y) / (area.bottom - area.top)) * this.view.span);
        held.moved ||= across !== 0 || down !== 0;
        this.move(held.view.x + across, held.view.y + down);
      });
      canvas.addEventListener("click", (event) => {
        const at = this.cellAt(this.chart, local(event));
        if (at && !held?.moved) { this.cursor = at; this.open(at); this.chart.draw(); }
      });
      canvas.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        this.zoom(event.deltaY < 0 ? 0.8 : 1.25, this.cellAt(this.chart, local(event)));
      }, { passive: false });
      this.frame.addEventListener("keydown", (event) => this.pressed(event));
    }

    pressed(event) {
      const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
      const at = this.cursor ?? { row: this.view.y, column: this.view.x };
      if (steps[event.key]) {
        const inside = (value) => Math.min(Math.max(value, 0), this.data.n - 1);
        const [down, across] = this.cursor ? steps[event.key] : [0, 0];
        this.cursor = { row: inside(at.row + down), column: inside(at.column + across) };
        this.follow();
        this.words.textContent = `${this.titleOf(this.cursor)}: ${this.valueOf(this.cursor.row, this.cursor.column)}`;
        this.chart.draw();
      } else if (event.key === "Enter" && this.cursor) this.open(this.cursor);
      else if (event.key === "+" || event.key === "=") this.zoom(0.5, this.cursor);
      else if (event.key === "-") this.zoom(2, this.cursor);
      else return;
      event.preventDefault();
    }

    follow() {
      const shifted = (start, at) => Math.min(Math.max(start, at - this.view.span + 1), at);
      this.move(shifted(this.view.x, this.cursor.column), shifted(this.view.y, this.cursor.row));
    }

    open({ row, column }) {
      if (row === column) return;
      const keys = this.data.keys;
      this.words.textContent = `${this.titleOf({ row, column })}: ${this.valueOf(row, column)}`;
      openPair(`${this.figure.dataset.pair}?one=${keys[this.order[row]]}&other=${keys[this.order[column]]}`);
    }

    zoom(factor, at) {
      const n = this.data.n;
      const span = Math.min(n, Math.max(Math.min(4, n), Math.round(this.view.span * factor)));
      const middle = at ?? this.cursor ?? { column: this.view.x + this.view.span / 2, row: this.view.y + this.view.span / 2 };
      const start = (value, from) => Math.round(value - ((value - from) / this.view.span) * span);
      const [x, y] = [start(middle.column, this.view.x), start(middle.row, this.view.y)];
      this.view.span = span;
      this.move(x, y, true);
    }

    move(x, y, always = false) {
      const inside = (value) => Math.min(Math.max(value, 0), this.data.n - this.view.span);
      const before = `${this.view.x},${this.view.y}`;
      this.view.x = inside(x);
      this.view.y = inside(y);
      if (always || before !== `${this.view.x},${this.view.y}`) this.refresh();
    }

    refresh() {
      kept.set(this.key, { clustered: this.clustered, view: { ...this.view } });
      this.window(this.chart.options);
      this.chart.update("none");
    }

    recolour() {
      this.colours = palette();
      this.sorted(false);
      this.chart.destroy();
      this.chart = new window.Chart(this.frame.querySelector("canvas"), this.config());
    }
  }

  /* Where the drawing cannot be had, the table of the same numbers stays as it is. */
  async function enliven() {
    live = live.filter((one) => one.figure.isConnected || (one.chart.destroy(), false));
    for (const figure of document.querySelectorAll("figure[data-matrix]:not([data-drawn])")) {
      const Chart = await window.chartLibrary().catch(() => null);
      if (!Chart || !figure.isConnected || figure.dataset.drawn) continue;
      register(Chart);
      live.push(new Matrix(figure, Chart));
    }
  }

  document.addEventListener("htmx:afterSettle", enliven);
  document.addEventListener("DOMContentLoaded", enliven);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => live.forEach((one) => one.recolour()));
})();
