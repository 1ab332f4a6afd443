"""The domain: rules and computations as pure functions, without Flask, SQL, Redis or files."""
