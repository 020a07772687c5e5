"""The app's own part of the web server: routes, sockets and middleware."""
