"""Sharing one event loop and its interpreter among callers."""
