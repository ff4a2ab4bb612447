"""Side-by-side benchmarks; nothing here is installed or imported by the product."""
