"""What pytest must not look into. Everything else comes from the plugin, which the package registers by itself."""

collect_ignore = ["harness", "benchmarks", "reports", "node_modules"]
