# Flags for shipped binaries. A buffer overflow that no check has caught ends the process, and the tables for calls between
# libraries are read-only. The sanitizers have their own checks.
if(NOT MSVC AND NOT OPERANT_SANITIZE)
  add_compile_options(-fstack-protector-strong
    "$<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>") # needs optimisation
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    add_link_options(-Wl,-z,relro,-z,now)
  endif()
endif()
