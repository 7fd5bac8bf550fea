"""Gold sets, measures, reports and benchmarks."""
