"""The only package that speaks SQL. Every function takes an open transaction first and returns model values."""
