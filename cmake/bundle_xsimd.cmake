# Copies xsimd's headers and licence into the wheel, from where CMake has found or fetched them.
get_target_property(xsimd_include xsimd INTERFACE_INCLUDE_DIRECTORIES)
if(FETCHCONTENT_SOURCE_DIR_XSIMD)
  set(xsimd_source ${FETCHCONTENT_SOURCE_DIR_XSIMD})
else()
  FetchContent_GetProperties(xsimd SOURCE_DIR xsimd_source)
endif()
find_path(operant_xsimd_include xsimd/xsimd.hpp PATHS ${xsimd_source}/include ${xsimd_include} REQUIRED NO_DEFAULT_PATH)
get_filename_component(xsimd_prefix ${operant_xsimd_include} DIRECTORY)
find_file(OPERANT_XSIMD_LICENSE NAMES LICENSE LICENSE.txt copyright DOC "The licence of xsimd, which the wheel must contain"
  PATHS ${xsimd_prefix} PATH_SUFFIXES share/doc/libxsimd-dev share/licenses/xsimd share/doc/xsimd NO_DEFAULT_PATH)
if(NOT OPERANT_XSIMD_LICENSE)
  message(FATAL_ERROR "The wheel contains xsimd's headers from ${operant_xsimd_include}, so it must contain their licence: "
    "set its place with -DOPERANT_XSIMD_LICENSE=/path/to/LICENSE")
endif()
install(DIRECTORY ${operant_xsimd_include}/xsimd DESTINATION ${include_directory}
  COMPONENT operant_development FILES_MATCHING PATTERN "*.hpp")
install(FILES ${OPERANT_XSIMD_LICENSE} DESTINATION ${include_directory}/xsimd RENAME LICENSE
  COMPONENT operant_development)
