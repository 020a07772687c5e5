"""From torch functions to operations of the graph. A new function is one row of a table in one of these modules."""

from vae_core.export.operations import elementwise, moving, recurrent, reducing, weighted

_MODULES = (elementwise, moving, recurrent, reducing, weighted)

OPERATIONS = {name: lowering for module in _MODULES for name, lowering in module.OPERATIONS.items()}
"""Lowering of each torch function by its name: (call, arguments of the function) -> output."""
