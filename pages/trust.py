"""How far to trust the model: what it was tested for before it was released."""

import pandas as pd
import streamlit as st

from model.report import narrative
from pages.ui import deployed, pieces


def main() -> None:
    model = deployed.model()
    report, contract = model.release.report, model.contract
    pieces.html(f"<p class='wi-sentence'>{pieces.text(narrative.trust(report))}</p>")
    pieces.findings("Tests before the release", narrative.cost_headline(report))
    tests, costs = st.columns(2, gap="medium")
    with tests:
        frame = pd.DataFrame(narrative.gate_rows(report), columns=["Test", "Figure", "Threshold", "Verdict"])
        st.dataframe(frame, hide_index=True, alt="The tests of the release, each with figure, threshold and verdict")
    with costs:
        frame = pd.DataFrame(narrative.cost_rows(report), columns=["Model", "AUC", "Brier score", "Calibration error"])
        st.dataframe(frame, hide_index=True, alt="The shipped model beside less constrained ones")
    manifest = model.release.manifest
    pieces.html(
        f"<p class='wi-below'>Release {model.release.id}, trained {manifest['created'][:10]} on "
        f"{manifest['rows']:,} {contract.book.person}s of {contract.book.as_of} ({contract.book.sample}). "
        f"{pieces.text(contract.book.decision_note)}</p>"
    )


main()
