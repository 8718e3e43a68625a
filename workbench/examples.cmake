# The gallery: samples that run without a server outside, with their data, as a resource of the workbench. Data that is
# made by a script is made here, the same each time.
set(gallery ${CMAKE_CURRENT_BINARY_DIR}/examples)
set(millrace_example_lines "")

# millrace_example(<folder in the gallery> FROM <folder> [FILES <pattern>...])
function(millrace_example name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FROM" "FILES")
  foreach(pattern IN LISTS arg_FILES)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS RELATIVE ${arg_FROM} ${arg_FROM}/${pattern})
    foreach(file IN LISTS found)
      string(APPEND millrace_example_lines "    <file alias=\"examples/${name}/${file}\">${arg_FROM}/${file}</file>\n")
    endforeach()
  endforeach()
  set(millrace_example_lines "${millrace_example_lines}" PARENT_SCOPE)
endfunction()

# millrace_example_data(<output file> <program> <argument>...): standard output into the file, unless it is there.
function(millrace_example_data file)
  if(NOT EXISTS ${file})
    get_filename_component(folder ${file} DIRECTORY)
    file(MAKE_DIRECTORY ${folder})
    execute_process(COMMAND ${ARGN} OUTPUT_FILE ${file} COMMAND_ERROR_IS_FATAL ANY)
  endif()
endfunction()

set(samples ${PROJECT_SOURCE_DIR}/samples)
millrace_example(orders FROM ${CMAKE_CURRENT_SOURCE_DIR}/resources/examples FILES orders.mill)
millrace_example(quickstart FROM ${samples}/quickstart FILES *.mill)
millrace_example(host_anomalies FROM ${samples}/host_anomalies FILES *.mill)
millrace_example(machine_log FROM ${samples}/machine_log FILES *.mill)
millrace_example(scripts FROM ${samples}/scripts FILES *.mill *.lua)
# Not those in net/, which talk to a server.
file(GLOB actor_examples CONFIGURE_DEPENDS RELATIVE ${samples}/actors ${samples}/actors/*.mill)
millrace_example(actors FROM ${samples}/actors FILES ${actor_examples})
millrace_example(actors/data FROM ${samples}/actors/data FILES *)

millrace_example_data(${gallery}/weblog/access.log sh ${samples}/weblog/make_log 20000)
millrace_example(weblog FROM ${samples}/weblog FILES weblog.mill)
millrace_example(weblog FROM ${gallery}/weblog FILES access.log)

# Its data is made by Python, which building needs for nothing else: without it the gallery has one example less.
find_package(Python3 QUIET COMPONENTS Interpreter)
if(Python3_FOUND)
  millrace_example_data(${gallery}/clickstream/made ${Python3_EXECUTABLE} ${samples}/clickstream/make_clicks 5000
                        ${gallery}/clickstream)
  millrace_example(clickstream FROM ${samples}/clickstream FILES clickstream.mill)
  millrace_example(clickstream FROM ${gallery}/clickstream FILES clicks.jsonl pages.csv)
endif()

file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/examples.qrc @ONLY CONTENT
  "<RCC>\n  <qresource prefix=\"/workbench\">\n@millrace_example_lines@  </qresource>\n</RCC>\n")
