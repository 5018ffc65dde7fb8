"""PartiQL: statements parsed, authorized one by one, and translated into item operations."""
