# cmake --install installs the headers, the CMake package and the pkg-config file. All of them may be moved afterwards. A wheel
# contains the first two in the Python package; `operant info` and `operant.get_include()` show their place.
#
# The CMake package does not contain xsimd and Taskflow, but finds them where it is used. If this build has fetched them, their
# own install rules install them next to Operant. A wheel takes only the components named operant_*. It contains xsimd's
# headers, so its users need only a compiler to build environments.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

if(DEFINED SKBUILD)
  set(include_directory operant/include)
  set(package_directory operant/share/cmake/operant)
  set(operant_has_xsimd ON)
  include(${CMAKE_CURRENT_LIST_DIR}/bundle_xsimd.cmake)
else()
  set(include_directory ${CMAKE_INSTALL_INCLUDEDIR})
  set(package_directory ${CMAKE_INSTALL_DATADIR}/cmake/operant)
  set(operant_has_xsimd OFF)
  target_link_libraries(operant_kernels INTERFACE $<INSTALL_INTERFACE:xsimd>)
endif()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/operant DESTINATION ${include_directory}
  COMPONENT operant_development FILES_MATCHING PATTERN "*.hpp")
target_include_directories(operant_kernels INTERFACE $<INSTALL_INTERFACE:${include_directory}>)
set_target_properties(operant_kernels PROPERTIES EXPORT_NAME kernels)
install(TARGETS operant operant_kernels EXPORT operant COMPONENT operant_development)
install(EXPORT operant NAMESPACE operant:: FILE operantTargets.cmake DESTINATION ${package_directory}
  COMPONENT operant_development)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/OperantEnvironments.cmake ${CMAKE_CURRENT_LIST_DIR}/architectures.cmake
  ${CMAKE_CURRENT_LIST_DIR}/architectures.json
  DESTINATION ${package_directory} COMPONENT operant_development)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/operantConfig.cmake.in operantConfig.cmake
  INSTALL_DESTINATION ${package_directory} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(operantConfigVersion.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/operantConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/operantConfigVersion.cmake
  DESTINATION ${package_directory} COMPONENT operant_development)

if(NOT DEFINED SKBUILD)
  file(RELATIVE_PATH pc_to_include ${CMAKE_INSTALL_FULL_DATADIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR})
  # Taskflow has no pkg-config file. Name the directory of its headers if the compiler does not search it by default.
  set(taskflow_cflags "")
  get_target_property(taskflow_imported Taskflow::Taskflow IMPORTED)
  if(taskflow_imported)
    get_target_property(taskflow_include Taskflow::Taskflow INTERFACE_INCLUDE_DIRECTORIES)
    string(REGEX REPLACE "/$" "" taskflow_include "${taskflow_include}")
    if(NOT taskflow_include IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
      set(taskflow_cflags " -I${taskflow_include}")
    endif()
  endif()
  list(JOIN operant_exact_flags " " exact_cflags)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/operant.pc.in operant.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/operant.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig
    COMPONENT operant_development)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT operant_development)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/licenses DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT operant_development)

  get_property(fetched GLOBAL PROPERTY operant_fetched)
  list(REMOVE_ITEM fetched doctest benchmark)
  if(fetched)
    list(JOIN fetched " and " fetched)
    message(STATUS "${fetched} were fetched: cmake --install installs them next to Operant")
  endif()
endif()
