"""Cognito identity pools: identities, roles and principal tags for tokens."""
