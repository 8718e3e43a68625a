#pragma once

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "library/net/http_server.hpp"
#include "millrace/context.hpp"

namespace millrace::trial {

/// A web server that keeps what it is sent; refuses the first so many.
class receiver final : public library::http_service {
public:
  explicit receiver(int refusals) : refusals_{refusals} {
    const auto at = library::parse_listen_address("127.0.0.1:0", "listen");
    if (!server_.start(*at, {}, *this)) qFatal("cannot listen");
  }
  ~receiver() override { server_.stop(); }
  receiver(const receiver&) = delete;
  receiver& operator=(const receiver&) = delete;
  std::optional<library::http_answer> on_head(const library::http_head& head) override {
    const std::lock_guard lock{mutex_};
    path_ = head.path;
    return std::nullopt;
  }
  std::optional<library::http_answer> on_request(const library::http_head&, std::string body,
                                                 const library::http_reply&) override {
    const std::lock_guard lock{mutex_};
    library::http_answer out;
    ++asked_;
    if (asked_ <= refusals_) {
      out.status = 503;
    } else {
      bodies_.push_back(std::move(body));
    }
    return out;
  }
  [[nodiscard]] std::string origin() const { return "http://" + server_.address().text(); }
  [[nodiscard]] std::string url() const { return origin() + "/hook"; }
  [[nodiscard]] std::vector<std::string> bodies() {
    const std::lock_guard lock{mutex_};
    return bodies_;
  }
  [[nodiscard]] int asked() {
    const std::lock_guard lock{mutex_};
    return asked_;
  }
  [[nodiscard]] std::string path() {
    const std::lock_guard lock{mutex_};
    return path_;
  }

private:
  int refusals_;
  int asked_ = 0;
  std::mutex mutex_;
  std::string path_;
  std::vector<std::string> bodies_;
  library::http_server server_;
};

/// What was logged, from any thread.
class log_lines {
public:
  [[nodiscard]] std::function<void(log_level, const std::string&)> logger() {
    return [this](log_level, const std::string& text) {
      const std::lock_guard lock{mutex_};
      lines_.push_back(text);
    };
  }
  [[nodiscard]] std::ptrdiff_t count(const std::string& text) {
    const std::lock_guard lock{mutex_};
    return std::ranges::count_if(lines_, [&](const auto& l) { return l.find(text) != std::string::npos; });
  }
  [[nodiscard]] bool has(const std::string& text) {
    const std::lock_guard lock{mutex_};
    return std::ranges::any_of(lines_, [&](const auto& l) { return l.find(text) != std::string::npos; });
  }

private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace millrace::trial
