# Finds libsystemd, which reads the system's journal. It ships no CMake package; its version stands with pkg-config alone.
#
# Target: Systemd::systemd. Variables: Systemd_FOUND, Systemd_VERSION.
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(PC_SYSTEMD QUIET libsystemd)
  set(Systemd_VERSION ${PC_SYSTEMD_VERSION})
endif()
find_path(Systemd_INCLUDE_DIR systemd/sd-journal.h HINTS ${PC_SYSTEMD_INCLUDE_DIRS})
find_library(Systemd_LIBRARY systemd HINTS ${PC_SYSTEMD_LIBRARY_DIRS})
mark_as_advanced(Systemd_INCLUDE_DIR Systemd_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Systemd REQUIRED_VARS Systemd_LIBRARY Systemd_INCLUDE_DIR VERSION_VAR Systemd_VERSION)

if(Systemd_FOUND AND NOT TARGET Systemd::systemd)
  add_library(Systemd::systemd UNKNOWN IMPORTED)
  set_target_properties(Systemd::systemd PROPERTIES
    IMPORTED_LOCATION ${Systemd_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${Systemd_INCLUDE_DIR})
endif()
