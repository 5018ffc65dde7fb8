"""Cognito user pools: the directory, sign-in and sign-up, tokens and triggers."""
