"""IAM: users, groups, roles and policies, and what they compile to."""
