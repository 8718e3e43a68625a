# Read by find_package(Millrace). The libraries are static, so what they are built on is needed by their users as well.
list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
find_package(Threads QUIET)
include(${CMAKE_CURRENT_LIST_DIR}/MillraceDependencies.cmake)
millrace_find_dependencies(millrace_missing)
list(POP_FRONT CMAKE_MODULE_PATH)

if(millrace_missing)
  set(Millrace_FOUND FALSE)
  set(Millrace_NOT_FOUND_MESSAGE "Millrace is here, but libraries it needs are not:${millrace_missing}")
  return()
endif()
include(${CMAKE_CURRENT_LIST_DIR}/MillraceTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/MillracePurity.cmake)
