"""What opens over a page: one file a dialog."""
