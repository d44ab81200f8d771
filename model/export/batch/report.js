// Draws the charts where they stand, in the colours of the page, and again where its width or its theme changes.
(() => {
  const { charts, config } = JSON.parse(document.getElementById("charts").textContent);
  const places = [...document.querySelectorAll("[data-chart]")];
  const dark = matchMedia("(prefers-color-scheme: dark)");

  const drawn = (figure) => {
    const ink = getComputedStyle(document.body).color;
    return { ...figure.layout, font: { ...figure.layout.font, color: ink, size: 13 }, autosize: true };
  };
  const draw = () => {
    for (const place of places) {
      const figure = charts[place.dataset.chart];
      Plotly.react(place, figure.data, drawn(figure), { ...config, responsive: true });
    }
  };
  draw();
  for (const folded of document.querySelectorAll("details")) folded.addEventListener("toggle", draw); // had no width
  dark.addEventListener("change", draw);
})();
