"""HTTP APIs and REST APIs: routes, authorizers and the events that functions get."""
