"""The mathematics of metrics, as pure functions of arrays."""
