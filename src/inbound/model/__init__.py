"""The vocabulary: frozen, keyword-only values. Standard library only, no behaviour beyond what a value knows itself."""
