"""From a text to a valid document and the points that it costs."""
