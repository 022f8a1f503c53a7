# operant_add_environments(<target> [TYPE <type>] [ENVIRONMENTS <name>...] [POLICIES <name>...] [NETWORKS] <header>...)
#
# Builds a library of the environments and policies in the headers, with kernels for every instruction set.
#
#   TYPE          MODULE (the default): a shared library for operant.load_library() in Python.
#                 STATIC or OBJECT: for C++ programs, which include <target>.hpp and call operant_<target>().
#   ENVIRONMENTS  The names of the structs, with their namespaces. By default, every struct in the headers that has a
#                 line `static constexpr std::string_view name`.
#   POLICIES      The same for policies, which have a line `static constexpr std::string_view policy_name`.
#   NETWORKS      Also builds Operant's own policies: neural networks and random actions.
#
# A MODULE does not need Taskflow. The other types link to operant::operant, because programs that step environments use
# them.
#
# There is one translation unit per instruction set, because the compiler may use its instructions anywhere in the unit.
# The oldest instruction set comes first, after the common code. Linkers keep the first definition of a function that several
# units define, so a function that an unoptimised build leaves out of line runs on every processor.
include_guard()
include(${CMAKE_CURRENT_LIST_DIR}/architectures.cmake)

function(operant_add_environments target)
  cmake_parse_arguments(PARSE_ARGV 1 arg NETWORKS TYPE "ENVIRONMENTS;POLICIES")
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
  set(policies ${arg_POLICIES})
  foreach(header IN LISTS headers)
    cmake_path(ABSOLUTE_PATH header BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    string(APPEND includes "#include \"${header}\"\n")
    if(NOT arg_ENVIRONMENTS AND NOT arg_POLICIES)
      operant_structs_in(${header} name found)
      list(APPEND names ${found})
      operant_structs_in(${header} policy_name found)
      list(APPEND policies ${found})
    endif()
  endforeach()
  if(NOT names AND NOT policies)
    message(FATAL_ERROR "operant_add_environments(${target}): no struct in ${headers} has a "
      "`static constexpr std::string_view name`, nor a `policy_name`; or name them after ENVIRONMENTS and POLICIES")
  endif()

  set(directory ${CMAKE_CURRENT_BINARY_DIR}/${target}_environments)
  set(sources ${directory}/library.cpp)
  set(types "")
  foreach(architecture IN LISTS operant_architectures)
    set(type ${operant_type_${architecture}})
    list(APPEND types ${type})
    set(definitions "")
    foreach(name IN LISTS names)
      string(APPEND definitions "template struct operant::LibraryKernels<${name}, ${type}>;\n")
    endforeach()
    foreach(name IN LISTS policies)
      string(APPEND definitions "template struct operant::LibraryPolicy<${name}, ${type}>;\n")
    endforeach()
    if(arg_NETWORKS)
      string(APPEND definitions "template struct operant::LibraryNetworks<${type}>;\n")
    endif()
    set(source ${directory}/kernels_${architecture}.cpp)
    operant_write(${source} "#include <operant/library/table.hpp>\n\n${includes}\n${definitions}")
    set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${operant_flags_${architecture}}")
    list(INSERT sources 1 ${source})
  endforeach()

  # operant.load() writes the same lines, for one instruction set.
  list(JOIN names ", " names)
  list(JOIN policies ", " policies)
  list(JOIN types ", " types)
  set(networks "")
  if(arg_NETWORKS)
    set(networks "<true>")
  endif()
  set(library "operant::make_library${networks}(operant::Environments<${names}>(), operant::Policies<${policies}>(),
                                 xsimd::arch_list<${types}>(), \"${operant_VERSION}\")")
  if(arg_TYPE STREQUAL MODULE)
    set(function "const operant::EnvironmentLibrary* operant_environment_library() {\n    return &${library};\n}\n")
  else()
    operant_write(${directory}/${target}.hpp "#pragma once\n\n#include <operant/abi/library.hpp>\n
const operant::EnvironmentLibrary& operant_${target}();\n")
    set(function "const operant::EnvironmentLibrary& operant_${target}() {\n    return ${library};\n}\n")
  endif()
  operant_write(${directory}/library.cpp "#include <operant/library/describe.hpp>\n\n${includes}\n${function}")

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

# Finds the structs in a header that have a member `static constexpr std::string_view <member>`, and writes their names with
# the namespaces and structs around them. operant.load() finds them in the same way.
function(operant_structs_in header member variable)
  file(READ ${header} content)
  string(REGEX REPLACE "\"[^\"\n]*\"" "" content "${content}")
  string(REGEX REPLACE "//[^\n]*" "" content "${content}")
  string(REGEX REPLACE "/\\*([^*]|\\*+[^*/])*\\*+/" "" content "${content}")
  string(REGEX REPLACE "[][;\\]" " @ " content "${content}") # these characters are special in CMake's lists
  string(REGEX MATCHALL
    "namespace +[A-Za-z0-9_:]+[ \n]*{|(struct|class) +[A-Za-z0-9_]+( +final)?[ \n]*(:[^@(){}]*)?{|{|}|static +constexpr +std::string_view +${member}[^A-Za-z0-9_]"
    tokens "${content}")
  set(scopes "") # one element per open brace: its name, or - without a name
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

# Writes a file, unless it already has this content. An unchanged file is not compiled again.
function(operant_write file content)
  file(CONFIGURE OUTPUT ${file} CONTENT "@content@" @ONLY)
endfunction()
