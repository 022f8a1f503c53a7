# Finds the C++ dependencies: an installed package, or, if there is none, the sources at a pinned commit.
include(FetchContent)

set(operant_xsimd_minimum 13)
set(operant_xsimd_commit 1f8dd9c8e162968d9b4ff0251c56d431b8777f36) # 13.2.0
set(operant_taskflow_minimum 3.9)
set(operant_taskflow_commit 130f7952469c01eef8d7b635710bf9a8043f3172) # 3.9.0
set(operant_doctest_minimum 2.4)
set(operant_doctest_commit ae7a13539fb71f270b87eb2e874fbac80bc8dda2) # 2.4.11
set(operant_benchmark_minimum 1.7)
set(operant_benchmark_commit c58e6d0710581e3a08d65c349664128a8d9a2461) # 1.9.1

# operant_find(<target> <package> <minimum> <repository> <commit> <debian package>)
#
# Finds the package, or fetches it. Before fetching, it checks that the repository can be reached, because a failure inside
# FetchContent ends CMake with git's messages, which do not help the user.
function(operant_find target package minimum repository commit debian_package)
  if(TARGET ${target})
    return()
  endif()
  # The version check is here, because both packages declare every new major version incompatible.
  find_package(${package} QUIET CONFIG GLOBAL)
  if(${package}_FOUND AND ${package}_VERSION VERSION_GREATER_EQUAL ${minimum})
    message(STATUS "Found ${package} ${${package}_VERSION}: ${${package}_DIR}")
    return()
  endif()
  string(TOUPPER ${package} PACKAGE)
  if(NOT FETCHCONTENT_SOURCE_DIR_${PACKAGE} AND NOT FETCHCONTENT_FULLY_DISCONNECTED)
    find_package(Git QUIET)
    set(reachable 1)
    if(Git_FOUND)
      message(STATUS "${package} >= ${minimum} is not installed; fetching ${repository} at ${commit}")
      execute_process(COMMAND ${CMAKE_COMMAND} -E env GIT_TERMINAL_PROMPT=0 ${GIT_EXECUTABLE} ls-remote --exit-code ${repository} HEAD
        RESULT_VARIABLE reachable OUTPUT_QUIET ERROR_QUIET TIMEOUT 60)
    endif()
    if(NOT reachable EQUAL 0)
      set(define -D)
      if(DEFINED SKBUILD)
        set(define "pip install . -C cmake.define.")
      endif()
      message(FATAL_ERROR
        "Operant needs ${package} ${minimum} or newer, which is not installed, and ${repository} cannot be reached. Ways to get it:\n"
        "  - on Debian 12, Debian 13 or Ubuntu: scripts/install_system_packages.sh\n"
        "  - any package manager (Debian: ${debian_package}); point CMAKE_PREFIX_PATH to it when it is in an unusual place\n"
        "  - a copy of its sources: ${define}FETCHCONTENT_SOURCE_DIR_${PACKAGE}=/path/to/${package}\n")
    endif()
  endif()
  FetchContent_Declare(${package} GIT_REPOSITORY ${repository} GIT_TAG ${commit} SYSTEM)
  FetchContent_MakeAvailable(${package})
  set_property(GLOBAL APPEND PROPERTY operant_fetched ${package})
endfunction()

macro(operant_find_dependencies)
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW) # the options below affect fetched packages
  find_package(Threads REQUIRED)
  operant_find(xsimd xsimd ${operant_xsimd_minimum}
    https://github.com/xtensor-stack/xsimd.git ${operant_xsimd_commit} libxsimd-dev)
  set(TF_BUILD_EXAMPLES OFF)
  set(TF_BUILD_TESTS OFF)
  operant_find(Taskflow::Taskflow Taskflow ${operant_taskflow_minimum}
    https://github.com/taskflow/taskflow.git ${operant_taskflow_commit} libtaskflow-cpp-dev)
  if(NOT TARGET Taskflow::Taskflow)
    add_library(Taskflow::Taskflow ALIAS Taskflow)
  endif()
  if(OPERANT_TESTS)
    set(DOCTEST_NO_INSTALL ON)
    operant_find(doctest::doctest doctest ${operant_doctest_minimum}
      https://github.com/doctest/doctest.git ${operant_doctest_commit} doctest-dev)
  endif()
  if(OPERANT_BENCHMARKS)
    set(BENCHMARK_ENABLE_TESTING OFF)
    set(BENCHMARK_ENABLE_INSTALL OFF)
    operant_find(benchmark::benchmark benchmark ${operant_benchmark_minimum}
      https://github.com/google/benchmark.git ${operant_benchmark_commit} libbenchmark-dev)
  endif()
endmacro()
