# millrace_check_actor_purity(<target> [ALLOW <symbol>...])
#
# Adds the test `purity.<target>`: the object files of the target (or what it is made of) must not refer to clocks,
# random numbers, sleeps, threads or sockets, because an actor gets time, randomness and outside calls from its context.
# ALLOW takes names as the test prints them, for code that is no actor or that has a reason. docs/testing.md lists what
# is looked for, and what a look at symbols cannot see.
set(MILLRACE_PURITY_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/MillracePurityCheck.cmake)

function(millrace_check_actor_purity target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "ALLOW")
  list(JOIN arg_ALLOW "|" allow)
  add_test(NAME purity.${target}
    COMMAND ${CMAKE_COMMAND} -D NM=${CMAKE_NM} "-DOBJECTS=$<JOIN:$<TARGET_OBJECTS:${target}>,|>" "-DALLOW=${allow}"
      -P ${MILLRACE_PURITY_SCRIPT})
endfunction()
