"""The demonstration: a sample office that can be tried out without harm."""
