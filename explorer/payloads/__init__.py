"""Payloads: each module collects the data that one component is sent."""
