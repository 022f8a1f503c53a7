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
# A MODULE needs no Taskflow. The other types are linked to operant::operant, because they are for programs that step
# environments.
#
# Each instruction set has a translation unit of its own, because the compiler may use its instructions anywhere in it.
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
  set(declarations "")
  set(architecture_list "")
  set(networks "")
  foreach(architecture IN LISTS operant_architectures)
    set(type ${operant_type_${architecture}})
    set(definitions "")
    foreach(name IN LISTS names)
      string(APPEND definitions "template struct operant::LibraryKernels<${name}, ${type}>;\n")
      string(APPEND declarations "extern template struct operant::LibraryKernels<${name}, ${type}>;\n")
    endforeach()
    foreach(name IN LISTS policies)
      string(APPEND definitions "template struct operant::LibraryPolicy<${name}, ${type}>;\n")
      string(APPEND declarations "extern template struct operant::LibraryPolicy<${name}, ${type}>;\n")
    endforeach()
    if(arg_NETWORKS)
      string(APPEND definitions "template struct operant::LibraryNetworks<${type}>;\n")
      string(APPEND declarations "extern template struct operant::LibraryNetworks<${type}>;\n")
      string(APPEND networks "
        {operant::architecture_name<${type}>().data(), &operant::LibraryNetworks<${type}>::act,
         &operant::LibraryNetworks<${type}>::act_randomly},")
    endif()
    string(APPEND architecture_list ", ${type}")
    set(source ${directory}/kernels_${architecture}.cpp)
    operant_write(${source} "#include <operant/kernel/table.hpp>\n\n${includes}\n${definitions}")
    set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${operant_flags_${architecture}}")
    list(APPEND sources ${source})
  endforeach()

  operant_list_of(names describe "${architecture_list}" environments)
  operant_list_of(policies describe_policy "${architecture_list}" described_policies)
  set(networks_list "nullptr, 0")
  if(networks)
    set(networks_list "networks, std::size(networks)")
    set(networks "    static const operant::ArchitectureNetworks networks[] = {${networks}\n    };\n")
  endif()
  list(LENGTH names count)
  list(LENGTH policies policy_count)
  set(body "#include <iterator>\n\n#include <operant/describe.hpp>\n\n${includes}\n${declarations}
static const operant::EnvironmentLibrary& environments() {
    static const operant::EnvironmentDescription* const list[] = {${environments}};
    static const operant::PolicyDescription* const policies[] = {${described_policies}};
${networks}    static const operant::EnvironmentLibrary library{operant::library_version, ${count}, \"${operant_VERSION}\", list,
        policies, ${policy_count}, ${networks_list}};
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

# The elements of an array: one call per struct that describes it. There is at least one element, as C++ demands.
function(operant_list_of structs describe_function architectures variable)
  set(list "")
  foreach(name IN LISTS ${structs})
    string(APPEND list "&operant::${describe_function}<${name}${architectures}>(), ")
  endforeach()
  if(NOT list)
    set(list nullptr)
  endif()
  set(${variable} "${list}" PARENT_SCOPE)
endfunction()

# The structs in a header that have a member `static constexpr std::string_view <member>`, with the namespaces and structs
# around them. operant.load() finds them in the same way.
function(operant_structs_in header member variable)
  file(READ ${header} content)
  string(REGEX REPLACE "\"[^\"\n]*\"" "" content "${content}")
  string(REGEX REPLACE "//[^\n]*" "" content "${content}")
  string(REGEX REPLACE "/\\*([^*]|\\*+[^*/])*\\*+/" "" content "${content}")
  string(REGEX REPLACE "[][;\\]" " @ " content "${content}") # these characters have a meaning in CMake's lists
  string(REGEX MATCHALL
    "namespace +[A-Za-z0-9_:]+[ \n]*{|(struct|class) +[A-Za-z0-9_]+( +final)?[ \n]*(:[^@(){}]*)?{|{|}|static +constexpr +std::string_view +${member}[^A-Za-z0-9_]"
    tokens "${content}")
  set(scopes "") # one element per open brace: a name, or - if it has none
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

# Writes a file, unless it already has this content, so that nothing is compiled again.
function(operant_write file content)
  file(CONFIGURE OUTPUT ${file} CONTENT "@content@" @ONLY)
endfunction()
