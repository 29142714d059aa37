"""The vocabulary: immutable values. Standard library only, no behaviour beyond what a value knows itself."""
