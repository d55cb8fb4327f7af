"""Statistics of shares: pure functions over numpy and scipy, without a warehouse."""
