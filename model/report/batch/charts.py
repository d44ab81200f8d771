"""Charts of a batch, as plain dicts; see `model.report.customer.charts` for the rules they keep."""

from collections.abc import Mapping, Sequence

from model.report import numbers
from model.report.charts import BASE, SCENARIO, Figure, bar_text, layout

ROW = 34  # pixels of a band


def losses_chart(labels: Sequence[str], own: Mapping[str, Sequence[float]], currency: str, stressed: bool) -> Figure:
    """Expected loss by band, the first at the top; with what it is as they stand, where that is another."""
    figure = layout(40 + ROW * len(labels), 12)
    figure["margin"] = {"l": 12, "r": 110, "t": 24 if stressed else 6, "b": 6}
    figure["xaxis"] = {"fixedrange": True, "showgrid": False, "showticklabels": False, "zeroline": False}
    figure["yaxis"] = {"fixedrange": True, "autorange": "reversed", "automargin": True, "ticksuffix": "  "}
    series = [("as they stand", own["loss_as_is"], BASE)] if stressed else []
    series.append(("under the scenario" if stressed else "expected", own["loss"], SCENARIO))
    figure["showlegend"] = stressed
    figure["legend"] = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"}
    drawn = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "x": list(values),
            "y": list(labels),
            "marker": {"color": colour},
            "customdata": [
                f"{numbers.money(value, currency)}, mean PD {numbers.percent(pd)}, {round(n):,} records"
                for value, pd, n in zip(values, own["mean"], own["scored"], strict=True)
            ],
            "hovertemplate": f"%{{y}}, {name}: %{{customdata}}<extra></extra>",
        }
        for name, values, colour in series
    ]
    figure["annotations"] = [
        bar_text(value if not stressed else max(value, before), label, numbers.money(value, currency))
        for label, value, before in zip(labels, own["loss"], own["loss_as_is"], strict=True)
    ]
    return {"data": drawn, "layout": figure}


def losses_in_words(labels: Sequence[str], own: Mapping[str, Sequence[float]], currency: str) -> str:
    """Expected losses by band for those who cannot see them."""
    told = [
        f"{label} {numbers.money(value, currency)}, mean PD {numbers.percent(pd)}"
        for label, value, pd in zip(labels, own["loss"], own["mean"], strict=True)
    ]
    return f"{'; '.join(told)}."
