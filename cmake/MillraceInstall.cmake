# The package that `find_package(Millrace)` finds: targets millrace::<layer>, the find modules they need, and licence.
include(CMakePackageConfigHelpers)

set(millrace_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Millrace)
install(EXPORT MillraceTargets NAMESPACE millrace:: DESTINATION ${millrace_package_dir} COMPONENT development)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/MillraceConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    ${CMAKE_BINARY_DIR}/MillraceConfigVersion.cmake
    ${CMAKE_CURRENT_LIST_DIR}/MillraceConfig.cmake
    ${CMAKE_CURRENT_LIST_DIR}/MillraceDependencies.cmake
    ${CMAKE_CURRENT_LIST_DIR}/MillracePlugin.cmake
    ${CMAKE_CURRENT_LIST_DIR}/MillracePurity.cmake
    ${CMAKE_CURRENT_LIST_DIR}/MillracePurityCheck.cmake
    ${CMAKE_CURRENT_LIST_DIR}/FindCAF.cmake
    ${CMAKE_CURRENT_LIST_DIR}/FindLMDB.cmake
    ${CMAKE_CURRENT_LIST_DIR}/FindLuaJIT.cmake
    ${CMAKE_CURRENT_LIST_DIR}/FindRE2.cmake
    ${CMAKE_CURRENT_LIST_DIR}/FindSystemd.cmake
    ${CMAKE_CURRENT_LIST_DIR}/FindMicrohttpd.cmake
    ${CMAKE_CURRENT_LIST_DIR}/FindXXHash.cmake
  DESTINATION ${millrace_package_dir} COMPONENT development)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md TYPE DOC)
