"""What our server is measured beside: servers of others, each in its best form, and the bare floor."""
