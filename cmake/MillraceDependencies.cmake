# What the libraries are built on, in one list that the tree and the installed package both read: each entry names the
# CMake package, the least version and the Debian package that brings it.
set(MILLRACE_DEPENDENCIES
  "absl||libabsl-dev"                # absl::flat_hash_map, ...
  "XXHash|0.8.1|libxxhash-dev"       # XXHash::xxhash
  "nlohmann_json|3.11|nlohmann-json3-dev"  # nlohmann_json::nlohmann_json
  "LMDB|0.9.24|liblmdb-dev"          # LMDB::lmdb
  "cppzmq|4.9|cppzmq-dev libzmq3-dev pkg-config"  # cppzmq
  "msgpack|4.1|libmsgpack-cxx-dev"   # msgpackc-cxx
  "CAF|0.17.6|libcaf-dev"            # CAF::core
  "RE2||libre2-dev"                  # RE2::re2
  "Systemd|252|libsystemd-dev pkg-config"  # Systemd::systemd
  "ZLIB|1.2|zlib1g-dev"              # ZLIB::ZLIB
  "zstd|1.5|libzstd-dev"             # zstd::libzstd_shared
  "LuaJIT|2.1|libluajit-5.1-dev"     # LuaJIT::luajit
  "OpenSSL|3.0|libssl-dev"           # OpenSSL::Crypto
  "SQLite3|3.37|libsqlite3-dev"     # SQLite::SQLite3
  "Microhttpd|0.9.75|libmicrohttpd-dev"  # Microhttpd::microhttpd
  "prometheus-cpp||prometheus-cpp-dev"  # prometheus-cpp::core
  "CURL|7.88|libcurl4-openssl-dev"    # CURL::libcurl
  "CLI11|2.1|libcli11-dev"           # CLI11::CLI11
  "yaml-cpp|0.7|libyaml-cpp-dev"      # yaml-cpp
  "spdlog|1.10|libspdlog-dev"         # spdlog::spdlog
  "tomlplusplus|3.3|libtomlplusplus-dev"  # tomlplusplus::tomlplusplus
)

# Looks for every entry; `missing` receives a sentence for each that is absent. A macro: find_package must run in the
# caller's scope, so that imported targets are visible in every folder that links a layer.
macro(millrace_find_dependencies missing)
  set(${missing} "")
  foreach(entry IN LISTS MILLRACE_DEPENDENCIES)
    string(REGEX MATCH "^([^|]*)\\|([^|]*)\\|(.*)$" entry "${entry}")
    set(millrace_debian_packages "${CMAKE_MATCH_3}")
    set(millrace_package "${CMAKE_MATCH_1}")
    find_package(${CMAKE_MATCH_1} ${CMAKE_MATCH_2} QUIET)
    if(NOT ${millrace_package}_FOUND)
      string(APPEND ${missing} "\n  ${millrace_package} not found (or too old): apt-get install ${millrace_debian_packages}")
    endif()
  endforeach()
endmacro()
