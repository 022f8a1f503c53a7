# Copies xsimd's headers into the wheel, from where CMake has found or fetched them, and their licence.
get_target_property(xsimd_include xsimd INTERFACE_INCLUDE_DIRECTORIES)
if(FETCHCONTENT_SOURCE_DIR_XSIMD)
  set(xsimd_source ${FETCHCONTENT_SOURCE_DIR_XSIMD})
else()
  FetchContent_GetProperties(xsimd SOURCE_DIR xsimd_source)
endif()
find_path(operant_xsimd_include xsimd/xsimd.hpp PATHS ${xsimd_source}/include ${xsimd_include} REQUIRED NO_DEFAULT_PATH)
install(DIRECTORY ${operant_xsimd_include}/xsimd DESTINATION ${include_directory}
  COMPONENT operant_development FILES_MATCHING PATTERN "*.hpp")
install(FILES ${PROJECT_SOURCE_DIR}/licenses/xsimd.txt DESTINATION ${include_directory}/xsimd RENAME LICENSE
  COMPONENT operant_development)
