#include "command/answer_pages.hpp"

#include <string>
#include <utility>

#include "command/report.hpp"

namespace millrace::command {

namespace {

/// Of a few hundred entries each.
constexpr std::uint64_t pages_max = 100'000;

}  // namespace

result<void> answer_pages::turn(nlohmann::json to) {
  if (turned_ > 0 && to == at_) {
    return fatal_error(errc::corrupt, unreadable_answer("its pages do not go on"));
  }
  if (++turned_ > pages_max) {
    return fatal_error(errc::limit_exceeded,
                       "the node's answer has no end: " + std::to_string(pages_max) + " pages were read");
  }
  at_ = std::move(to);
  return {};
}

}  // namespace millrace::command
