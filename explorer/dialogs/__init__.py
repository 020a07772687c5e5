"""Dialogs that open over a page: one file for each."""
