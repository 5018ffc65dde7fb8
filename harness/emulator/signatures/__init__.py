"""Signature Version 4, as the server checks it."""
