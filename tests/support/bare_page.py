"""The least that Streamlit can do: a slider, the number it stands at and one chart. How long that takes on a machine is
what the pages' times there are held against. Served like the application: one thread, nothing left to collect."""

import gc

import streamlit as st

where = st.slider("Lever", 0, 100, 0)
st.html(f"<div class='wi-numbers'>{where}</div>")
chart = {"data": [{"type": "bar", "x": ["now", "whole"], "y": [where, 100]}], "layout": {"height": 300}}
st.plotly_chart(chart, key="bare", config={"displayModeBar": False})
if not gc.get_freeze_count():
    gc.collect()
    gc.freeze()
