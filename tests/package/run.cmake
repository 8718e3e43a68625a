# The package test, step by step; each step's output shows when it fails.
function(step)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(prefix ${WORK_DIR}/prefix)
set(build ${WORK_DIR}/outside)
set(sample ${WORK_DIR}/sample)
file(REMOVE_RECURSE ${prefix} ${build} ${sample})
set(flags "")
if(SANITIZE)
  set(flags -fsanitize=${SANITIZE})
endif()

step(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix})
step(${CMAKE_COMMAND} -S ${PROBE_DIR} -B ${build} -G ${GENERATOR} -D CMAKE_PREFIX_PATH=${prefix}
  -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} -D CMAKE_CXX_FLAGS=${flags}
  -D CMAKE_BUILD_TYPE=Release)
step(${CMAKE_COMMAND} --build ${build})
step(${CMAKE_COMMAND} -E chdir ${build} ./outside --no-table)

# An application with a test of its own, on the installed test harness.
step(${CMAKE_COMMAND} -S ${SAMPLE_DIR} -B ${sample} -G ${GENERATOR} -D CMAKE_PREFIX_PATH=${prefix}
  -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} -D CMAKE_CXX_FLAGS=${flags}
  -D CMAKE_BUILD_TYPE=Release -D MILLRACE_TEST_PATIENCE=${PATIENCE})
step(${CMAKE_COMMAND} --build ${sample})
step(${CMAKE_CTEST_COMMAND} --test-dir ${sample} --output-on-failure)
