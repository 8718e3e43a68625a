# Debian packages: `millrace` (node and command line), one for each plugin that was built, `millrace-workbench` where Qt is,
# and `millrace-dev` (headers, libraries, CMake package, test harness). `installer/package` makes them; `cpack` in a build
# folder packs what is built there.
install(FILES ${PROJECT_SOURCE_DIR}/installer/debian/millrace.service
  DESTINATION lib/systemd/system COMPONENT runtime)
install(FILES ${PROJECT_SOURCE_DIR}/docs/nodes.md ${PROJECT_SOURCE_DIR}/docs/command-line.md
  ${PROJECT_SOURCE_DIR}/docs/monitoring.md ${PROJECT_SOURCE_DIR}/docs/grafana-dashboard.json
  DESTINATION share/doc/millrace COMPONENT runtime)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/doc/millrace RENAME copyright COMPONENT runtime)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME millrace)
set(CPACK_PACKAGE_VENDOR Millrace)
set(CPACK_PACKAGE_CONTACT "Millrace <millrace@localhost>")
# The first line of each package's description; what it brings of it is said below.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "framework for reactive data applications")
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "Node and command line.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL runtime)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME millrace)
# useradd, and what gives up a user's rights.
set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS "passwd, util-linux")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA
  "${PROJECT_SOURCE_DIR}/installer/debian/postinst"
  "${PROJECT_SOURCE_DIR}/installer/debian/prerm"
  "${PROJECT_SOURCE_DIR}/installer/debian/postrm")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(plugin IN ITEMS kafka mqtt postgresql redis)
  if(TARGET ${plugin})
    list(APPEND CPACK_COMPONENTS_ALL plugin-${plugin})
    string(TOUPPER "plugin-${plugin}" component)
    set(CPACK_DEBIAN_${component}_PACKAGE_NAME millrace-plugin-${plugin})
    set(CPACK_DEBIAN_${component}_PACKAGE_DEPENDS "millrace (= ${PROJECT_VERSION})")
    set(CPACK_COMPONENT_${component}_DESCRIPTION "Actors of Millrace for ${plugin}")
  endif()
endforeach()
# What others build on: the libraries are static, so their users need what these are built on.
list(APPEND CPACK_COMPONENTS_ALL development)
install(FILES ${PROJECT_SOURCE_DIR}/docs/actors.md ${PROJECT_SOURCE_DIR}/docs/plugins.md ${PROJECT_SOURCE_DIR}/docs/testing.md
  DESTINATION share/doc/millrace-dev COMPONENT development)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/doc/millrace-dev RENAME copyright COMPONENT development)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME millrace-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION
  "Headers, libraries, CMake package and test harness, for actors, plugins and programs of one's own in C++20.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "cmake, pkg-config, libcaf-dev, libzmq3-dev, cppzmq-dev, libmsgpack-cxx-dev, liblmdb-dev, libabsl-dev, libxxhash-dev, \
nlohmann-json3-dev, libcli11-dev, libspdlog-dev, libtomlplusplus-dev, libluajit-5.1-dev, libssl-dev, libre2-dev, zlib1g-dev, \
libzstd-dev, libsystemd-dev, libsqlite3-dev, libmicrohttpd-dev, prometheus-cpp-dev, libcurl4-openssl-dev, libyaml-cpp-dev")

if(TARGET millrace-workbench)
  list(APPEND CPACK_COMPONENTS_ALL workbench)
  install(FILES ${PROJECT_SOURCE_DIR}/installer/debian/millrace-workbench.desktop
    DESTINATION share/applications COMPONENT workbench)
  install(FILES ${PROJECT_SOURCE_DIR}/workbench/resources/icons/millrace-workbench.svg
    DESTINATION share/icons/hicolor/scalable/apps COMPONENT workbench)
  install(FILES ${PROJECT_SOURCE_DIR}/installer/debian/millrace-topology.xml
    DESTINATION share/mime/packages RENAME millrace-workbench.xml COMPONENT workbench)
  install(FILES ${PROJECT_SOURCE_DIR}/docs/workbench.md DESTINATION share/doc/millrace-workbench COMPONENT workbench)
  install(FILES ${PROJECT_SOURCE_DIR}/installer/debian/copyright-workbench
    DESTINATION share/doc/millrace-workbench RENAME copyright COMPONENT workbench)
  # Debian wants pages of the manual and lists of changes packed, without the time in them; what users notice is in NEWS.
  configure_file(${PROJECT_SOURCE_DIR}/installer/debian/changelog.in ${CMAKE_BINARY_DIR}/debian-changelog @ONLY)
  set(packed ${CMAKE_BINARY_DIR}/millrace-workbench.1.gz ${CMAKE_BINARY_DIR}/changelog.gz ${CMAKE_BINARY_DIR}/NEWS.gz)
  add_custom_command(OUTPUT ${packed}
    COMMAND gzip -9 -n -c ${PROJECT_SOURCE_DIR}/installer/debian/millrace-workbench.1 > ${CMAKE_BINARY_DIR}/millrace-workbench.1.gz
    COMMAND gzip -9 -n -c ${CMAKE_BINARY_DIR}/debian-changelog > ${CMAKE_BINARY_DIR}/changelog.gz
    COMMAND gzip -9 -n -c ${PROJECT_SOURCE_DIR}/CHANGELOG.md > ${CMAKE_BINARY_DIR}/NEWS.gz
    DEPENDS ${PROJECT_SOURCE_DIR}/installer/debian/millrace-workbench.1 ${PROJECT_SOURCE_DIR}/CHANGELOG.md
      ${CMAKE_BINARY_DIR}/debian-changelog)
  add_custom_target(workbench_documents ALL DEPENDS ${packed})
  add_dependencies(millrace-workbench workbench_documents)
  install(FILES ${CMAKE_BINARY_DIR}/millrace-workbench.1.gz DESTINATION share/man/man1 COMPONENT workbench)
  install(FILES ${CMAKE_BINARY_DIR}/changelog.gz ${CMAKE_BINARY_DIR}/NEWS.gz DESTINATION share/doc/millrace-workbench COMPONENT workbench)
  set(CPACK_DEBIAN_WORKBENCH_PACKAGE_NAME millrace-workbench)
  set(CPACK_DEBIAN_WORKBENCH_PACKAGE_SECTION devel)
  # The platform is a plugin of Qt's, so no library says that it is needed.
  set(CPACK_DEBIAN_WORKBENCH_PACKAGE_DEPENDS "millrace (= ${PROJECT_VERSION}), qt6-qpa-plugins")
  set(CPACK_DEBIAN_WORKBENCH_PACKAGE_RECOMMENDS "graphviz, qt6-wayland")
  set(CPACK_DEBIAN_WORKBENCH_DESCRIPTION
    "The desktop workbench: wire, run, break and watch topologies of event streams.")
endif()

# Packs what is there instead of building everything first, tests included.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
include(CPack)
