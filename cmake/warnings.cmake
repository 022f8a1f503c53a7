# Warnings for Operant's own targets.
add_library(operant_warnings INTERFACE)
target_compile_options(operant_warnings INTERFACE
  $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-Wall;-Wextra;-Wpedantic>
  # GCC's AVX-512 intrinsics leave variables uninitialised on purpose (GCC bug 105593).
  # GCC 12 sees overlapping memory in std::string's operator+ (GCC bug 105651).
  # On Arm, GCC warns of a calling convention that GCC 10 changed. It matters only with older object files.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized;-Wno-maybe-uninitialized;-Wno-restrict;-Wno-psabi>
  $<$<CXX_COMPILER_ID:MSVC>:/W4>)
