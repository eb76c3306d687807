"""The story: one declaration, one living wage and what they set in motion, with real messages."""
