# Included by the directory that builds what is shipped: an overflow that got past everything else ends the process,
# instead of running on, and the tables through which libraries call each other are read-only. The sanitizers bring
# checks of their own.
if(NOT MSVC AND NOT OPERANT_SANITIZE)
  add_compile_options(-fstack-protector-strong
    "$<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>") # which needs optimisation
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    add_link_options(-Wl,-z,relro,-z,now)
  endif()
endif()
