/* Chart.js is as heavy as all the rest, so it comes when a chart is opened, once for the page. */
"use strict";

window.chartLibrary = (function () {
  const { library } = document.currentScript.dataset;
  let loading = null;

  function load() {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = library;
      script.addEventListener("load", () => resolve(window.Chart));
      script.addEventListener("error", () => { script.remove(); loading = null; reject(new Error("It did not come.")); });
      document.head.append(script);
    });
  }

  return () => {
    loading ??= load();
    return loading;
  };
})();
