#include "candidate.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>

#include "peer.hpp"

namespace mqtt_tests {

namespace {

namespace fs = std::filesystem;

std::string topic_of(const fs::path& folder) {
  return "trial/" + folder.filename().string();
}

fs::path received_in(const fs::path& folder) {
  return folder / "received";
}

/// The reader's life: what comes goes to a file, a line each, before it is acknowledged or soon after.
[[noreturn]] void keep_reading(const broker& at, const fs::path& folder) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  int code = 0;
  try {
    peer reader{at, "reader-" + folder.filename().string()};
    reader.subscribe(topic_of(folder) + "/#");
    std::ofstream out{received_in(folder)};
    for (;;) {
      for (const auto& m : reader.take()) out << m.payload << '\n';
      out.flush();
      reader.turn(20);
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "  the reader: %s\n", e.what());
    code = 1;
  }
  ::_exit(code);
}

/// Of this process: both the trial and the run it starts count theirs.
std::string marker_of(int n) {
  return "{\"marker\":\"" + std::to_string(::getpid()) + "." + std::to_string(n) + "\"}";
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::vector<std::string> out;
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

}  // namespace

void candidate::begin(const fs::path& folder) {
  folder_ = folder;
  // What the server has taken is in the reader's socket then, and does not die with the server.
  if (!broker_) broker_ = std::make_unique<broker>("max_inflight_messages 0\n");
  reader_ = ::fork();
  if (reader_ == 0) keep_reading(*broker_, folder);
  wait_until("the reader does not begin", [&] { return fs::exists(received_in(folder)); });
  // So that a server that dies knows its reader when it comes back.
  broker_->save();
}

void candidate::end(const fs::path&) {
  ::kill(reader_, SIGKILL);
  int status = 0;
  ::waitpid(reader_, &status, 0);
}

void candidate::add_to(millrace::topology& t, const fs::path& folder) const {
  t.add("target", "mqtt.sink",
        {{"server", broker_->address()},
         {"topic", topic_of(folder) + "/{account}"},
         {"time_format", std::string{"ns"}},
         {"client_id", folder.filename().string()}},
        2);
}

std::vector<std::string> candidate::all_received(const fs::path& folder) const {
  const auto marker = marker_of(++markers_);
  peer{*broker_, "marker"}.publish(topic_of(folder) + "/marker", marker);
  std::vector<std::string> lines;
  wait_until("the marker does not come", [&] {
    lines = lines_of(received_in(folder));
    return std::find(lines.begin(), lines.end(), marker) != lines.end();
  });
  return lines;
}

std::vector<sinks::row> candidate::read(const fs::path& folder) const {
  std::vector<sinks::row> out;
  for (const auto& line : all_received(folder)) {
    const auto found = nlohmann::json::parse(line);
    if (found.contains("marker")) continue;
    sinks::row r;
    r.id = found.at("id").get<std::string>();
    r.account = found.at("account").get<std::string>();
    r.number = found.at("number").get<std::int64_t>();
    if (!found.at("amount").is_null()) r.amount = found.at("amount").get<double>();
    if (!found.at("note").is_null()) r.note = found.at("note").get<std::string>();
    r.at_ns = found.at("at").get<std::int64_t>();
    out.push_back(std::move(r));
  }
  return out;
}

void candidate::disturb() {
  // Twice in a life of a second, once while it starts up again and once when it is at work.
  constexpr int first = 60;
  constexpr int second = 300;
  ++steps_;
  if (!has_dying_server_ || (steps_ != first && steps_ != second)) return;
  // The server answers for what it has in memory only: one that dies again before its reader is back would lose it.
  (void)all_received(folder_);
  broker_->kill();
}

}  // namespace mqtt_tests
