"""What is said of a book in the making: its file, its columns, its questions, its first release."""
