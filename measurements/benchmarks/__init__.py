"""Timings, each fast way beside a plain one, and the page that shows them."""
