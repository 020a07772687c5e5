"""The application: routes, start-up and shut-down. `streamlit run explorer/app.py` serves it."""

import streamlit as st
from starlette.middleware import Middleware

from explorer.services import options, routes
from explorer.services.kept_answers import KeptAnswers
from explorer.services.no_delay import NoDelay
from vae_core.data.pictures import ignore_warnings

options.check()
ignore_warnings()
app = st.App("main.py", routes=routes.routes(), middleware=[Middleware(NoDelay), Middleware(KeptAnswers)])
