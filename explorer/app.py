"""The application: routes, start-up and shut-down. `streamlit run explorer/app.py` serves it."""

import streamlit as st

from explorer.services import options, routes

options.check()
app = st.App("main.py", routes=routes.routes())
