# Run by the tests that millrace_check_actor_purity adds. NM: the program; OBJECTS, ALLOW: lists with | between.
cmake_minimum_required(VERSION 3.25)
set(forbidden
  # clocks
  "time|clock|clock_gettime|gettimeofday|timespec_get|ftime|localtime|localtime_r"
  "std::chrono::_V2::[a-z_]*clock::now\\(\\)|std::filesystem::__file_clock::now\\(\\)"
  # random numbers
  "rand|rand_r|random|srand|srandom|drand48|lrand48|mrand48|getrandom|getentropy|arc4random[a-z_]*"
  "std::random_device::_M_[a-z]*\\(.*\\)"
  # sleeping and threads
  "sleep|usleep|nanosleep|clock_nanosleep|pthread_create|std::thread::_M_start_thread\\(.*\\)"
  # the network and other processes
  "socket|connect|getaddrinfo|gethostbyname|fork|vfork|posix_spawnp?|popen|system")
list(JOIN forbidden "|" forbidden)

string(REPLACE "|" ";" objects "${OBJECTS}")
string(REPLACE "|" ";" allowed "${ALLOW}")
if(NOT objects)
  message(FATAL_ERROR "there is no object file to look at")
endif()
set(found "")
foreach(object IN LISTS objects)
  execute_process(COMMAND ${NM} -C --undefined-only ${object} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]+" lines "${symbols}")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^ *[Uw] " "" symbol "${line}")
    string(REGEX REPLACE "@.*$" "" symbol "${symbol}")
    if(symbol MATCHES "^(${forbidden})$" AND NOT symbol IN_LIST allowed)
      get_filename_component(file ${object} NAME)
      list(APPEND found "  ${file}: ${symbol}")
    endif()
  endforeach()
endforeach()
if(found)
  list(JOIN found "\n" found)
  message(FATAL_ERROR "actors get time, randomness and outside calls from their context, but these refer to:\n${found}\n"
                      "Use the context, or name the symbol under ALLOW of millrace_check_actor_purity.")
endif()
