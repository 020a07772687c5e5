"""Browser components: each is JavaScript and CSS beside the Python module that draws it."""
