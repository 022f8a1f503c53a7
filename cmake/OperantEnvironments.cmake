# operant_add_environments(<target> [TYPE <type>] [ENVIRONMENTS <name>...] <header>...)
#
# Builds the library of the environments that the headers describe, with kernels for every instruction set.
#
#   TYPE          MODULE (the default): a shared library for operant.load_library() in Python.
#                 STATIC or OBJECT: for C++ programs, which include <target>.hpp and call operant_<target>().
#   ENVIRONMENTS  The names of the structs, with their namespaces. By default, every struct in the headers that has a
#                 line `static constexpr std::string_view name`.
#
# A MODULE needs no Taskflow; the others are linked to operant::operant, as programs that step environments are.
#
# Each instruction set has a translation unit of its own, because the compiler may use its instructions anywhere in it.
include_guard()
include(${CMAKE_CURRENT_LIST_DIR}/architectures.cmake)

function(operant_add_environments target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" TYPE ENVIRONMENTS)
  set(headers ${arg_UNPARSED_ARGUMENTS})
  if(NOT arg_TYPE)
    set(arg_TYPE MODULE)
  endif()
  if(NOT arg_TYPE MATCHES "^(MODULE|STATIC|OBJECT)$")
    message(FATAL_ERROR "operant_add_environments: TYPE: expected MODULE, STATIC or OBJECT, got ${arg_TYPE}")
  endif()
  if(NOT headers)
    message(FATAL_ERROR "operant_add_environments(${target}): expected the headers of environments")
  endif()

  set(includes "")
  set(names ${arg_ENVIRONMENTS})
  foreach(header IN LISTS headers)
    cmake_path(ABSOLUTE_PATH header BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    string(APPEND includes "#include \"${header}\"\n")
    if(NOT arg_ENVIRONMENTS)
      operant_environments_in(${header} found)
      list(APPEND names ${found})
    endif()
  endforeach()
  if(NOT names)
    message(FATAL_ERROR "operant_add_environments(${target}): no struct in ${headers} has a "
      "`static constexpr std::string_view name`; or name them after ENVIRONMENTS")
  endif()

  set(directory ${CMAKE_CURRENT_BINARY_DIR}/${target}_environments)
  set(sources ${directory}/library.cpp)
  set(declarations "")
  set(architecture_list "")
  foreach(architecture IN LISTS operant_architectures)
    set(type ${operant_type_${architecture}})
    set(definitions "")
    foreach(name IN LISTS names)
      string(APPEND definitions "template struct operant::LibraryKernels<${name}, ${type}>;\n")
      string(APPEND declarations "extern template struct operant::LibraryKernels<${name}, ${type}>;\n")
    endforeach()
    string(APPEND architecture_list ", ${type}")
    set(source ${directory}/kernels_${architecture}.cpp)
    operant_write(${source} "#include <operant/kernel/table.hpp>\n\n${includes}\n${definitions}")
    set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${operant_flags_${architecture}}")
    list(APPEND sources ${source})
  endforeach()

  list(LENGTH names count)
  set(descriptions "")
  foreach(name IN LISTS names)
    string(APPEND descriptions "&operant::describe<${name}${architecture_list}>(), ")
  endforeach()
  set(body "#include <operant/describe.hpp>\n\n${includes}\n${declarations}
static const operant::EnvironmentLibrary& environments() {
    static const operant::EnvironmentDescription* const list[] = {${descriptions}};
    static const operant::EnvironmentLibrary library{operant::library_version, ${count}, \"${operant_VERSION}\", list};
    return library;
}
")
  if(arg_TYPE STREQUAL MODULE)
    string(APPEND body "
extern \"C\"
#if defined(_WIN32)
__declspec(dllexport)
#else
__attribute__((visibility(\"default\")))
#endif
const operant::EnvironmentLibrary* operant_environment_library() { return &environments(); }
")
  else()
    operant_write(${directory}/${target}.hpp "#pragma once\n\n#include <operant/environment_library.hpp>\n
const operant::EnvironmentLibrary& operant_${target}();\n")
    string(APPEND body "\nconst operant::EnvironmentLibrary& operant_${target}() { return environments(); }\n")
  endif()
  operant_write(${directory}/library.cpp "${body}")

  add_library(${target} ${arg_TYPE} ${sources})
  target_link_libraries(${target} PRIVATE operant::kernels)
  target_include_directories(${target} INTERFACE ${directory})
  set_target_properties(${target} PROPERTIES
    POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  if(arg_TYPE STREQUAL MODULE)
    set_target_properties(${target} PROPERTIES PREFIX "")
  else()
    target_link_libraries(${target} PUBLIC operant::operant)
  endif()
endfunction()

# The structs in a header that have a `static constexpr std::string_view name`, with the namespaces and structs around
# them. operant.load() finds them in the same way.
function(operant_environments_in header variable)
  file(READ ${header} content)
  string(REGEX REPLACE "\"[^\"\n]*\"" "" content "${content}")
  string(REGEX REPLACE "//[^\n]*" "" content "${content}")
  string(REGEX REPLACE "/\\*([^*]|\\*+[^*/])*\\*+/" "" content "${content}")
  string(REGEX REPLACE "[][;\\]" " @ " content "${content}") # which mean something in a list
  string(REGEX MATCHALL
    "namespace +[A-Za-z0-9_:]+[ \n]*{|(struct|class) +[A-Za-z0-9_]+( +final)?[ \n]*(:[^@(){}]*)?{|{|}|static +constexpr +std::string_view +name[^A-Za-z0-9_]"
    tokens "${content}")
  set(scopes "") # one for each brace that is open: a name, or - for one without
  set(found "")
  foreach(token IN LISTS tokens)
    if(token MATCHES "^(namespace|struct|class) +([A-Za-z0-9_:]+)")
      list(APPEND scopes ${CMAKE_MATCH_2})
    elseif(token STREQUAL "{")
      list(APPEND scopes -)
    elseif(token STREQUAL "}")
      list(POP_BACK scopes)
    else()
      set(named ${scopes})
      list(REMOVE_ITEM named -)
      list(JOIN named "::" name)
      list(APPEND found "::${name}")
    endif()
  endforeach()
  set(${variable} ${found} PARENT_SCOPE)
endfunction()

# Writes a file unless it has that content already, so that nothing is compiled again.
function(operant_write file content)
  file(CONFIGURE OUTPUT ${file} CONTENT "@content@" @ONLY)
endfunction()
