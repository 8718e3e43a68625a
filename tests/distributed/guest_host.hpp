#pragma once

#include <QtGlobal>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "millrace/runtime/guest_run.hpp"
#include "node/looking/guest_looks.hpp"
#include "runtime/remote/exchange.hpp"

namespace millrace::distributed {

/// A node that hosts what others ask for, as a node's process does.
class guest_host {
public:
  guest_host(std::shared_ptr<runtime::exchange> nodes, std::filesystem::path folder)
      : nodes_{std::move(nodes)}, folder_{std::move(folder)} {
    nodes_->listen_to_strangers({[this](const std::string& from, std::shared_ptr<const byte_buffer> message) {
                                   const std::lock_guard lock{mutex_};
                                   asked_.emplace_back(from, std::move(message));
                                 },
                                 {}});
  }
  ~guest_host() {
    nodes_->listen_to_strangers({});
    guest_.reset();
  }

  void work() {
    if (guest_ && guest_->is_over()) guest_.reset();
    decltype(asked_) asked;
    {
      const std::lock_guard lock{mutex_};
      asked.swap(asked_);
    }
    for (const auto& [from, message] : asked) {
      if (!runtime::guest_run::read(message->view())) continue;
      guest_.reset();
      auto made = runtime::guest_run::start(
          {.nodes = nodes_,
           .lead = from,
           .data_dir = folder_.string(),
           .threads = 1,
           .log = [](log_level, const std::string& text) { qInfo("guest: %s", text.c_str()); },
           .looks =
               [](inspect::watch_board& board, const engine::plan& plan, std::function<bool(task_id)> is_here) {
                 return [desk = std::make_shared<node::guest_looks>(board, plan, std::move(is_here))](
                            const std::string& question) { return desk->answer(question); };
               }},
          message->view());
      if (made) guest_ = *std::move(made);
    }
  }

  [[nodiscard]] bool is_hosting() const { return guest_ != nullptr; }

  guest_host(const guest_host&) = delete;
  guest_host& operator=(const guest_host&) = delete;

private:
  std::shared_ptr<runtime::exchange> nodes_;
  std::filesystem::path folder_;
  std::mutex mutex_;
  std::vector<std::pair<std::string, std::shared_ptr<const byte_buffer>>> asked_;
  std::unique_ptr<runtime::guest_run> guest_;
};

}  // namespace millrace::distributed
