# Debian packages: `millrace` (node and command line) and one for each plugin that was built. `installer/package` makes
# them; `cpack` in a build folder packs what is built there.
install(FILES ${PROJECT_SOURCE_DIR}/installer/debian/millrace.service
  DESTINATION lib/systemd/system COMPONENT runtime)
install(FILES ${PROJECT_SOURCE_DIR}/docs/nodes.md ${PROJECT_SOURCE_DIR}/docs/command-line.md
  DESTINATION share/doc/millrace COMPONENT runtime)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/doc/millrace RENAME copyright COMPONENT runtime)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME millrace)
set(CPACK_PACKAGE_VENDOR Millrace)
set(CPACK_PACKAGE_CONTACT "Millrace <millrace@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Node and command line of a framework for reactive data applications")
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
# Packs what is there instead of building everything first, tests included.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
include(CPack)
