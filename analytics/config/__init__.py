"""Configuration: one TOML file, checked, with environment and flags on top."""
