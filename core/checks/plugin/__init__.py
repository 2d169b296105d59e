"""What is put into the person's interpreter; nothing in here is imported by ours."""
