"""The words of the design as frozen data: everyone may import them, they import only the standard library."""
