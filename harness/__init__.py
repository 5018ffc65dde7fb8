"""Proves, by attacking, that one tenant of a multi-tenant AWS application cannot reach another tenant's data.

ARCHITECTURE.md has the vocabulary and the direction of imports; README.md has the two commands.
"""

__version__ = "0.1.0"
