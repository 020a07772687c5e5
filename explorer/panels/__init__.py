"""Larger parts of a screen: each asks services and lays out components."""
