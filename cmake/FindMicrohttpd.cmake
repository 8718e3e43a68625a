# Finds GNU libmicrohttpd, the web server in actors. Debian's libmicrohttpd-dev ships no CMake package.
#
# Target: Microhttpd::microhttpd. Variables: Microhttpd_FOUND, Microhttpd_VERSION.
find_path(Microhttpd_INCLUDE_DIR microhttpd.h)
find_library(Microhttpd_LIBRARY microhttpd)
mark_as_advanced(Microhttpd_INCLUDE_DIR Microhttpd_LIBRARY)

if(Microhttpd_INCLUDE_DIR)
  # 0x00097500 is 0.9.75.
  file(STRINGS ${Microhttpd_INCLUDE_DIR}/microhttpd.h version_line REGEX "^#define MHD_VERSION[ \t]+0x" LIMIT_COUNT 1)
  string(REGEX MATCH "0x([0-9][0-9])([0-9][0-9])([0-9][0-9])" version_line "${version_line}")
  math(EXPR microhttpd_major "${CMAKE_MATCH_1}")
  math(EXPR microhttpd_minor "${CMAKE_MATCH_2}")
  math(EXPR microhttpd_patch "${CMAKE_MATCH_3}")
  set(Microhttpd_VERSION ${microhttpd_major}.${microhttpd_minor}.${microhttpd_patch})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Microhttpd REQUIRED_VARS Microhttpd_LIBRARY Microhttpd_INCLUDE_DIR
  VERSION_VAR Microhttpd_VERSION)

if(Microhttpd_FOUND AND NOT TARGET Microhttpd::microhttpd)
  add_library(Microhttpd::microhttpd UNKNOWN IMPORTED)
  set_target_properties(Microhttpd::microhttpd PROPERTIES
    IMPORTED_LOCATION ${Microhttpd_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${Microhttpd_INCLUDE_DIR})
endif()
