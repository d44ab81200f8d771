"""What the pages share: the deployed model, the state of a what-if, small pieces of layout."""
