"""`python -m analytics` is the `analytics` command."""

from analytics.cli import main

if __name__ == "__main__":
    main()
