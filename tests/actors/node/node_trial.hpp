#pragma once

// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/library.hpp"

#include "hosted_node.hpp"
#include "steered_actors.hpp"

#include <QObject>
#include <QTemporaryDir>
#include <QTest>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace millrace::test {

inline constexpr int patience_ms = 30'000;

/// What tests of a hosted topology have in common: a node, made anew for each, and the words for what is wanted of it.
/// The topology is called "trial" where nothing else is said; its ticks end in the sink "save". Tests call `begin` and
/// `end` in their `init` and `cleanup`.
class node_trial : public QObject {
protected:
  using json = nlohmann::json;

  node_trial() {
    link_library();
    qputenv("XDG_RUNTIME_DIR", runtime_.path().toUtf8());
  }

  void begin(hosted_node::log to = [](log_level, const std::string&) {}) {
    folder_ = std::make_unique<QTemporaryDir>();
    steered::allowed() = 0;
    node_ = std::make_unique<hosted_node>(path("node"), std::move(to));
  }
  void end() {
    node_.reset();
    folder_.reset();
  }

  [[nodiscard]] std::string path(const char* name) const { return folder_->filePath(name).toStdString(); }
  [[nodiscard]] json deployment(const topology& t) const { return {{"text", to_text(t)}, {"base_folder", path("")}}; }
  /// Must be done.
  void ask(const char* verb, json args = json::object()) const {
    if (!args.contains("topology") && !args.contains("text")) args["topology"] = "trial";
    const auto done = node_->ask(verb, args);
    QVERIFY2(done, done ? "" : done.error().message.c_str());
  }
  void deploy(const topology& t, const json& more = json::object()) const {
    auto args = deployment(t);
    args.update(more);
    ask("deploy", std::move(args));
  }
  /// Waits until so many ticks are handled.
  void run_to(std::int64_t ticks) const {
    steered::allowed() = ticks;
    QTRY_COMPARE_WITH_TIMEOUT(node_->sum("trial", "save", "events_in"), static_cast<std::uint64_t>(ticks), patience_ms);
  }
  void stop(const char* name = "trial") const {
    ask("stop", {{"topology", name}});
    QTRY_COMPARE_WITH_TIMEOUT(node_->state(name), std::string{"stopped"}, patience_ms);
  }
  /// The id of a savepoint that is complete; empty: there is none.
  [[nodiscard]] std::string take(const char* name = "trial", const char* label = "") const {
    const auto asked = node_->ask("savepoint", {{"topology", name}, {"label", label}});
    if (!asked) return {};
    const auto id = (*asked)["savepoint"].get<std::string>();
    return QTest::qWaitFor([&] { return !find(name, id).is_null(); }, patience_ms) ? id : std::string{};
  }
  /// What is known of a savepoint that is complete; null: nothing.
  [[nodiscard]] json find(const std::string& name, const std::string& id) const {
    const auto all = node_->ask("savepoint_list", {{"topology", name}});
    if (!all) return {};
    for (const auto& s : (*all)["savepoints"]) {
      if (s["id"] == id) return s;
    }
    return {};
  }

  QTemporaryDir runtime_;
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<hosted_node> node_;
};

}  // namespace millrace::test
