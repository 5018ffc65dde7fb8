"""Lambda functions: their configuration, and the processes in which handlers run."""
