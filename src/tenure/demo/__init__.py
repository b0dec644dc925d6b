"""The story that shows the main job, end to end."""
