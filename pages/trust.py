"""How far to trust the model: what it was tested for before it was released."""

import pandas as pd
import streamlit as st

from model.report import narrative
from pages.ui import access, deployed, pieces


def main() -> None:
    access.person()
    model = deployed.model()
    contract = model.contract
    if model.release is None:
        st.info(
            f"Not available: {model.deployed.words} is not one of the releases known here, so nothing is known of how "
            "it was tested. Ask whoever runs it for its report.",
            icon=":material/info:",
        )
        return
    report = model.release.report
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
