"""The look: knobs and presets, and what they and the statistics mean for a renderer."""
