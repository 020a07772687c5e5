"""The application: routes, start-up and shut-down. `streamlit run explorer/app.py` serves it."""

import streamlit as st

app = st.App("main.py")
