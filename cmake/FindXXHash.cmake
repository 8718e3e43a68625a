# Finds xxHash, whose XXH3 decides the key group of a key. Debian's libxxhash-dev ships no CMake package.
#
# Target: XXHash::xxhash. Variables: XXHash_FOUND, XXHash_VERSION.
find_path(XXHash_INCLUDE_DIR xxhash.h)
find_library(XXHash_LIBRARY xxhash)
mark_as_advanced(XXHash_INCLUDE_DIR XXHash_LIBRARY)

if(XXHash_INCLUDE_DIR)
  foreach(part IN ITEMS MAJOR MINOR RELEASE)
    file(STRINGS ${XXHash_INCLUDE_DIR}/xxhash.h version_line REGEX "^#define XXH_VERSION_${part} +[0-9]+$" LIMIT_COUNT 1)
    string(REGEX MATCH "[0-9]+$" xxhash_${part} "${version_line}")
  endforeach()
  set(XXHash_VERSION ${xxhash_MAJOR}.${xxhash_MINOR}.${xxhash_RELEASE})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(XXHash REQUIRED_VARS XXHash_LIBRARY XXHash_INCLUDE_DIR VERSION_VAR XXHash_VERSION)

if(XXHash_FOUND AND NOT TARGET XXHash::xxhash)
  add_library(XXHash::xxhash UNKNOWN IMPORTED)
  set_target_properties(XXHash::xxhash PROPERTIES
    IMPORTED_LOCATION ${XXHash_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${XXHash_INCLUDE_DIR})
endif()
