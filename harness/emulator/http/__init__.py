"""The HTTP door: the embedded cloud on loopback, for any client."""
