find_package(Qt6 6.4 REQUIRED COMPONENTS Test)
set(CMAKE_AUTOMOC OFF)

# Programs are two to fifteen times slower under a sanitizer, and more so where many threads share few cores. Tests may
# wait so many times longer there; what they assert stays the same. tests/support/sanitizer.hpp tells programs.
set(MILLRACE_TEST_PATIENCE 1)
if(MILLRACE_SANITIZE)
  set(MILLRACE_TEST_PATIENCE 5)
endif()

# millrace_test_timeout(<test> <seconds>): the limit of a test that was added with add_test.
function(millrace_test_timeout name seconds)
  math(EXPR seconds "${seconds} * ${MILLRACE_TEST_PATIENCE}")
  set_tests_properties(${name} PROPERTIES TIMEOUT ${seconds})
endfunction()

# millrace_test(<name> SOURCES <file>... LINK <library>... [TIMEOUT <s>] [ARGS <argument>...])
#
# One Qt Test program, registered with CTest. Each source that declares a test class ends with `#include "<file>.moc"`.
function(millrace_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;LINK;ARGS")
  add_executable(test_${name} ${arg_SOURCES})
  # moc 6.4 misjudges the guards of <concepts> and then stumbles over this macro of libstdc++ because it does not know it.
  set_target_properties(test_${name} PROPERTIES AUTOMOC ON AUTOMOC_MOC_OPTIONS "-D_GLIBCXX_VISIBILITY="
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  # Outputs have a member `emit`, which Qt makes a keyword otherwise.
  target_compile_definitions(test_${name} PRIVATE QT_NO_EMIT)
  target_link_libraries(test_${name} PRIVATE ${arg_LINK} Qt6::Test test_support millrace_build)
  add_test(NAME ${name} COMMAND test_${name} ${arg_ARGS})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  millrace_test_timeout(${name} ${arg_TIMEOUT})
  # Qt Test ends a function after five minutes.
  math(EXPR function_ms "300000 * ${MILLRACE_TEST_PATIENCE}")
  set_tests_properties(${name} PROPERTIES ENVIRONMENT
    "QT_QPA_PLATFORM=offscreen;LC_ALL=C.UTF-8;QT_LOGGING_RULES=;QTEST_FUNCTION_TIMEOUT=${function_ms}")
endfunction()
