"""Makes classes of environments and policies from C++ headers and libraries."""
