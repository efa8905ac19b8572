"""Pictures of the analysis of write rules.

Not a script of its own; see ``indelible_or_erasing.py``.
"""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from write_rules import AMOUNTS, STORES

from kvfit.reports.figures.style import INK, SOFT, figure_style, model_styles


def amounts_figure(table: pd.DataFrame) -> Figure:
    """Log-likelihood a person against the indelible store, over how much fades or is overwritten; one error over people.

    Parameters
    ----------
    table : pandas.DataFrame
        ``data, store, amount, difference, se, persons``.
    """
    parts = list(dict.fromkeys(table["data"]))
    with figure_style():
        styles = model_styles(parts)
        figure, panels = plt.subplots(1, 2, figsize=(7.6, 3.6), sharey=True)
        for axes, store in zip(panels, AMOUNTS, strict=True):
            for part in parts:
                rows = table[(table["data"] == part) & (table["store"] == store)]
                # lost with each item, so that the indelible store is at the left end of both panels
                lost = 1.0 - rows["amount"] if store == "fading" else rows["amount"]
                style = styles[part]
                axes.errorbar(
                    lost, rows["difference"] / rows["persons"], yerr=rows["se"] / rows["persons"], label=part,
                    color=style.colour, marker=style.marker, linestyle=style.dashes, markersize=4, linewidth=1.2,
                )  # fmt: skip
            axes.axhline(0.0, color=SOFT, linewidth=0.8, linestyle=":", zorder=0)
            axes.set_xscale("log")
            ticks = sorted(1.0 - v if store == "fading" else v for v in AMOUNTS[store][1])
            axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            axes.minorticks_off()
            axes.set_title(store)
        panels[0].set(
            xlabel="1 - retention: strength lost with each item", ylabel="log-likelihood a person, minus indelible"
        )
        panels[1].set_xlabel("erasure: share overwritten")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
        plt.close(figure)
    return figure


def lengths_figure(table: pd.DataFrame) -> Figure:
    """Words recalled over list length: observed, and predicted by each store from people's estimates at each length.

    Parameters
    ----------
    table : pandas.DataFrame
        ``data, model, fitted_length, predicted_length, predicted, observed, error_se``.
    """
    cells = list(dict.fromkeys(zip(table["data"], table["fitted_length"], strict=True)))
    with figure_style():
        styles = model_styles(list(STORES))
        figure, panels = plt.subplots(1, len(cells), figsize=(2.1 * len(cells) + 0.6, 3.2), squeeze=False)
        for axes, (part, fitted) in zip(panels[0], cells, strict=True):
            rows = table[(table["data"] == part) & (table["fitted_length"] == fitted)]
            seen = rows.drop_duplicates("predicted_length")
            axes.plot(seen["predicted_length"], seen["observed"], color=INK, linewidth=2.0, label="observed", zorder=0)
            for name, style in styles.items():
                own = rows[rows["model"] == name]
                axes.errorbar(
                    own["predicted_length"], own["predicted"], yerr=own["error_se"], color=style.colour,
                    marker=style.marker, linestyle=style.dashes, markersize=4, linewidth=1.1, label=name,
                )  # fmt: skip
            axes.set(title=f"{part.split('_')[0]}\nfitted: {fitted} words", xlabel="list length")
            axes.set_xticks(seen["predicted_length"])
            axes.set_ylim(0, 1.15 * max(table["predicted"].max(), table["observed"].max()))
        panels[0, 0].set_ylabel("words recalled")
        figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
        plt.close(figure)
    return figure
