"""Calibration: which rules a target enforces at all, measured before anything on it is judged."""
