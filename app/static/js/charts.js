/* Draws the hydrograph and the scatter so that they can be pointed at. Without this script the server's drawing stays. */
"use strict";

(function () {
  const MINUS = "\u2212";
  const live = [];

  /* A custom property read directly gives its light-dark() pair as text, so an element has to resolve it. */
  function palette() {
    const probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
    const found = {};
    for (const name of ["text-muted", "grid", "axis", "observed", "series-2", "series-6", "rain", "surface-raised", "text", "border"]) {
      probe.style.color = `var(--${name})`;
      found[name] = getComputedStyle(probe).color;
    }
    found.font = getComputedStyle(document.body).fontFamily;
    probe.remove();
    return found;
  }

  function number(value) {
    if (value === null || value === undefined) return "not known";
    return Number(value).toLocaleString("en", { maximumSignificantDigits: 4 }).replace("-", MINUS);
  }

  function faded(colour, share) {
    const parts = colour.match(/[\d.]+/g);
    return parts && colour.startsWith("rgb") ? `rgb(${parts[0]} ${parts[1]} ${parts[2]} / ${share})` : colour;
  }

  function axis(colours, more) {
    return {
      ticks: { color: colours["text-muted"], font: { size: 12 }, maxRotation: 0, autoSkipPadding: 24 },
      grid: { color: colours.grid },
      border: { color: colours.axis },
      ...more,
    };
  }

  /* The ticks of the server's drawing: round, with zero among them, and lettered as everything else is. */
  function marked(colours, marks, more) {
    const made = axis(colours, more);
    made.afterBuildTicks = (scale) => { scale.ticks = marks.map(([value]) => ({ value })); };
    made.ticks = { ...made.ticks, autoSkip: false, callback: (_value, at) => marks[at][1] };
    return made;
  }

  /* Lettering where a month begins, where there are some and not too many; else whatever fits. */
  function timeTicks(times, ticks) {
    const month = (at) => String(times[at]).slice(0, 7);
    const first = times.map((_time, at) => at).filter((at) => at > 0 && month(at) !== month(at - 1));
    if (first.length < 3 || first.length > 40) return ticks;
    const names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    if (String(times[0]).slice(8, 10) === "01") first.unshift(0);
    const text = new Map(first.map((at, place) => {
      const [year, number] = month(at).split("-");
      return [at, place === 0 || number === "01" ? `${names[number - 1]} ${year}` : names[number - 1]];
    }));
    return { ...ticks, callback: (_value, at) => text.get(at) ?? null, autoSkipPadding: 12, align: "start" };
  }

  function shared(colours, label, heading) {
    return {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      font: { family: colours.font },
      plugins: {
        legend: { display: false },
        tooltip: {
          backgroundColor: colours["surface-raised"], titleColor: colours.text, bodyColor: colours.text,
          borderColor: colours.border, borderWidth: 1, padding: 10, boxPadding: 4,
          callbacks: { label, ...(heading ? { title: heading } : {}) },
        },
      },
    };
  }

  /* A value without neighbours makes no line, and would not be seen. */
  function alone(values, at) {
    return Number.isFinite(values[at]) && !Number.isFinite(values[at - 1]) && !Number.isFinite(values[at + 1]);
  }

  function hydrograph(data, colours) {
    const line = (label, values, colour) => ({
      type: "line", label, data: values, borderColor: colour, backgroundColor: colour, borderWidth: 1.75,
      pointRadius: values.map((_value, at) => (alone(values, at) ? 1.5 : 0)), pointHoverRadius: 4, yAxisID: "y",
    });
    const datasets = [line("predicted", data.estimated, colours["series-2"]), line("observed", data.observed, colours.observed)];
    const most = Math.max(0, ...(data.rain || []).filter(Number.isFinite));
    if (most > 0) {
      datasets.push({ type: "bar", label: data.rainName, data: data.rain, backgroundColor: colours.rain, yAxisID: "rain", barPercentage: 1, categoryPercentage: 0.8 });
    }
    const options = shared(colours, (item) => `${item.dataset.label}: ${number(item.raw)}`);
    options.interaction = { mode: "index", intersect: false };
    options.scales = {
      x: axis(colours, { grid: { display: false } }),
      y: marked(colours, data.ticks, { min: data.low, max: data.high }),
    };
    if (most > 0) {
      options.scales.rain = marked(colours, data.rainTicks, { position: "right", reverse: true, min: 0, max: data.rainMost, grid: { display: false } });
    }
    options.scales.x.ticks = timeTicks(data.times, options.scales.x.ticks);
    return { data: { labels: data.times.map((time) => String(time).replace("T", " ")), datasets }, options };
  }

  function scatter(data, colours) {
    const type = data.log ? "logarithmic" : "linear";
    const options = shared(colours, (item) => `observed ${number(item.raw.x)}, predicted ${number(item.raw.y)}`, () => "");
    options.scales = {
      x: marked(colours, data.ticks, { type, min: data.low, max: data.high, grid: { display: false } }),
      y: marked(colours, data.ticks, { type, min: data.low, max: data.high }),
    };
    const points = data.points.map(([x, y]) => ({ x, y: Math.max(y, data.low) }));
    const ends = [{ x: data.low, y: data.low }, { x: data.high, y: data.high }];
    const datasets = [
      { type: "scatter", label: "rows", data: points, backgroundColor: faded(colours["series-2"], 0.5), pointRadius: 2, pointHoverRadius: 5 },
      { type: "line", label: "equality", data: ends, borderColor: colours["series-6"], borderDash: [4, 3], borderWidth: 1.5, pointRadius: 0, pointHitRadius: 0 },
    ];
    return { data: { datasets }, options };
  }

  const MAKERS = { hydrograph, scatter };
  const TITLES = {
    hydrograph: (data) => (data.rainNote ? `${data.title}. ${data.rainNote}.` : data.title),
    scatter: (data) => data.title,
  };

  function draw(entry, colours) {
    const made = MAKERS[entry.data.kind](entry.data, colours);
    if (entry.chart) entry.chart.destroy();
    entry.chart = new window.Chart(entry.canvas, made);
  }

  function enliven(figure, colours) {
    const block = document.getElementById(figure.dataset.chart);
    const drawing = figure.querySelector("svg.chart");
    if (!block || !drawing) return;
    const holder = document.createElement("div");
    const canvas = document.createElement("canvas");
    holder.className = "chart-live";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", drawing.getAttribute("aria-label"));
    const entry = { data: JSON.parse(block.textContent), canvas, chart: null };
    // The unit stands above the axis and level, as on the server's drawing.
    const title = document.createElement("p");
    title.className = "chart-title";
    title.textContent = TITLES[entry.data.kind](entry.data);
    const frame = document.createElement("div");
    frame.className = "chart-frame";
    frame.append(canvas);
    holder.append(title, frame);
    drawing.before(holder);
    figure.classList.add("is-live");
    try {
      draw(entry, colours);
      live.push(entry);
    } catch {
      figure.classList.remove("is-live");
      holder.remove();
    }
  }

  function redraw() {
    const colours = palette();
    for (const entry of live) draw(entry, colours);
  }

  /* A figure is opened when it comes into view; where the library cannot be had, the server's drawing stays. */
  const opened = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      opened.unobserve(target);
      window.chartLibrary().then(
        () => { if (target.isConnected) enliven(target, palette()); },
        () => {},
      );
    }
  });

  function watch() {
    live.splice(0, live.length, ...live.filter((entry) => entry.canvas.isConnected || (entry.chart.destroy(), false)));
    for (const figure of document.querySelectorAll("figure[data-chart]:not(.is-live)")) opened.observe(figure);
  }

  document.addEventListener("htmx:afterSettle", watch);
  document.addEventListener("DOMContentLoaded", watch);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
})();
