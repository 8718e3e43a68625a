# Layers of the house, lowest first. A target may link only targets of a lower rank; equals never see each other.
set(MILLRACE_RANK_framework 0)
set(MILLRACE_RANK_persistence 1)
set(MILLRACE_RANK_transport 1)
set(MILLRACE_RANK_plugins 1)
set(MILLRACE_RANK_actors 2)
set(MILLRACE_RANK_workbench 2)

# millrace_check_uses(<layer> <used layer>...): stops the configure step when one is of the same or a higher rank.
function(millrace_check_uses layer)
  foreach(used IN LISTS ARGN)
    if(NOT MILLRACE_RANK_${used} LESS MILLRACE_RANK_${layer})
      message(FATAL_ERROR "layer '${layer}' may not use '${used}': dependencies only go downwards "
                          "(framework < persistence, transport, plugins < actors, workbench)")
    endif()
  endforeach()
endfunction()

# millrace_layer(<layer> SOURCES <file>... [USES <layer>...] [PUBLIC <library>...] [PRIVATE <library>...])
#
# Makes the library millrace::<layer> from the calling folder: sources in src/, public headers in include/.
# The configure step stops when USES names a layer of the same or a higher rank.
function(millrace_layer layer)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USES;PUBLIC;PRIVATE")
  millrace_check_uses(${layer} ${arg_USES})
  add_library(millrace_${layer} STATIC ${arg_SOURCES})
  add_library(millrace::${layer} ALIAS millrace_${layer})
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/include/*.hpp)
  list(FILTER headers EXCLUDE REGEX "/include/millrace/testing/")  # belong to millrace::testing
  target_sources(millrace_${layer} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR}/include FILES ${headers})
  target_compile_features(millrace_${layer} PUBLIC cxx_std_20)
  set_target_properties(millrace_${layer} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON EXPORT_NAME ${layer})
  target_include_directories(millrace_${layer} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
  list(TRANSFORM arg_USES PREPEND millrace::)
  target_link_libraries(millrace_${layer} PUBLIC ${arg_USES} ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:millrace_build>)
  install(TARGETS millrace_${layer} EXPORT MillraceTargets COMPONENT development FILE_SET HEADERS COMPONENT development)
endfunction()
