"""A small Belgium: people, employers, institutions that answer and listen, and their story."""
