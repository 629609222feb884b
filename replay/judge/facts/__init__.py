"""What a recording and its replay tell, before anything is judged of it; what each stage gives."""
