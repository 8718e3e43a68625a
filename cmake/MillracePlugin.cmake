# millrace_add_plugin(<name> SOURCES <source>...)
#
# A shared object of actors that `millrace` loads: lib<name>.so, and an object library <name>_actors of the same sources
# for tests. One of the sources has MILLRACE_PLUGIN. The framework is found in the program that loads the plugin, so
# nothing is linked here: two copies of it in one process would not know each other's actors.
function(millrace_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES")
  add_library(${name}_actors OBJECT ${arg_SOURCES})
  set_target_properties(${name}_actors PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${name}_actors PUBLIC millrace::framework)
  add_library(${name} MODULE $<TARGET_OBJECTS:${name}_actors>)
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  # What nodes tell builds apart by, whatever the compiler was told to do by default.
  target_link_options(${name} PRIVATE -Wl,--build-id=sha1)
endfunction()
