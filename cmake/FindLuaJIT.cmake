# Finds LuaJIT, which expressions and scripts run in. Debian's libluajit-5.1-dev ships no CMake package.
#
# Target: LuaJIT::luajit. Variables: LuaJIT_FOUND, LuaJIT_VERSION.
find_path(LuaJIT_INCLUDE_DIR luajit.h PATH_SUFFIXES luajit-2.1)
find_library(LuaJIT_LIBRARY luajit-5.1)
mark_as_advanced(LuaJIT_INCLUDE_DIR LuaJIT_LIBRARY)

if(LuaJIT_INCLUDE_DIR)
  file(STRINGS ${LuaJIT_INCLUDE_DIR}/luajit.h version_line REGEX "^#define LUAJIT_VERSION_NUM[ \t]+[0-9]+" LIMIT_COUNT 1)
  # 20199 is the last beta of 2.1.
  string(REGEX MATCH "([0-9])([0-9][0-9])([0-9][0-9])" version_line "${version_line}")
  math(EXPR luajit_minor "${CMAKE_MATCH_2}")
  math(EXPR luajit_patch "${CMAKE_MATCH_3}")
  set(LuaJIT_VERSION ${CMAKE_MATCH_1}.${luajit_minor}.${luajit_patch})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LuaJIT REQUIRED_VARS LuaJIT_LIBRARY LuaJIT_INCLUDE_DIR VERSION_VAR LuaJIT_VERSION)

if(LuaJIT_FOUND AND NOT TARGET LuaJIT::luajit)
  add_library(LuaJIT::luajit UNKNOWN IMPORTED)
  set_target_properties(LuaJIT::luajit PROPERTIES
    IMPORTED_LOCATION ${LuaJIT_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${LuaJIT_INCLUDE_DIR})
endif()
