"""Browser components, each its JavaScript and CSS beside its Python face."""
