# The test of the actor kit, step by step; each step's output shows when it fails.
function(step)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()
function(output_has text)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(NOT said MATCHES "${text}")
    message(FATAL_ERROR "expected '${text}' in:\n${said}")
  endif()
endfunction()

set(prefix ${WORK_DIR}/prefix)
set(millrace ${CMAKE_COMMAND} -E env --unset=MILLRACE_PLUGINS HOME=${WORK_DIR} ${prefix}/bin/millrace)
file(REMOVE_RECURSE ${WORK_DIR})
file(MAKE_DIRECTORY ${WORK_DIR})
set(flags "")
if(SANITIZE)
  set(flags -fsanitize=${SANITIZE})
endif()
step(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix})

foreach(kind processor producer router sink)
  set(project ${WORK_DIR}/own_${kind})
  step(${millrace} actor new own_${kind} --kind ${kind} --folder ${project})
  step(${CMAKE_COMMAND} -S ${project} -B ${project}/build -G ${GENERATOR} -D CMAKE_PREFIX_PATH=${prefix}
    -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} -D CMAKE_CXX_FLAGS=${flags})
  step(${CMAKE_COMMAND} --build ${project}/build)
  step(${CMAKE_CTEST_COMMAND} --test-dir ${project}/build --output-on-failure)
  output_has("user.own_${kind} .*plugin own_${kind}, build [0-9a-f]+" ${millrace} --plugins ${project}/build actor list)
  step(${millrace} --plugins ${project}/build validate ${project}/own_${kind}.mill)
  step(${millrace} run ${project}/own_${kind}.mill --plugins ${project}/build)
endforeach()

# The places looked into without being told.
set(built ${WORK_DIR}/own_processor/build)
output_has("user.own_processor" ${CMAKE_COMMAND} -E env MILLRACE_PLUGINS=${built} ${prefix}/bin/millrace actor list)
file(COPY ${built}/libown_processor.so DESTINATION ${WORK_DIR}/.local/lib/millrace/plugins)
output_has("user.own_processor.*plugin own_processor, build id [0-9a-f]+" ${millrace} actor show user.own_processor)

# The same actor twice: the second one is refused, the first still works.
output_has("already.*give it another id" ${millrace} --plugins ${built} actor list)
output_has("user.own_processor .*plugin" ${millrace} --plugins ${built} actor list)

# What is there is not written over; names that are none.
output_has("is there already" ${millrace} actor new own_processor --folder ${WORK_DIR}/own_processor)
output_has("is no name for an actor" ${millrace} actor new Own-Processor)
output_has("is no id for an actor type" ${millrace} actor new own --id millrace.own)
