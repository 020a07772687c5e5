"""The application: its routes and middleware. `streamlit run explorer/app.py` serves it."""

import streamlit as st
from starlette.middleware import Middleware

from explorer.services import options
from explorer.web import routes
from explorer.web.response_cache import ResponseCache
from explorer.web.tcp_nodelay import TcpNoDelay

options.start()
app = st.App("main.py", routes=routes.routes(), middleware=[Middleware(TcpNoDelay), Middleware(ResponseCache)])
