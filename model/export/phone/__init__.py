"""The deployed model on a phone: an app in a folder of small files, which asks nobody once it is there."""
