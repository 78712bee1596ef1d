"""One thin file per subcommand: parse, one call, render, return an exit code."""
