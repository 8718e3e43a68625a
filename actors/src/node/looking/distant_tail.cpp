#include "node/looking/distant_tail.hpp"

#include <chrono>
#include <utility>

namespace millrace::node {

namespace {

using nlohmann::json;

// Links mend what they lose; who says nothing for so long has lost the question, or its process.
constexpr std::chrono::nanoseconds answer_within = std::chrono::seconds{3};

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

}  // namespace

distant_tail::distant_tail(runtime::topology_run& run, std::string node, const tail::choice& c)
    : run_{run}, node_{std::move(node)} {
  auto channels = json::array();
  for (const auto id : c.channels) channels.push_back(id.value);
  wanted_ = {{"channels", std::move(channels)}, {"filter", c.filter}, {"rate", c.rate}};
  ask();
}

/// What another node says may be anything.
void distant_tail::mailbox::put(const std::string& answer) {
  auto said = json::parse(answer, nullptr, false);
  const std::lock_guard lock{mutex};
  is_asked = false;
  problem.clear();
  if (!said.is_object()) {
    problem = "its answer cannot be read";
  } else if (said.contains("error") && said["error"].is_string()) {
    problem = said["error"].get<std::string>();
    tail = 0;  // it may have begun the run anew
  } else if (said.contains("tail") && said["tail"].is_number_unsigned()) {
    tail = said["tail"].get<std::uint64_t>();
  } else if (said.contains("samples") && said["samples"].is_array()) {
    read.push_back(std::move(said));
  } else {
    problem = "its answer cannot be read";
  }
}

void distant_tail::ask() {
  json question;
  {
    const std::lock_guard lock{box_->mutex};
    const auto now = now_ns();
    if (box_->is_asked && now - box_->asked_ns < answer_within.count()) return;
    if (box_->is_asked) box_->problem = "it does not answer";
    box_->is_asked = true;
    box_->asked_ns = now;
    question = box_->tail == 0 ? json{{"open", wanted_}} : json{{"read", box_->tail}};
  }
  const auto asked = run_.ask_node(node_, question.dump(), [box = box_](std::string&& a) { box->put(a); });
  if (asked) return;
  const std::lock_guard lock{box_->mutex};
  box_->is_asked = false;
  box_->problem = asked.error().message;
}

std::vector<json> distant_tail::take() {
  std::vector<json> out;
  {
    const std::lock_guard lock{box_->mutex};
    out.swap(box_->read);
  }
  ask();
  return out;
}

std::string distant_tail::problem() const {
  const std::lock_guard lock{box_->mutex};
  return box_->problem;
}

void distant_tail::close() {
  std::uint64_t tail = 0;
  {
    const std::lock_guard lock{box_->mutex};
    tail = box_->tail;
  }
  if (tail != 0) (void)run_.ask_node(node_, json{{"close", tail}}.dump(), [](std::string&&) {});
}

}  // namespace millrace::node
