"""The paper as six slides, with charts that PowerPoint draws itself."""
