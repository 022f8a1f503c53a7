# Toolchain file: zig's Clang and libc++, from the Python package ziglang, for any Linux with glibc 2.28 or newer.
#
#   make dist MANYLINUX=2_28

# zig has headers of the old C library. Those in /usr/include belong to a newer one and must not be found, except the headers
# of the libraries below. Therefore CMake reads this file again after each `project()`, and takes /usr/include for a directory
# that the compiler searches anyway.
if(CMAKE_CXX_COMPILER_LOADED)
  list(APPEND CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES /usr/include)
  return()
endif()
set(CMAKE_PROJECT_INCLUDE ${CMAKE_CURRENT_LIST_FILE})

find_program(zig NAMES python-zig zig REQUIRED)
set(CMAKE_CXX_COMPILER ${zig} c++ -target ${CMAKE_HOST_SYSTEM_PROCESSOR}-linux-gnu.2.28)

file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/host_headers)
foreach(library taskflow xsimd xtl)
  if(EXISTS /usr/include/${library})
    file(CREATE_LINK /usr/include/${library} ${CMAKE_BINARY_DIR}/host_headers/${library} SYMBOLIC)
  endif()
endforeach()
set(CMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES ${CMAKE_BINARY_DIR}/host_headers)
list(APPEND CMAKE_PREFIX_PATH /usr/lib/${CMAKE_HOST_SYSTEM_PROCESSOR}-linux-gnu/cmake)
