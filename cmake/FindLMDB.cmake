# Finds LMDB, the embedded store. Debian's liblmdb-dev ships no CMake package.
#
# Target: LMDB::lmdb. Variables: LMDB_FOUND, LMDB_VERSION.
find_path(LMDB_INCLUDE_DIR lmdb.h)
find_library(LMDB_LIBRARY lmdb)
mark_as_advanced(LMDB_INCLUDE_DIR LMDB_LIBRARY)

if(LMDB_INCLUDE_DIR)
  foreach(part IN ITEMS MAJOR MINOR PATCH)
    file(STRINGS ${LMDB_INCLUDE_DIR}/lmdb.h version_line REGEX "^#define MDB_VERSION_${part}[ \t]+[0-9]+$" LIMIT_COUNT 1)
    string(REGEX MATCH "[0-9]+$" lmdb_${part} "${version_line}")
  endforeach()
  set(LMDB_VERSION ${lmdb_MAJOR}.${lmdb_MINOR}.${lmdb_PATCH})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LMDB REQUIRED_VARS LMDB_LIBRARY LMDB_INCLUDE_DIR VERSION_VAR LMDB_VERSION)

if(LMDB_FOUND AND NOT TARGET LMDB::lmdb)
  add_library(LMDB::lmdb UNKNOWN IMPORTED)
  set_target_properties(LMDB::lmdb PROPERTIES
    IMPORTED_LOCATION ${LMDB_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${LMDB_INCLUDE_DIR})
endif()
