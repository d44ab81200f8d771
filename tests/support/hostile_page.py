"""A page that draws hostile texts in every way that the house draws any, for tests of what a browser makes of them."""

import plotly.graph_objects as go
import streamlit as st

import pages.shared.as_written
from pages.shared.as_written import literal
from tests.support.hostile_texts import TEXTS

pages.shared.as_written.install()
for k, text in enumerate(TEXTS):
    with st.container(key=f"drawn-{k}"):
        for message in (st.error, st.warning, st.info, st.success, st.caption, st.write):
            message(text)
        st.subheader(text, anchor=False)
        st.button(text, key=f"b{k}")
        st.checkbox(text, key=f"c{k}")
        st.text_input(text, key=f"t{k}")
        st.expander(text)
        st.progress(0.5, text=text)
        st.pills(text, [text], format_func=literal, key=f"p{k}")
        st.radio(text, [text], format_func=literal, key=f"r{k}")
figure = go.Figure(go.Bar(x=[1, 2], y=["<a href='https://evil.example'>x</a>", "<b>y</b>"], orientation="h"))
figure.update_layout(title="<i>z</i>")
st.plotly_chart(figure, key="chart")
