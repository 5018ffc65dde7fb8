"""STS: who may assume which role, and the sessions that come of it."""
