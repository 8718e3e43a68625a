#pragma once

#include <exception>
#include <nlohmann/json.hpp>
#include <string>

#include "millrace/error.hpp"

namespace millrace::transport {

/// Runs what the service's owner wrote; nothing it throws may end the control thread.
template <class Call>
[[nodiscard]] result<nlohmann::json> guarded(const std::string& what, Call call) {
  try {
    return call();
  } catch (const std::exception& e) {
    return fatal_error(errc::failed, what + " failed: " + e.what());
  } catch (...) {
    return fatal_error(errc::failed, what + " failed with an exception of unknown type");
  }
}

}  // namespace millrace::transport
