"""Which training runs the monitors find to fail: small plain loops with a known end, and the table of the page."""
