# Reads architectures.json. Sets:
#   operant_architectures   the names of this processor's instruction sets, best first, with _ for a dot
#   operant_type_<name>, operant_flags_<name>   for each name, its type in C++ and its compiler flags
#   operant_exact_flags     the flags that keep GCC and Clang from fusing a * b + c. By default GCC fuses, even with intrinsics.
#                           With -ffp-contract=off alone, GCC 12's vectoriser still fuses if sums and differences alternate,
#                           as in a rotation of 2D vectors.
# On a Mac, CMAKE_SYSTEM_PROCESSOR is the processor of this machine, and CMAKE_OSX_ARCHITECTURES is what the compiler builds for.
set(target_processor "${CMAKE_SYSTEM_PROCESSOR}")
if(APPLE AND CMAKE_OSX_ARCHITECTURES)
  list(LENGTH CMAKE_OSX_ARCHITECTURES count)
  if(count GREATER 1)
    message(FATAL_ERROR "Operant's kernels are compiled for one processor at a time: expected CMAKE_OSX_ARCHITECTURES to be "
      "x86_64 or arm64, got ${CMAKE_OSX_ARCHITECTURES}")
  endif()
  set(target_processor "${CMAKE_OSX_ARCHITECTURES}")
endif()
if(target_processor MATCHES "aarch64|arm64|ARM64")
  set(processor arm)
else()
  set(processor x86)
endif()
set(compiler_flags flags)
if(MSVC)
  set(compiler_flags microsoft_flags)
endif()
file(READ ${CMAKE_CURRENT_LIST_DIR}/architectures.json list)
string(JSON flags GET "${list}" exact_flags)
string(REGEX MATCHALL "[^][\", \n]+" operant_exact_flags "${flags}")
string(JSON list GET "${list}" architectures)
string(JSON count LENGTH "${list}")
math(EXPR last "${count} - 1")
set(operant_architectures "")
foreach(i RANGE ${last})
  string(JSON name GET "${list}" ${i} name)
  string(MAKE_C_IDENTIFIER ${name} name)
  string(JSON built_for GET "${list}" ${i} processor)
  if(built_for STREQUAL processor)
    list(APPEND operant_architectures ${name})
  endif()
  string(JSON operant_type_${name} GET "${list}" ${i} type)
  string(JSON flags GET "${list}" ${i} ${compiler_flags})
  string(REGEX MATCHALL "[^][\", \n]+" operant_flags_${name} "${flags}")
endforeach()
